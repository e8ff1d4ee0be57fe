//! Command `audit list`: events with the filters of the API and of the pages.

use mfa_core::{AuditPage, AuditQuery, StoredEvent};
use mfa_flows::{event_csv, event_csv_header};
use serde_json::{Value, json};

use crate::cli::ListEventsArgs;
use crate::command_output::{CommandOutput, columns, visible};
use crate::error::CliError;
use crate::session::AdminSession;

/// Lists a page of events, or all that match as CSV.
///
/// # Errors
///
/// [`CliError::Flow`] if the user does not exist or the database did not answer.
pub(super) fn run(session: &AdminSession, args: ListEventsArgs) -> Result<CommandOutput, CliError> {
    let user = args.user.selector().map(|it| session.find_user(&it)).transpose()?;
    let query = AuditQuery {
        user,
        kind: args.event,
        outcome: args.outcome,
        ip: args.ip,
        from: args.from,
        to: args.to,
        before: args.before,
        ..AuditQuery::newest(args.limit)
    };
    if args.csv {
        return csv(session, query);
    }
    let page = session.run(session.flows().list_events(session.call(), query))?;
    Ok(format_events(&page))
}

fn csv(session: &AdminSession, query: AuditQuery) -> Result<CommandOutput, CliError> {
    let flows = session.flows();
    let mut export = flows.export_events(session.call(), query);
    let mut text = event_csv_header();
    while let Some(events) = session.run(flows.next_events(&mut export))? {
        text.extend(events.iter().map(event_csv));
    }
    text.truncate(text.trim_end().len());
    let json = json!({ "csv": &text });
    Ok(CommandOutput { text, json })
}

fn format_events(page: &AuditPage) -> CommandOutput {
    let mut lines =
        vec![["TIME", "USER", "EVENT", "OUTCOME", "ADDRESS", "ACTOR", "REASON"].map(str::to_owned)];
    let shown = |text: Option<&String>| text.map(|it| visible(it)).unwrap_or_default();
    lines.extend(page.events.iter().map(|event| {
        [
            event.at.to_rfc3339().unwrap_or_default(),
            event.user.to_string(),
            visible(&event.event),
            visible(&event.outcome),
            shown(event.ip.as_ref()),
            shown(event.actor.as_ref()),
            shown(event.reason.as_ref()),
        ]
    }));
    let table = if page.events.is_empty() { "no events found".to_owned() } else { columns(&lines) };
    let text = match page.next {
        Some(next) => format!("{table}\nmore events match: continue with --before {next}"),
        None => table,
    };
    let events: Vec<_> = page.events.iter().map(document).collect();
    CommandOutput { text, json: json!({ "events": events, "next": page.next }) }
}

/// Returns the fields of an event.
pub(super) fn document(event: &StoredEvent) -> Value {
    json!({
        "id": event.id,
        "at": event.at.to_rfc3339(),
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
    })
}
