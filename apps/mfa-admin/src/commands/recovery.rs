//! Command `recovery regenerate`.

use mfa_core::SecretText;
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::RecoveryCommand;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::session::AdminSession;

/// Replaces the recovery codes of a user, whatever factors the account has.
///
/// # Errors
///
/// [`CliError::Flow`].
pub(super) fn run(
    command: RecoveryCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let RecoveryCommand::Regenerate(user) = command;
    let session = AdminSession::open(settings, reason)?;
    let user = session.find_user(&user.selector())?;
    let codes = session.run(session.flows().regenerate_for(session.call(), user))?;
    let codes: Vec<&str> = codes.iter().map(SecretText::expose).collect();
    Ok(CommandOutput { text: codes.join("\n"), json: json!({ "recovery_codes": codes }) })
}
