//! `recovery regenerate`

use mfa_core::SecretText;
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::administration::Administration;
use crate::answer::Answer;
use crate::cli::RecoveryCommand;
use crate::error::CliError;

/// Makes a new set of codes for a user, whatever factors the account has.
///
/// # Errors
///
/// What the flow refuses.
pub(super) fn run(
    command: &RecoveryCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<Answer, CliError> {
    let RecoveryCommand::Regenerate(user) = command;
    let administration = Administration::open(settings, reason)?;
    let made = administration.flows().regenerate_for(administration.call(), user.user());
    let codes = administration.wait(made)?;
    let codes: Vec<&str> = codes.iter().map(SecretText::expose).collect();
    Ok(Answer { text: codes.join("\n"), json: json!({ "recovery_codes": codes }) })
}
