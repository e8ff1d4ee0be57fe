//! `export otpauth`: the secrets of authenticator apps, for another system.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use mfa_core::{StoreErrorKind, UserId, UserQuery};
use mfa_flows::{FlowError, TotpExport};
use mfa_infra::settings::Settings;
use serde_json::json;

use super::{FileError, FileFormat};
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Users in one read.
const PAGE: u32 = 1_000;

/// Writes every secret in force into a new file that only its owner may read, or to standard output for `-`. Each
/// user's trail says so.
///
/// # Errors
///
/// [`CliError::File`], [`CliError::Output`]; [`CliError::Partly`] where a secret could not be read.
pub(in crate::commands) fn run(
    path: &Path,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let administration = AdminSession::open(settings, reason)?;
    let mut file = ExportWriter::create(path)?;
    let bar = CommandProgress::new("taking out");
    let unusable = |error| match ExportTarget::from_path(path) {
        ExportTarget::Output => CliError::Output(error),
        ExportTarget::File => FileError::unusable(path, error).into(),
    };
    let (mut exported, mut unreadable, mut looked) = (0_u64, Vec::new(), 0_u64);
    let mut after = None;
    loop {
        let query = UserQuery { text: None, after, limit: PAGE };
        let page = administration.wait(administration.flows().find_users(query))?.users;
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        looked = looked.saturating_add(u64::try_from(page.len()).unwrap_or(0));
        let users: Vec<UserId> = page.iter().filter(|it| it.totp_enabled).map(|it| it.user).collect();
        let (flows, call) = (administration.flows(), administration.call());
        let exports = users.iter().map(|user| flows.export_totp(call, *user));
        for (user, export) in users.iter().zip(administration.wait_for_many(exports)?) {
            match export {
                Ok(Some(export)) => {
                    file.write(&export).map_err(unusable)?;
                    exported = exported.saturating_add(1);
                }
                Ok(None) => {}
                Err(FlowError::Cipher(error)) => unreadable.push((*user, error.to_string())),
                Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Corrupt => {
                    unreadable.push((*user, error.to_string()));
                }
                Err(refusal) => return Err(refusal.into()),
            }
        }
        bar.show(looked, looked);
    }
    file.finish().map_err(unusable)?;
    drop(bar);
    answer(path, exported, &unreadable)
}

fn answer(path: &Path, exported: u64, unreadable: &[(UserId, String)]) -> Result<CommandOutput, CliError> {
    let mut lines: Vec<_> = unreadable.iter().map(|(user, why)| format!("user {user}: {why}")).collect();
    let place = match ExportTarget::from_path(path) {
        ExportTarget::Output => "are told".to_owned(),
        ExportTarget::File => format!("are in {}", path.display()),
    };
    lines.push(format!("{exported} secrets {place}, in the clear: whoever reads it makes their codes"));
    let refused: Vec<_> =
        unreadable.iter().map(|(user, why)| json!({ "user_id": user, "why": why })).collect();
    let answer = match ExportTarget::from_path(path) {
        // The export is the answer; what there is to say of it goes beside it.
        ExportTarget::Output => {
            for line in &lines {
                drop(writeln!(io::stderr(), "mfa-admin: {line}"));
            }
            CommandOutput::empty()
        }
        ExportTarget::File => CommandOutput {
            text: lines.join("\n"),
            json: json!({ "file": path.display().to_string(), "exported": exported, "unreadable": refused }),
        },
    };
    if unreadable.is_empty() {
        return Ok(answer);
    }
    let sentence = format!("{} secrets could not be read", unreadable.len());
    Err(CliError::Partly { sentence, answer: Box::new(answer) })
}

/// Where an export goes.
enum ExportTarget {
    File,
    Output,
}

impl ExportTarget {
    fn from_path(path: &Path) -> Self {
        if path == Path::new("-") { Self::Output } else { Self::File }
    }
}

/// What is written to.
enum ExportSink {
    File(File),
    Output(Stdout),
}

impl ExportSink {
    /// On disk, or out of our hands.
    fn finish(self) -> io::Result<()> {
        match self {
            Self::File(file) => file.sync_all(),
            Self::Output(mut output) => output.flush(),
        }
    }
}

impl Write for ExportSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Output(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Output(output) => output.flush(),
        }
    }
}

/// An export in the making.
enum ExportWriter {
    Csv(Box<csv::Writer<BufWriter<ExportSink>>>),
    Lines(BufWriter<ExportSink>),
}

impl ExportWriter {
    /// Makes the file, mode 0600, where there is none: CSV where its name ends so, else JSON lines.
    fn create(path: &Path) -> Result<Self, FileError> {
        let target = match ExportTarget::from_path(path) {
            ExportTarget::Output => ExportSink::Output(io::stdout()),
            ExportTarget::File => {
                let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
                ExportSink::File(file.map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => FileError::Exists(path.display().to_string()),
                    _ => FileError::unusable(path, error),
                })?)
            }
        };
        let target = BufWriter::new(target);
        Ok(match FileFormat::from_path(path) {
            Some(FileFormat::Csv) => {
                let mut writer = csv::Writer::from_writer(target);
                writer
                    .write_record(["email", "username", "otpauth_uri"])
                    .map_err(|error| FileError::unusable(path, error.into()))?;
                Self::Csv(Box::new(writer))
            }
            Some(FileFormat::JsonLines) | None => Self::Lines(target),
        })
    }

    fn write(&mut self, export: &TotpExport) -> io::Result<()> {
        let TotpExport { email, username, uri } = export;
        match self {
            Self::Csv(writer) => Ok(writer.write_record([email.as_str(), username, uri.expose()])?),
            Self::Lines(target) => {
                let line = json!({ "email": email, "username": username, "otpauth_uri": uri.expose() });
                writeln!(target, "{line}")
            }
        }
    }

    /// On disk, so that what is told is there.
    fn finish(self) -> io::Result<()> {
        let target = match self {
            Self::Csv(writer) => writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?,
            Self::Lines(target) => target,
        };
        target.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}
