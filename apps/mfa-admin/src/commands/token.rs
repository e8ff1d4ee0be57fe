//! `token pending`, `token access`, `token revoke-all`

use mfa_core::UserId;
use mfa_flows::{FlowError, TokenKind};
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::TokenCommand;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::session::AdminSession;

/// Mints or ends tokens.
///
/// # Errors
///
/// [`FlowError::NotAllowed`] for a token of two factors outside of development; what the flows refuse.
pub(super) fn run(
    command: &TokenCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let (user, kind) = match command {
        TokenCommand::Pending(user) => (user.id(), TokenKind::Pending),
        TokenCommand::Access { user, mfa_ok: false } => (user.id(), TokenKind::OneFactor),
        TokenCommand::Access { user, mfa_ok: true } => {
            if !settings.environment.is_development() {
                return Err(FlowError::NotAllowed.into());
            }
            (user.id(), TokenKind::TwoFactors)
        }
        TokenCommand::RevokeAll(user) => {
            return revoke_all(&AdminSession::open(settings, reason)?, user.id());
        }
    };
    mint(&AdminSession::open(settings, reason)?, user, kind)
}

fn mint(administration: &AdminSession, user: UserId, kind: TokenKind) -> Result<CommandOutput, CliError> {
    let flows = administration.flows();
    let minted = administration.wait(flows.mint_token(administration.call(), user, kind))?.token;
    let (token, expires_in) = (minted.token.expose(), minted.expires_in);
    Ok(CommandOutput {
        text: format!("token: {token}\nexpires in: {expires_in} s"),
        json: json!({ "token": token, "expires_in": expires_in }),
    })
}

fn revoke_all(administration: &AdminSession, user: UserId) -> Result<CommandOutput, CliError> {
    administration.wait(administration.flows().revoke_all(administration.call(), user))?;
    Ok(CommandOutput {
        text: format!("every token of user {user} is refused from now on"),
        json: json!({ "user_id": user, "revoked": true }),
    })
}
