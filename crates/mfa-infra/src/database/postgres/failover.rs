//! Detection of failovers, after which the last commits may be lost.
//!
//! A promoted standby starts a new *timeline*. Commits that the old primary acknowledged and had not yet replicated are
//! lost, those of spent codes included.

use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::{BigInt, Text};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use mfa_core::Timestamp;

use crate::database::options::FailoverListener;
use crate::database::pool::TextRow;

/// Time for which codes of lost TOTP steps could still be valid.
pub(super) const STEPS_LOST_FOR: Duration = Duration::from_mins(1);

/// Name of the stored value: the timeline and the time at which it was first seen.
const TIMELINE: &str = "timeline";

/// Row with the timeline of the PostgreSQL cluster; a promoted standby starts a new one.
#[derive(QueryableByName)]
struct TimelineRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Checks the timeline of a new connection. Notifies the listener if the timeline is new, or was less than a minute ago.
///
/// Errors are ignored (a role without the privilege, a server other than PostgreSQL): the connection remains usable.
pub(super) fn check(connection: &mut PgConnection, listener: &Arc<dyn FailoverListener>) {
    if let Ok(Some(at)) = forked_at(connection, listener.now()) {
        listener.steps_lost(at);
    }
}

fn forked_at(connection: &mut PgConnection, now: Timestamp) -> diesel::QueryResult<Option<Timestamp>> {
    // The first eight digits of a WAL file's name are the timeline. Reading it needs no privilege.
    let current: TimelineRow = sql_query(
        "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint AS number",
    )
    .get_result(connection)?;
    let known = sql_query("SELECT value FROM mfa_meta WHERE name = $1")
        .bind::<Text, _>(TIMELINE)
        .get_result::<TextRow>(connection)
        .optional()?;
    let Some(known) = known else {
        // First check of this installation: nothing was stored that could be lost.
        let value = format_value(current.number, Timestamp::from_millis(0));
        sql_query("INSERT INTO mfa_meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind::<Text, _>(TIMELINE)
            .bind::<Text, _>(value)
            .execute(connection)?;
        return Ok(None);
    };
    match parse_value(&known.value) {
        Some((number, at)) if number == current.number => {
            Ok((now.since(at) < STEPS_LOST_FOR && at <= now).then_some(at))
        }
        _ => {
            // Of several sessions that see it at once, one stores it; each notifies its listener.
            sql_query("UPDATE mfa_meta SET value = $3 WHERE name = $1 AND value = $2")
                .bind::<Text, _>(TIMELINE)
                .bind::<Text, _>(&known.value)
                .bind::<Text, _>(format_value(current.number, now))
                .execute(connection)?;
            Ok(Some(now))
        }
    }
}

fn format_value(timeline: i64, seen_at: Timestamp) -> String {
    format!("{timeline} {}", seen_at.millis())
}

fn parse_value(value: &str) -> Option<(i64, Timestamp)> {
    let (number, at) = value.split_once(' ')?;
    Some((number.parse().ok()?, Timestamp::from_millis(at.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_reads_back_and_nonsense_is_a_new_timeline() {
        let at = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(parse_value(&format_value(7, at)), Some((7, at)));
        for text in ["", "7", "7 x", "x 7"] {
            assert_eq!(parse_value(text), None, "{text}");
        }
    }
}
