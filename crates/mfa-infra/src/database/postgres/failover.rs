//! Failover: a server whose history has forked may have lost the last commits.
//!
//! PostgreSQL counts the forks of its history as *timelines*: a standby that is promoted begins a new one. The commits
//! that the old primary had answered and not yet sent are lost with it, spent codes among them.

use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::{BigInt, Text};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use mfa_core::Timestamp;

use crate::database::options::FailoverListener;
use crate::database::pool::InstallationValue;

/// How long the codes of lost steps could still be good.
pub(super) const STEPS_LOST_FOR: Duration = Duration::from_mins(1);

const FACT: &str = "timeline";

#[derive(QueryableByName)]
struct Timeline {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Looks at a fresh connection. Tells the watch where the timeline is new, or was so less than a minute ago.
///
/// What cannot be found out (a role without the right, a server of another make) is passed over: the connection is as
/// good as it was.
pub(super) fn check(connection: &mut PgConnection, watch: &Arc<dyn FailoverListener>) {
    if let Ok(Some(at)) = forked_at(connection, watch.now()) {
        watch.steps_lost(at);
    }
}

fn forked_at(connection: &mut PgConnection, now: Timestamp) -> diesel::QueryResult<Option<Timestamp>> {
    // The first eight digits of a WAL file's name are the timeline, and a role without rights may ask for it.
    let current: Timeline = sql_query(
        "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint AS number",
    )
    .get_result(connection)?;
    let known = sql_query("SELECT value FROM mfa_meta WHERE name = $1")
        .bind::<Text, _>(FACT)
        .get_result::<InstallationValue>(connection)
        .optional()?;
    let Some(known) = known else {
        // The first look of all: nothing is lost of what nobody stored.
        let fact = written(current.number, Timestamp::from_millis(0));
        sql_query("INSERT INTO mfa_meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind::<Text, _>(FACT)
            .bind::<Text, _>(fact)
            .execute(connection)?;
        return Ok(None);
    };
    match read(&known.value) {
        Some((number, at)) if number == current.number => {
            Ok((now.since(at) < STEPS_LOST_FOR && at <= now).then_some(at))
        }
        _ => {
            // Of several that see it at once, one writes it down; each takes it seriously.
            sql_query("UPDATE mfa_meta SET value = $3 WHERE name = $1 AND value = $2")
                .bind::<Text, _>(FACT)
                .bind::<Text, _>(&known.value)
                .bind::<Text, _>(written(current.number, now))
                .execute(connection)?;
            Ok(Some(now))
        }
    }
}

fn written(timeline: i64, seen_at: Timestamp) -> String {
    format!("{timeline} {}", seen_at.millis())
}

fn read(fact: &str) -> Option<(i64, Timestamp)> {
    let (number, at) = fact.split_once(' ')?;
    Some((number.parse().ok()?, Timestamp::from_millis(at.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_reads_back_and_nonsense_is_a_new_timeline() {
        let at = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(read(&written(7, at)), Some((7, at)));
        for text in ["", "7", "7 x", "x 7"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
