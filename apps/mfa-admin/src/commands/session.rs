//! Commands `session list` and `session revoke`.

use mfa_core::{TokenId, UserId};
use mfa_flows::Session;
use mfa_infra::settings::Settings;
use serde_json::{Value, json};

use crate::cli::{SessionCommand, UserArgs};
use crate::command_output::{CommandOutput, columns, counted, visible};
use crate::error::CliError;
use crate::session::AdminSession;

/// Runs a `session` command.
///
/// # Errors
///
/// [`CliError::Flow`].
pub(super) fn run(
    command: SessionCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let session = AdminSession::open(settings, reason)?;
    match command {
        SessionCommand::List(user) => list(&session, user),
        SessionCommand::Revoke { id, user } => {
            let user = session.find_user(&user.selector())?;
            match id {
                Some(id) => revoke_one(&session, user, id),
                None => revoke_all(&session, user),
            }
        }
    }
}

fn list(session: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    let sessions = session.run(session.flows().sessions_of(session.call(), user))?;
    let documents: Vec<_> = sessions.iter().map(document).collect();
    let text = if sessions.is_empty() {
        format!("user {user} has no session")
    } else {
        let head = ["id", "since", "method", "address", "user agent"].map(str::to_owned);
        columns(&[head].into_iter().chain(sessions.iter().map(row)).collect::<Vec<_>>())
    };
    Ok(CommandOutput { text, json: json!({ "user_id": user, "sessions": documents }) })
}

fn revoke_one(session: &AdminSession, user: UserId, id: TokenId) -> Result<CommandOutput, CliError> {
    session.run(session.flows().revoke_session_of(session.call(), user, id))?;
    let id = id.to_hex();
    Ok(CommandOutput {
        text: format!("session {id} of user {user} revoked"),
        json: json!({ "user_id": user, "id": id, "revoked": 1 }),
    })
}

fn revoke_all(session: &AdminSession, user: UserId) -> Result<CommandOutput, CliError> {
    let revoked = session.run(session.flows().revoke_all(session.call(), user))?;
    Ok(CommandOutput {
        text: format!("{} of user {user} revoked", counted(revoked, "session")),
        json: json!({ "user_id": user, "revoked": revoked }),
    })
}

fn row(it: &Session) -> [String; 5] {
    let shown = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), visible);
    [
        it.id.to_hex(),
        it.created_at.to_rfc3339().unwrap_or_else(|| "unknown".to_owned()),
        // A token without a method was issued by an administrator.
        shown(it.method.as_deref()),
        shown(it.ip.as_deref()),
        shown(it.user_agent.as_deref()),
    ]
}

fn document(it: &Session) -> Value {
    json!({
        "id": it.id.to_hex(),
        "created_at": it.created_at.to_rfc3339(),
        "method": it.method,
        "ip": it.ip,
        "user_agent": it.user_agent,
    })
}
