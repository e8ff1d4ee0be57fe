//! `token pending`, `token access`, `token revoke-all`

use mfa_core::UserId;
use mfa_flows::{FlowError, TokenKind};
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::administration::Administration;
use crate::answer::Answer;
use crate::cli::TokenCommand;
use crate::error::CliError;

/// Mints or ends tokens.
///
/// # Errors
///
/// [`FlowError::NotAllowed`] for a token of two factors outside of development; what the flows refuse.
pub(super) fn run(
    command: &TokenCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<Answer, CliError> {
    let (user, kind) = match command {
        TokenCommand::Pending(user) => (user.user(), TokenKind::Pending),
        TokenCommand::Access { user, mfa_ok: false } => (user.user(), TokenKind::OneFactor),
        TokenCommand::Access { user, mfa_ok: true } => {
            if !settings.environment.is_development() {
                return Err(FlowError::NotAllowed.into());
            }
            (user.user(), TokenKind::TwoFactors)
        }
        TokenCommand::RevokeAll(user) => {
            return revoke_all(&Administration::open(settings, reason)?, user.user());
        }
    };
    mint(&Administration::open(settings, reason)?, user, kind)
}

fn mint(administration: &Administration, user: UserId, kind: TokenKind) -> Result<Answer, CliError> {
    let flows = administration.flows();
    let minted = administration.wait(flows.mint_token(administration.call(), user, kind))?.token;
    let (token, expires_in) = (minted.token.expose(), minted.expires_in);
    Ok(Answer {
        text: format!("token: {token}\nexpires in: {expires_in} s"),
        json: json!({ "token": token, "expires_in": expires_in }),
    })
}

fn revoke_all(administration: &Administration, user: UserId) -> Result<Answer, CliError> {
    administration.wait(administration.flows().revoke_all(administration.call(), user))?;
    Ok(Answer {
        text: format!("every token of user {user} is refused from now on"),
        json: json!({ "user_id": user, "revoked": true }),
    })
}
