//! Detection of failovers, after which the last commits may be lost.
//!
//! A promoted standby starts a new *timeline*. Commits that the old primary acknowledged and had not yet replicated are
//! lost, those of spent codes included.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::sql_types::{BigInt, Text};
use diesel::{OptionalExtension, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query};
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

/// Detector of failovers, shared by the connections of a process.
///
/// It also remembers the timeline itself, so that a failover counts even if the database cannot store it.
#[derive(Debug)]
pub(super) struct FailoverDetector {
    listener: Arc<dyn FailoverListener>,
    seen: Mutex<Option<TimelineMemory>>,
}

/// Timelines that this process has seen.
#[derive(Debug)]
struct TimelineMemory {
    current: SeenTimeline,
    /// Whether the current timeline was left before: an old primary came back, with a history of its own.
    is_back: bool,
    /// Timelines that this process has left.
    left: BTreeSet<i64>,
}

/// Timeline, and the time at which it was first seen. The first one of an installation was seen at the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SeenTimeline {
    number: i64,
    since: Timestamp,
}

impl FailoverDetector {
    pub(super) const fn new(listener: Arc<dyn FailoverListener>) -> Self {
        Self { listener, seen: Mutex::new(None) }
    }

    /// Checks the timeline of a new connection. Notifies the listener if the timeline is new, or was less than a minute
    /// ago.
    ///
    /// Errors are ignored: the connection remains usable. Without the timeline (a role without the privilege, a server
    /// other than PostgreSQL) nothing is known. If it cannot be compared with the stored one, or not be stored, the
    /// memory of this process decides.
    pub(super) fn check(&self, connection: &mut PgConnection) {
        let Ok(number) = current_timeline(connection) else { return };
        let stored = stored_timeline(connection);
        let now = self.listener.now();
        let timeline = self.observe(number, stored.as_ref().ok().and_then(|it| it.as_ref()), now);
        // The listener comes first: it needs no database.
        if now.since(timeline.since) < STEPS_LOST_FOR && timeline.since <= now {
            self.listener.steps_lost(timeline.since);
        }
        if let Ok(stored) = stored {
            drop(store_timeline(connection, stored.as_deref(), timeline));
        }
    }

    /// Returns since when this timeline is known, by the stored value and the memory of this process.
    fn observe(&self, number: i64, stored: Option<&String>, now: Timestamp) -> SeenTimeline {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = stored.map(|value| parse_value(value));
        let (memory, left) = match seen.take() {
            Some(memory) => (Some((memory.current, memory.is_back)), memory.left),
            None => (None, BTreeSet::new()),
        };
        let is_back = match memory {
            Some((current, is_back)) if current.number == number => is_back,
            Some(_) => left.contains(&number),
            None => false,
        };
        let since = match (known, memory) {
            // What the old primary stored says nothing about the time in which another one was used.
            (_, Some((current, _))) if is_back => {
                if current.number == number {
                    current.since
                } else {
                    now
                }
            }
            // The earliest time: of several servers, the first one that saw it stored it.
            (Some(Some(stored)), Some((seen, _))) if stored.number == number && seen.number == number => {
                stored.since.min(seen.since)
            }
            (Some(Some(stored)), _) if stored.number == number => stored.since,
            (_, Some((seen, _))) if seen.number == number => seen.since,
            // The first check of this installation, or of this process if nothing can be read: nothing was lost.
            (None, None) => Timestamp::from_millis(0),
            _ => now,
        };
        let current = SeenTimeline { number, since };
        let before = memory.map(|(it, _)| it.number).filter(|it| *it != number);
        *seen = Some(TimelineMemory { current, is_back, left: left.into_iter().chain(before).collect() });
        current
    }
}

/// Returns the current timeline. The first eight digits of a WAL file's name are the timeline. Reading it needs no
/// privilege.
fn current_timeline(connection: &mut PgConnection) -> QueryResult<i64> {
    let query = "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint AS number";
    sql_query(query).get_result(connection).map(|row: TimelineRow| row.number)
}

fn stored_timeline(connection: &mut PgConnection) -> QueryResult<Option<String>> {
    let row = sql_query("SELECT value FROM mfa_meta WHERE name = $1")
        .bind::<Text, _>(TIMELINE)
        .get_result::<TextRow>(connection);
    Ok(row.optional()?.map(|it| it.value))
}

/// Stores the timeline unless it is stored. Of several sessions that see it at once, one stores it.
fn store_timeline(
    connection: &mut PgConnection,
    stored: Option<&str>,
    timeline: SeenTimeline,
) -> QueryResult<()> {
    let value = format_value(timeline);
    let Some(stored) = stored else {
        let insert = "INSERT INTO mfa_meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        return sql_query(insert)
            .bind::<Text, _>(TIMELINE)
            .bind::<Text, _>(value)
            .execute(connection)
            .map(drop);
    };
    // A later time is that of an old primary that came back.
    if parse_value(stored).is_some_and(|it| it.number == timeline.number && it.since >= timeline.since) {
        return Ok(());
    }
    sql_query("UPDATE mfa_meta SET value = $3 WHERE name = $1 AND value = $2")
        .bind::<Text, _>(TIMELINE)
        .bind::<Text, _>(stored)
        .bind::<Text, _>(value)
        .execute(connection)
        .map(drop)
}

fn format_value(timeline: SeenTimeline) -> String {
    format!("{} {}", timeline.number, timeline.since.millis())
}

fn parse_value(value: &str) -> Option<SeenTimeline> {
    let (number, since) = value.split_once(' ')?;
    Some(SeenTimeline { number: number.parse().ok()?, since: Timestamp::from_millis(since.parse().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const FIRST: Timestamp = Timestamp::from_millis(0);

    #[derive(Debug)]
    struct Silent;

    impl FailoverListener for Silent {
        fn now(&self) -> Timestamp {
            NOW
        }

        fn steps_lost(&self, _: Timestamp) {}
    }

    #[test]
    fn a_fact_reads_back_and_nonsense_is_a_new_timeline() {
        let timeline = SeenTimeline { number: 7, since: NOW };
        assert_eq!(parse_value(&format_value(timeline)), Some(timeline));
        for text in ["", "7", "7 x", "x 7"] {
            assert_eq!(parse_value(text), None, "{text}");
            let detector = FailoverDetector::new(Arc::new(Silent));
            assert_eq!(detector.observe(7, Some(&text.to_owned()), NOW).since, NOW);
        }
    }

    #[test]
    fn a_failover_that_is_not_stored_is_seen_once_by_this_process() {
        let later = |seconds| NOW.plus(Duration::from_secs(seconds));
        for old in [None, Some("1 0".to_owned())] {
            let detector = FailoverDetector::new(Arc::new(Silent));
            let observe = |number, at| detector.observe(number, old.as_ref(), at).since;
            assert_eq!(observe(1, NOW), FIRST, "{old:?}");
            assert_eq!(observe(2, later(10)), later(10), "{old:?}: a new timeline");
            assert_eq!(
                observe(2, later(90)),
                later(10),
                "{old:?}: each connection after it does not prolong it"
            );
            assert_eq!(observe(3, later(95)), later(95), "{old:?}: and the next one counts again");
        }
    }

    /// A primary that hung is resumed after a standby was promoted, and is taken for the primary again.
    #[test]
    fn an_old_primary_that_comes_back_is_a_failover_too() {
        let later = |seconds| NOW.plus(Duration::from_secs(seconds));
        let detector = FailoverDetector::new(Arc::new(Silent));
        let (old, new) = ("1 0".to_owned(), format_value(SeenTimeline { number: 2, since: later(10) }));
        assert_eq!(detector.observe(1, Some(&old), NOW).since, FIRST);
        assert_eq!(detector.observe(2, Some(&old), later(10)).since, later(10));
        assert_eq!(detector.observe(1, Some(&old), later(80)).since, later(80), "the old one is back");
        assert_eq!(detector.observe(1, Some(&old), later(85)).since, later(80), "not prolonged");
        assert_eq!(detector.observe(2, Some(&new), later(90)).since, later(90), "and the new one again");
    }

    #[test]
    fn the_time_that_another_server_stored_counts_if_it_is_earlier() {
        let detector = FailoverDetector::new(Arc::new(Silent));
        let stored = format_value(SeenTimeline { number: 2, since: NOW });
        let later = NOW.plus(Duration::from_secs(5));
        assert_eq!(detector.observe(2, Some(&"1 0".to_owned()), later).since, later);
        assert_eq!(detector.observe(2, Some(&stored), later).since, NOW);
    }
}
