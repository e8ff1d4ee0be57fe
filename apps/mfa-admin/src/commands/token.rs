//! Commands `token pending`, `token access` and `token revoke-all`.

use mfa_flows::{FlowError, TokenKind};
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::{TokenCommand, UserArgs};
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::session::AdminSession;

/// Runs a `token` command.
///
/// # Errors
///
/// [`FlowError::NotAllowed`] for a two-factor token outside development; [`CliError::Flow`].
pub(super) fn run(
    command: TokenCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let (user, kind) = match command {
        TokenCommand::Pending(user) => (user, TokenKind::Pending),
        TokenCommand::Access { user, mfa_ok: false } => (user, TokenKind::OneFactor),
        TokenCommand::Access { user, mfa_ok: true } => {
            if !settings.environment.is_development() {
                return Err(FlowError::NotAllowed.into());
            }
            (user, TokenKind::TwoFactors)
        }
        TokenCommand::RevokeAll(user) => return revoke_all(&AdminSession::open(settings, reason)?, user),
    };
    issue(&AdminSession::open(settings, reason)?, user, kind)
}

fn issue(session: &AdminSession, user: UserArgs, kind: TokenKind) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    let flows = session.flows();
    let issued = session.run(flows.mint_token(session.call(), user, kind))?.token;
    let (token, expires_in) = (issued.token.expose(), issued.expires_in);
    Ok(CommandOutput {
        text: format!("token: {token}\nexpires in: {expires_in} s"),
        json: json!({ "token": token, "expires_in": expires_in }),
    })
}

fn revoke_all(session: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    session.run(session.flows().revoke_all(session.call(), user))?;
    Ok(CommandOutput {
        text: format!("all tokens of user {user} revoked"),
        json: json!({ "user_id": user, "revoked": true }),
    })
}
