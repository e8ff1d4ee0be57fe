//! `recovery regenerate`

use mfa_core::SecretText;
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::RecoveryCommand;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::session::AdminSession;

/// Makes a new set of codes for a user, whatever factors the account has.
///
/// # Errors
///
/// What the flow refuses.
pub(super) fn run(
    command: &RecoveryCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let RecoveryCommand::Regenerate(user) = command;
    let administration = AdminSession::open(settings, reason)?;
    let made = administration.flows().regenerate_for(administration.call(), user.id());
    let codes = administration.wait(made)?;
    let codes: Vec<&str> = codes.iter().map(SecretText::expose).collect();
    Ok(CommandOutput { text: codes.join("\n"), json: json!({ "recovery_codes": codes }) })
}
