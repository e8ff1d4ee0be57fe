//! Command `export nova-python`: factors for the Python service, the way back.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use mfa_core::{PageStart, SecretText, UserId, UserQuery};
use mfa_flows::{FlowError, LegacyExport};
use mfa_infra::settings::Settings;
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, counted};
use crate::error::CliError;
use crate::otpauth_file::{ExportSink, FileError};
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Users per read.
const PAGE: u32 = 1_000;

/// Writes the factors of all users to a new file that only its owner can read, or to standard output for `-`, one JSON object
/// per line.
///
/// # Errors
///
/// [`CliError::File`], [`CliError::WriteOutput`]; [`CliError::Unsuccessful`] if a value could not be read.
pub(in crate::commands) fn run(
    path: &Path,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let session = AdminSession::open(settings, reason)?;
    let path = Some(path).filter(|path| *path != Path::new("-"));
    let mut file = BufWriter::new(ExportSink::create(path)?);
    let write_error = |error| match path {
        None => CliError::WriteOutput(error),
        Some(path) => FileError::io(path, error).into(),
    };
    let bar = CommandProgress::new("exporting");
    let (mut counts, mut unreadable, mut done) = (ExportCounts::default(), Vec::new(), 0_u64);
    let mut after = None;
    loop {
        let query = UserQuery { start: PageStart::after(after), limit: PAGE, ..UserQuery::default() };
        let page = session.run(session.flows().find_users(query))?.users;
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        done = done.saturating_add(u64::try_from(page.len()).unwrap_or(0));
        let (flows, call) = (session.flows(), session.call());
        let exports = session.run_all(page.iter().map(|it| flows.export_legacy(call, it.user)))?;
        for (user, export) in page.iter().map(|it| it.user).zip(exports) {
            match export {
                Ok(None) => {}
                Ok(Some(export)) => {
                    counts.add(&export);
                    writeln!(file, "{}", line(&export)).map_err(write_error)?;
                }
                Err(FlowError::Cipher(error)) => unreadable.push((user, error.to_string())),
                Err(FlowError::Store(error)) if error.kind().is_of_row() => {
                    unreadable.push((user, error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        bar.update(done, done);
    }
    ExportSink::finish(file).map_err(write_error)?;
    drop(bar);
    report(path, &counts, &unreadable)
}

/// Numbers of exported values.
#[derive(Default)]
struct ExportCounts {
    users: usize,
    secrets: usize,
    numbers: usize,
    codes: usize,
    apps_left_behind: usize,
    passkeys_left_behind: usize,
    codes_left_behind: usize,
}

impl ExportCounts {
    fn add(&mut self, export: &LegacyExport) {
        let counts = [
            (&mut self.users, 1),
            (&mut self.secrets, usize::from(export.totp_secret.is_some())),
            (&mut self.numbers, usize::from(export.phone_number.is_some())),
            (&mut self.codes, export.recovery_codes.len()),
            (&mut self.apps_left_behind, export.apps_left_behind),
            (&mut self.passkeys_left_behind, export.passkeys_left_behind),
            (&mut self.codes_left_behind, export.codes_left_behind),
        ];
        for (count, more) in counts {
            *count = count.saturating_add(more);
        }
    }
}

fn line(export: &LegacyExport) -> Value {
    let text = |it: &Option<SecretText>| it.as_ref().map(|it| it.expose().to_owned());
    json!({
        "id": export.user, "email": export.email, "username": export.username,
        "totp_secret": text(&export.totp_secret), "phone_number": text(&export.phone_number),
        "recovery_codes": export.recovery_codes.iter().map(SecretText::expose).collect::<Vec<_>>(),
    })
}

fn report(
    path: Option<&Path>,
    counts: &ExportCounts,
    unreadable: &[(UserId, String)],
) -> Result<CommandOutput, CliError> {
    let mut lines: Vec<_> = unreadable.iter().map(|(user, why)| format!("user {user}: {why}")).collect();
    if counts.apps_left_behind > 0 {
        let apps = counted(counts.apps_left_behind, "authenticator app");
        lines.push(format!(
            "{apps} not exported: the Python service has one per user, with SHA1, 6 digits and 30 seconds"
        ));
    }
    if counts.passkeys_left_behind > 0 {
        let passkeys = counted(counts.passkeys_left_behind, "passkey");
        lines.push(format!(
            "{passkeys} not exported: the Python service verifies none, so users without another factor have no second factor there"
        ));
    }
    if counts.codes_left_behind > 0 {
        let codes = counted(counts.codes_left_behind, "recovery code");
        lines.push(format!("{codes} not exported: they were generated here and are no bcrypt hashes"));
    }
    let target = path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    lines.push(format!(
        "{}, {} and {} of {} exported in clear text to {target}",
        counted(counts.secrets, "secret"),
        counted(counts.numbers, "phone number"),
        counted(counts.codes, "recovery code"),
        counted(counts.users, "user")
    ));
    let refused: Vec<_> =
        unreadable.iter().map(|(user, why)| json!({ "user_id": user, "why": why })).collect();
    let json = json!({
        "file": target, "users": counts.users, "totp_secrets": counts.secrets,
        "phone_numbers": counts.numbers, "recovery_codes": counts.codes,
        "totp_apps_left_behind": counts.apps_left_behind,
        "passkeys_left_behind": counts.passkeys_left_behind,
        "recovery_codes_left_behind": counts.codes_left_behind, "unreadable": refused,
    });
    let output = match path {
        // Standard output contains the export itself, so the report goes to standard error.
        None => {
            for line in &lines {
                drop(writeln!(io::stderr(), "mfa-admin: {line}"));
            }
            CommandOutput::empty()
        }
        Some(_) => CommandOutput { text: lines.join("\n"), json },
    };
    if unreadable.is_empty() {
        return Ok(output);
    }
    let message =
        format!("cannot read the factors of {}; all others exported", counted(unreadable.len(), "user"));
    Err(CliError::Unsuccessful { message, output: Box::new(output) })
}
