//! Command `access-pass create`.

use std::time::Duration;

use mfa_core::Timestamp;
use mfa_flows::{AccessPassRequest, SupportCall};
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::AccessPassCommand;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::session::AdminSession;

/// Issues a temporary access pass for a user.
///
/// # Errors
///
/// [`CliError::Flow`].
pub(super) fn run(
    command: AccessPassCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let AccessPassCommand::Create { user, lifetime_minutes } = command;
    let session = AdminSession::open(settings, reason)?;
    let user = session.find_user(&user.selector())?;
    let call = SupportCall::by_operator(session.call().clone());
    let lifetime = lifetime_minutes.map(|minutes| Duration::from_mins(minutes.into()));
    let request = AccessPassRequest { lifetime, unlock: false };
    let issued = session.run(session.flows().issue_access_pass(&call, user, request))?;
    let (pass, end) = (issued.pass.expose(), Timestamp::to_rfc3339(issued.expires_at).unwrap_or_default());
    Ok(CommandOutput {
        text: format!("access pass: {pass}\nexpires at: {end}"),
        json: json!({ "user_id": user, "access_pass": pass, "expires_at": end }),
    })
}
