//! Commands `audit verify`, `audit list`, `audit export` and `audit partition`.

mod list;
mod log_file;

use std::io::{self, Write};
use std::path::PathBuf;

use mfa_core::{EventKind, Outcome, Timestamp, UserId};
use mfa_infra::audit::{AuditReport, Auditor, ExportCursor, ExportedEvent};
use mfa_infra::database::{EventPartition, EventPartitions, PartitionError};
use mfa_infra::settings::Settings;
use mfa_infra::{Mfa, OpenError};
use serde_json::{Value, json};

use crate::cli::AuditCommand;
use crate::command_output::{CommandOutput, counted};
use crate::error::CliError;
use crate::session::{self, AdminSession};

/// Runs an `audit` command.
///
/// # Errors
///
/// [`CliError::Unsuccessful`] if an event was altered or is missing; [`CliError::ReadLog`]; [`CliError::Flow`] if the
/// database did not answer.
pub(super) fn run(
    command: AuditCommand,
    settings: Settings,
    reason: Option<String>,
    as_json: bool,
) -> Result<CommandOutput, CliError> {
    if let AuditCommand::Partition { months } = command {
        return partition(&settings, months);
    }
    let session = AdminSession::open(settings, reason)?;
    let (flows, call) = (session.flows(), session.call());
    match command {
        AuditCommand::Partition { .. } => unreachable!("it needs no session"),
        AuditCommand::Verify { user, log } => {
            let user = user.selector().map(|it| session.find_user(&it)).transpose()?;
            flows.record_admin_event(call, user, EventKind::AdminAuditVerify, Outcome::Success);
            verify(session.auditor(), user, log)
        }
        AuditCommand::List(args) => list::run(&session, args),
        AuditCommand::Export { since } => {
            flows.record_admin_event(call, None, EventKind::AdminAuditExport, Outcome::Success);
            let now = flows.now();
            let mut out = io::BufWriter::new(io::stdout().lock());
            export(session.auditor(), since, now, as_json, &mut out)?;
            Ok(CommandOutput::empty())
        }
    }
}

/// Changes the partitions without a session of the server's role, which may not.
fn partition(settings: &Settings, months: u32) -> Result<CommandOutput, CliError> {
    let location = Mfa::location(settings);
    let migrations = session::existing_migrations(&location)?;
    if !migrations.status()?.pending.is_empty() {
        return Err(CliError::SchemaOutdated(location.to_string()));
    }
    let mut partitions = EventPartitions::open(&location).map_err(OpenError::from)?;
    let created = partitions.extend(months)?;
    let all = partitions.list().map_err(PartitionError::from)?;
    let name = |it: &EventPartition| {
        format!("{} {}{}", it.name, it.range, if created.contains(&it.name) { " (new)" } else { "" })
    };
    let text = all.iter().map(name).collect::<Vec<_>>().join("\n");
    let document = |it: &EventPartition| json!({ "name": it.name, "range": it.range });
    let json = json!({ "created": created, "partitions": all.iter().map(document).collect::<Vec<_>>() });
    Ok(CommandOutput { text, json })
}

fn verify(auditor: &Auditor, user: Option<UserId>, logs: Vec<PathBuf>) -> Result<CommandOutput, CliError> {
    let report = if logs.is_empty() {
        auditor.verify(user)?
    } else {
        let open = |path: PathBuf| {
            log_file::open(&path)
                .map_err(|error| CliError::ReadLog { file: path.display().to_string(), error })
        };
        let logs: Vec<_> = logs.into_iter().map(open).collect::<Result<_, _>>()?;
        auditor.verify_with_log(user, logs)?
    };
    if let Some(user) = user
        && report.events == 0
        && report.is_intact()
        && !auditor.has_user(user)?
    {
        return Err(CliError::NoAuditedUser(user));
    }
    if report.log_lines == Some(0) {
        return Err(CliError::NoLogLines);
    }
    let (text, json) = (report_text(&report), report_document(&report));
    if report.is_intact() {
        return Ok(CommandOutput { text, json });
    }
    let message =
        format!("audit verification failed: {}", counted(report.findings.len(), "broken event chain"));
    Err(CliError::Unsuccessful { message, output: Box::new(CommandOutput { text, json }) })
}

fn report_document(report: &AuditReport) -> Value {
    json!({
        "intact": report.is_intact(),
        "users": report.users,
        "events": report.events,
        "log_lines": report.log_lines,
        "findings": report.findings.iter().map(|it| json!({
            "user_id": it.user,
            "seq": it.seq,
            "flaw": it.flaw,
            "detail": it.to_string(),
        })).collect::<Vec<_>>(),
    })
}

fn report_text(report: &AuditReport) -> String {
    let mut lines =
        vec![format!("{} of {} read", counted(report.events, "event"), counted(report.users, "user"))];
    lines.extend(
        report.log_lines.map(|count| format!("{} compared with stored events", counted(count, "log line"))),
    );
    if report.is_intact() {
        lines.push("no event was altered or removed".to_owned());
    }
    lines.extend(report.findings.iter().map(ToString::to_string));
    lines.join("\n")
}

/// Writes a JSON line for each event, or with `as_json` one document. Events are written as they are read.
fn export(
    auditor: &Auditor,
    since: Timestamp,
    now: Timestamp,
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let mut cursor = Some(ExportCursor::from(since));
    let mut separator = if as_json { "{\"events\":[\n" } else { "" };
    let mut has_events = false;
    while let Some(after) = cursor {
        let page = auditor.export(after, now)?;
        for event in &page.events {
            write!(out, "{separator}{}", event_document(event)).map_err(CliError::WriteOutput)?;
            separator = if as_json { ",\n" } else { "\n" };
            has_events = true;
        }
        cursor = page.next;
    }
    let end = match (as_json, has_events) {
        (true, true) => "\n]}\n",
        (true, false) => "{\"events\":[]}\n",
        (false, true) => "\n",
        (false, false) => "",
    };
    out.write_all(end.as_bytes()).and_then(|()| out.flush()).map_err(CliError::WriteOutput)
}

fn event_document(exported: &ExportedEvent) -> Value {
    let mut document = list::document(&exported.event);
    if let Value::Object(members) = &mut document {
        members.insert("mac".to_owned(), json!(exported.mac));
        members.insert("session_id".to_owned(), json!(exported.token));
    }
    document
}
