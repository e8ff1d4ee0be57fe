//! Lists as CSV (RFC 4180), with no cell that a spreadsheet runs as a formula.

use mfa_core::{Lock, StoredEvent, Timestamp, UserRecord};

use crate::spreadsheet_cell::defuse_cell;

/// Byte order mark: without it, Excel reads UTF-8 as the encoding of its region.
pub const CSV_START: &str = "\u{feff}";

/// Names of the columns of [`user_csv`].
const USER_COLUMNS: [&str; 14] = [
    "user_id",
    "full_name",
    "username",
    "email",
    "is_active",
    "is_superuser",
    "mfa_enforced",
    "totp_enabled",
    "sms_enabled",
    "passkey_enabled",
    "locked",
    "lock_until",
    "last_success_at",
    "unreadable",
];

/// Names of the columns of [`event_csv`].
const EVENT_COLUMNS: [&str; 12] = [
    "id",
    "at",
    "user_id",
    "seq",
    "event",
    "method",
    "outcome",
    "ip",
    "user_agent",
    "request_id",
    "actor",
    "reason",
];

/// Returns the line with the names of the columns of [`user_csv`].
pub fn user_csv_header() -> String {
    line(USER_COLUMNS)
}

/// Returns the line of a user. Times are in UTC (RFC 3339).
pub fn user_csv(user: &UserRecord, now: Timestamp) -> String {
    let flag = |is: bool| is.to_string();
    let lock = user.lock(now);
    let end = match lock {
        Some(Lock::Until(end)) => Some(end),
        Some(Lock::UntilAdministrator) | None => None,
    };
    line([
        &*user.user.to_string(),
        user.full_name.as_deref().unwrap_or_default(),
        &user.username,
        &user.email,
        &flag(user.is_active),
        &flag(user.is_superuser),
        &flag(user.mfa_enforced),
        &flag(user.totp_enabled),
        &flag(user.sms_enabled),
        &flag(user.has_passkey),
        &flag(lock.is_some()),
        &time(end),
        &time(user.last_success_at),
        user.unreadable.as_deref().unwrap_or_default(),
    ])
}

/// Returns the line with the names of the columns of [`event_csv`].
pub fn event_csv_header() -> String {
    line(EVENT_COLUMNS)
}

/// Returns the line of an event. Times are in UTC (RFC 3339).
pub fn event_csv(event: &StoredEvent) -> String {
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    line([
        &*event.id.to_string(),
        &time(Some(event.at)),
        &event.user.to_string(),
        &event.seq.to_string(),
        &event.event,
        &text(&event.method),
        &event.outcome,
        &text(&event.ip),
        &text(&event.user_agent),
        &text(&event.request_id),
        &text(&event.actor),
        &text(&event.reason),
    ])
}

fn time(at: Option<Timestamp>) -> String {
    at.and_then(Timestamp::to_rfc3339).unwrap_or_default()
}

fn line<const N: usize>(cells: [&str; N]) -> String {
    let mut line = cells.map(|it| quoted(&defuse_cell(it))).join(",");
    line.push_str("\r\n");
    line
}

/// Quotes a cell that has a separator of any region, or a quote.
fn quoted(cell: &str) -> String {
    if cell.contains([',', ';', '"', '\t', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::UserId;

    use super::*;

    fn user(full_name: &str) -> UserRecord {
        UserRecord {
            user: UserId::new(7),
            email: "-a@example.com".to_owned(),
            username: "ada".to_owned(),
            full_name: Some(full_name.to_owned()),
            is_active: true,
            is_superuser: false,
            mfa_enforced: true,
            totp_enabled: false,
            sms_enabled: true,
            has_passkey: false,
            lock_until: Some(Timestamp::from_seconds(60)),
            last_success_at: None,
            unreadable: None,
        }
    }

    #[test]
    fn a_user_is_one_line_in_the_order_of_the_names_and_runs_nothing() {
        let line = user_csv(&user("=HYPERLINK(\"x\"),\r\n@b"), Timestamp::from_seconds(0));
        assert_eq!(
            line,
            "7,\"'=HYPERLINK(\"\"x\"\"),\r\n'@b\",ada,'-a@example.com,true,false,true,false,true,false,true,1970-01-01T00:01:00Z,,\r\n"
        );
        assert_eq!(
            user_csv_header().split(',').count(),
            user_csv(&user("Céline"), Timestamp::from_seconds(0)).split(',').count()
        );
    }

    #[test]
    fn an_event_has_as_many_cells_as_names() {
        let event = StoredEvent {
            id: 1,
            user: UserId::new(2),
            seq: 3,
            at: Timestamp::from_seconds(0),
            event: "admin_reset".to_owned(),
            method: None,
            outcome: "success".to_owned(),
            ip: Some("::1".to_owned()),
            user_agent: Some("+x".to_owned()),
            request_id: None,
            actor: Some("os:root".to_owned()),
            reason: Some("lost \"phone\"".to_owned()),
        };
        let line = event_csv(&event);
        assert_eq!(
            line,
            "1,1970-01-01T00:00:00Z,2,3,admin_reset,,success,::1,'+x,,os:root,\"lost \"\"phone\"\"\"\r\n"
        );
        assert_eq!(event_csv_header().split(',').count(), line.split(',').count());
    }
}
