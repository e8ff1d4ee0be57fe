//! Command `export otpauth`: TOTP secrets for another system.

use std::error::Error as _;
use std::io::{self, Write as _};
use std::path::Path;

use mfa_core::{PageStart, UserId, UserQuery};
use mfa_flows::FlowError;
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::command_output::{CommandOutput, counted};
use crate::error::CliError;
use crate::otpauth_file::{ExportWriter, FileError};
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Users per read.
const PAGE: u32 = 1_000;

/// Writes every active secret to a new file that only its owner can read, or to standard output for `-`. Each export
/// of a secret is an event of its user.
///
/// # Errors
///
/// [`CliError::File`], [`CliError::WriteOutput`]; [`CliError::Unsuccessful`] if a secret could not be read.
pub(in crate::commands) fn run(
    path: &Path,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let session = AdminSession::open(settings, reason)?;
    let path = Some(path).filter(|path| *path != Path::new("-"));
    let mut file = ExportWriter::create(path)?;
    let bar = CommandProgress::new("exporting");
    let write_error = |error| match path {
        None => CliError::WriteOutput(error),
        Some(path) => FileError::io(path, error).into(),
    };
    let (mut exported, mut unreadable, mut done) = (0_u64, Vec::new(), 0_u64);
    let mut after = None;
    loop {
        let query = UserQuery { start: PageStart::after(after), limit: PAGE, ..UserQuery::default() };
        let page = session.run(session.flows().find_users(query))?.users;
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        done = done.saturating_add(u64::try_from(page.len()).unwrap_or(0));
        let users: Vec<UserId> = page
            .iter()
            // A row that cannot be read may have a secret, and is named.
            .filter(|it| it.totp_enabled || it.unreadable.is_some())
            .map(|it| it.user)
            .collect();
        let (flows, call) = (session.flows(), session.call());
        let exports = users.iter().map(|user| flows.export_totp(call, *user));
        for (user, export) in users.iter().zip(session.run_all(exports)?) {
            match export {
                Ok(Some(export)) => {
                    file.write(&export).map_err(write_error)?;
                    exported = exported.saturating_add(u64::try_from(export.uris.len()).unwrap_or(0));
                }
                Ok(None) => {}
                Err(FlowError::Cipher(error)) => unreadable.push((*user, error.to_string())),
                Err(FlowError::Store(error)) if error.kind().is_of_row() => {
                    let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                    unreadable.push((*user, cause));
                }
                Err(error) => return Err(error.into()),
            }
        }
        bar.update(done, done);
    }
    file.finish().map_err(write_error)?;
    drop(bar);
    report(path, exported, &unreadable)
}

fn report(
    path: Option<&Path>,
    exported: u64,
    unreadable: &[(UserId, String)],
) -> Result<CommandOutput, CliError> {
    let mut lines: Vec<_> = unreadable.iter().map(|(user, why)| format!("user {user}: {why}")).collect();
    let target = path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    lines.push(format!(
        "{} exported in clear text to {target}: anyone with this export can generate valid codes",
        counted(exported, "secret")
    ));
    let refused: Vec<_> =
        unreadable.iter().map(|(user, why)| json!({ "user_id": user, "why": why })).collect();
    let output = match path {
        // Standard output contains the export itself, so the report goes to standard error.
        None => {
            for line in &lines {
                drop(writeln!(io::stderr(), "mfa-admin: {line}"));
            }
            CommandOutput::empty()
        }
        Some(_) => CommandOutput {
            text: lines.join("\n"),
            json: json!({ "file": target, "exported": exported, "unreadable": refused }),
        },
    };
    if unreadable.is_empty() {
        return Ok(output);
    }
    let message = format!("cannot read {}; all others exported", counted(unreadable.len(), "secret"));
    Err(CliError::Unsuccessful { message, output: Box::new(output) })
}
