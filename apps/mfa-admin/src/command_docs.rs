//! Shell completions and manual pages, generated from the command line itself.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::command_output::CommandOutput;
use crate::error::CliError;

/// Returns the completion script of a shell.
pub(crate) fn completions(shell: Shell) -> CommandOutput {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mfa-admin", &mut script);
    let script = String::from_utf8_lossy(&script).trim_end().to_owned();
    // The generator for bash writes the dash of the program's name in two ways, of which its script expects one.
    let script = script.replace("mfa__subcmd__admin", "mfa__admin");
    CommandOutput { json: serde_json::json!({ "shell": shell.to_string(), "script": script }), text: script }
}

/// Writes the manual pages of the program and of each command into a directory.
///
/// # Errors
///
/// [`CliError::WriteOutput`].
pub(crate) fn manual_pages(dir: &Path) -> Result<CommandOutput, CliError> {
    clap_mangen::generate_to(Cli::command(), dir).map_err(CliError::WriteOutput)?;
    let text = format!("manual pages created in {}", dir.display());
    Ok(CommandOutput { text, json: serde_json::json!({ "dir": dir }) })
}
