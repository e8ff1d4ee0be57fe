//! Commands `authenticator list`, `rename` and `remove`.

use mfa_core::Timestamp;
use mfa_flows::{Authenticator, AuthenticatorDetails};
use mfa_infra::settings::Settings;
use serde_json::{Value, json};

use crate::cli::{AuthenticatorCommand, UserArgs};
use crate::command_output::{CommandOutput, columns, visible};
use crate::confirm::confirm;
use crate::error::CliError;
use crate::session::AdminSession;

/// Runs an `authenticator` command.
///
/// # Errors
///
/// [`CliError::Flow`].
pub(super) fn run(
    command: AuthenticatorCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let session = AdminSession::open(settings, reason)?;
    match command {
        AuthenticatorCommand::List(user) => list(&session, user),
        AuthenticatorCommand::Rename { id, name, user } => {
            let user = session.find_user(&user.selector())?;
            let name = name.trim().to_owned();
            let flows = session.flows();
            session.run(flows.rename_authenticator_of(session.call(), user, id.clone(), name.clone()))?;
            Ok(CommandOutput {
                text: format!("authenticator {id} of user {user} renamed"),
                json: json!({ "user_id": user, "id": id, "name": name }),
            })
        }
        AuthenticatorCommand::Remove { id, user: args } => {
            let user = session.find_user(&args.user.selector())?;
            confirm(args.yes, &format!("Remove authenticator {id} of user {user}? This cannot be undone."))?;
            let flows = session.flows();
            session.run(flows.remove_authenticator_of(session.call(), user, id.clone()))?;
            Ok(CommandOutput {
                text: format!("authenticator {id} of user {user} removed, all sessions ended"),
                json: json!({ "user_id": user, "id": id, "removed": true }),
            })
        }
    }
}

fn list(session: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    let list = session.run(session.flows().list_authenticators(user))?;
    let documents: Vec<_> = list.iter().map(document).collect();
    let text = if list.is_empty() {
        format!("user {user} has no authenticator")
    } else {
        let head = ["id", "kind", "name", "added", "last used"].map(str::to_owned);
        let rows = list.iter().map(row);
        columns(&[head].into_iter().chain(rows).collect::<Vec<_>>())
    };
    Ok(CommandOutput { text, json: json!({ "user_id": user, "authenticators": documents }) })
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.and_then(Timestamp::to_rfc3339)
}

fn row(it: &Authenticator) -> [String; 5] {
    [
        it.id.clone(),
        it.kind.as_str().to_owned(),
        visible(&it.name),
        time(it.created_at).unwrap_or_else(|| "unknown".to_owned()),
        time(it.last_used_at).unwrap_or_else(|| "never".to_owned()),
    ]
}

fn document(it: &Authenticator) -> Value {
    let passkey = match &it.details {
        AuthenticatorDetails::Passkey(passkey) => Some(passkey),
        AuthenticatorDetails::Totp(_) | AuthenticatorDetails::Sms(_) => None,
    };
    json!({
        "id": it.id,
        "kind": it.kind.as_str(),
        "name": it.name,
        "created_at": time(it.created_at),
        "last_used_at": time(it.last_used_at),
        "phishing_resistant": it.kind.is_phishing_resistant(),
        "rp_id": passkey.map(|it| &it.rp_id),
        "backed_up": passkey.map(|it| it.backed_up),
        "clone_suspected": passkey.map(|it| it.clone_suspected),
    })
}
