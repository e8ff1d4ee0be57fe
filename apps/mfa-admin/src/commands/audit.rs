//! `audit verify`, `audit export`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use mfa_core::{EventKind, Outcome, Timestamp, UserId};
use mfa_infra::audit::{AuditReport, Auditor, ExportCursor, ExportedEvent};
use mfa_infra::settings::Settings;
use serde_json::{Value, json};

use crate::cli::AuditCommand;
use crate::command_output::{CommandOutput, rfc3339};
use crate::error::{CliError, Findings};
use crate::session::AdminSession;

/// Reads the audit trail.
///
/// # Errors
///
/// [`CliError::Found`] where it is not what it was; [`CliError::Log`], a store that gave no answer.
pub(super) fn run(
    command: AuditCommand,
    settings: Settings,
    reason: Option<String>,
    as_json: bool,
) -> Result<CommandOutput, CliError> {
    let administration = AdminSession::open(settings, reason)?;
    let (flows, call) = (administration.flows(), administration.call());
    match command {
        AuditCommand::Verify { user_id, log } => {
            flows.record_admin_event(
                call,
                user_id.map(UserId::new),
                EventKind::AdminAuditVerify,
                Outcome::Success,
            );
            verify(administration.auditor(), user_id.map(UserId::new), log)
        }
        AuditCommand::Export { since } => {
            flows.record_admin_event(call, None, EventKind::AdminAuditExport, Outcome::Success);
            let now = flows.now();
            let mut out = io::BufWriter::new(io::stdout().lock());
            export(administration.auditor(), since, now, as_json, &mut out)?;
            Ok(CommandOutput::empty())
        }
    }
}

fn verify(auditor: &Auditor, of: Option<UserId>, logs: Vec<PathBuf>) -> Result<CommandOutput, CliError> {
    let report = if logs.is_empty() {
        auditor.verify(of)?
    } else {
        let open = |path: PathBuf| match File::open(&path) {
            Ok(file) => Ok(Box::new(BufReader::new(file)) as Box<dyn BufRead>),
            Err(error) => Err(CliError::Log { file: path.display().to_string(), error }),
        };
        let logs: Vec<_> = logs.into_iter().map(open).collect::<Result<_, _>>()?;
        auditor.verify_with_log(of, logs)?
    };
    let (text, json) = (lines(&report), document(&report));
    if report.is_intact() {
        return Ok(CommandOutput { text, json });
    }
    let sentence = format!("chains of events that are not what they were: {}", report.findings.len());
    Err(CliError::Found(Box::new(Findings { code: "audit_broken", sentence, text, json })))
}

fn document(report: &AuditReport) -> Value {
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

fn lines(report: &AuditReport) -> String {
    let mut lines = vec![format!("{} events of {} users were read", report.events, report.users)];
    lines.extend(report.log_lines.map(|count| format!("{count} lines of the log tell of stored events")));
    if report.is_intact() {
        lines.push("every event is what it was".to_owned());
    }
    lines.extend(report.findings.iter().map(ToString::to_string));
    lines.join("\n")
}

/// A line for each event; as JSON one document, written as it is read.
fn export(
    auditor: &Auditor,
    since: Timestamp,
    now: Timestamp,
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let mut place = Some(ExportCursor::from(since));
    let mut separator = if as_json { "{\"events\":[\n" } else { "" };
    let mut any = false;
    while let Some(after) = place {
        let page = auditor.export(after, now)?;
        for event in &page.events {
            write!(out, "{separator}{}", line(event)).map_err(CliError::Output)?;
            separator = if as_json { ",\n" } else { "\n" };
            any = true;
        }
        place = page.next;
    }
    let end = match (as_json, any) {
        (true, true) => "\n]}\n",
        (true, false) => "{\"events\":[]}\n",
        (false, true) => "\n",
        (false, false) => "",
    };
    out.write_all(end.as_bytes()).and_then(|()| out.flush()).map_err(CliError::Output)
}

fn line(exported: &ExportedEvent) -> Value {
    let event = &exported.event;
    json!({
        "at": rfc3339(event.at),
        "id": event.id,
        "user_id": event.user,
        "seq": event.seq,
        "event": event.event,
        "method": event.method,
        "outcome": event.outcome,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "request_id": event.request_id,
        "actor": event.actor,
        "reason": event.reason,
        "mac": exported.mac,
    })
}
