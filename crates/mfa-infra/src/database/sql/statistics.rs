//! Statistics, counted in short portions so that no statement runs long.

mod permit;
mod rows;

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use diesel::result::QueryResult;
use mfa_core::{Activity, BoxFuture, Period, Statistics, StoreError, StoreErrorKind, Timestamp, Totals};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};
use super::sms::COUNTED;
use permit::{CachedTotals, DEADLINE};
use rows::{EventCount, SmsCountRow, TotalsRow, counted_kinds, merged};

pub(super) use permit::CountPermit;

/// Number of users that one statement counts.
const PORTION: i64 = 20_000;
/// An account with at most this many unused recovery codes has few.
const FEW_CODES: i64 = 3;
/// Totals that took longer than this are cached.
const QUICK: Duration = Duration::from_millis(200);
const CACHED_FOR: Duration = Duration::from_mins(1);

impl<C: Dialect> Statistics for SqlDatabase<C> {
    fn activity(&self, period: Period) -> BoxFuture<'_, Result<Activity, StoreError>> {
        let count = self.pool.run("count activity", move |connection| activity(connection, period));
        self.counting.run_alone(Box::pin(async move { in_time(count.await?) }))
    }

    fn totals(&self, now: Timestamp) -> BoxFuture<'_, Result<Totals, StoreError>> {
        let cached = self.counting.cached_totals();
        let count = self.pool.run("count users", move |connection| totals(connection, now, &cached));
        self.counting.run_alone(Box::pin(async move { in_time(count.await?) }))
    }
}

/// Piece of a period, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct TimeSlice {
    from: i64,
    to: i64,
    width: i64,
}

/// Counts a period day by day. `None` if it took too long.
fn activity<C: Dialect>(connection: &mut C, period: Period) -> QueryResult<Option<Activity>> {
    let (began, mut activity) = (now(), Activity::default());
    let width = i64::try_from(period.bucket().width().as_millis()).unwrap_or(i64::MAX);
    for (from, to) in period.days() {
        if began.elapsed() > DEADLINE {
            return Ok(None);
        }
        let slice = TimeSlice { from: from.millis(), to: to.millis(), width };
        for row in event_counts(connection, slice)? {
            row.add_to(&mut activity);
        }
        activity.sms.extend(sms_counts(connection, slice)?.into_iter().map(SmsCountRow::into_count));
    }
    Ok(Some(merged(activity)))
}

/// Counts events, by bucket.
fn event_counts<C: Dialect>(connection: &mut C, slice: TimeSlice) -> QueryResult<Vec<EventCount>> {
    let query = format!(
        "SELECT {} / $3 * $3 AS bucket, event, method, outcome, count(*) AS count FROM mfa_events \
         WHERE at >= {} AND at < {} AND event IN ({}) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        C::millis("at"),
        C::timestamp("$1"),
        C::timestamp("$2"),
        counted_kinds()
    );
    connection.load(Statement::new(query).bind(slice.from).bind(slice.to).bind(slice.width))
}

/// Counts SMS, by bucket.
fn sms_counts<C: Dialect>(connection: &mut C, slice: TimeSlice) -> QueryResult<Vec<SmsCountRow>> {
    let query = format!(
        "SELECT {} / $3 * $3 AS bucket, country, gateway, \
         count(*) FILTER (WHERE {COUNTED}) AS sent, count(*) FILTER (WHERE arrival = 'delivered') AS delivered, \
         count(*) FILTER (WHERE arrival = 'failed' OR state IN ('refused', 'not_sent')) AS failed, \
         count(used_at) AS used FROM mfa_sms_sends WHERE at >= {} AND at < {} GROUP BY 1, 2, 3",
        C::millis("at"),
        C::timestamp("$1"),
        C::timestamp("$2")
    );
    connection.load(Statement::new(query).bind(slice.from).bind(slice.to).bind(slice.width))
}

/// Counts the users portion by portion. `None` if it took too long.
fn totals<C: Dialect>(
    connection: &mut C,
    at: Timestamp,
    cached: &CachedTotals,
) -> QueryResult<Option<Totals>> {
    let began = now();
    let recent = *cached.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((counted_at, totals)) = recent
        && counted_at.elapsed() < CACHED_FOR
    {
        return Ok(Some(totals));
    }
    let (mut totals, mut after) = (Totals::default(), i64::MIN);
    loop {
        if began.elapsed() > DEADLINE {
            return Ok(None);
        }
        let row = totals_after(connection, after, at)?;
        let Some(last) = row.last else { break };
        after = last;
        row.add_to(&mut totals);
        if row.users < PORTION {
            break;
        }
    }
    if began.elapsed() > QUICK {
        *cached.lock().unwrap_or_else(PoisonError::into_inner) = Some((now(), totals));
    }
    Ok(Some(totals))
}

/// Counts the portion of the users that follows an id.
fn totals_after<C: Dialect>(connection: &mut C, user: i64, now: Timestamp) -> QueryResult<TotalsRow> {
    let query = format!(
        "SELECT count(*) AS users, max(id) AS last, count(*) FILTER (WHERE totp OR sms) AS with_factor, \
         count(*) FILTER (WHERE totp) AS with_totp, count(*) FILTER (WHERE sms) AS with_sms, \
         count(*) FILTER (WHERE locked) AS locked, count(*) FILTER (WHERE enforced) AS enforced, \
         count(*) FILTER (WHERE (totp OR sms) AND codes_left <= $3) AS recovery_codes_low FROM ( \
         SELECT CAST(id AS bigint) AS id, coalesce(is_totp_enabled, FALSE) AND totp_secret IS NOT NULL AS totp, \
         coalesce(is_phone_verified, FALSE) AND phone_number IS NOT NULL AND mfa_backup_method = 'sms' AS sms, \
         coalesce(mfa_lock_until > {}, FALSE) AS locked, coalesce(mfa_enforced, FALSE) AS enforced, \
         {} AS codes_left FROM users WHERE id > $1 ORDER BY users.id LIMIT $4) AS portion",
        C::timestamp("$2"),
        C::UNUSED_RECOVERY_CODES
    );
    let query = Statement::new(query).bind(user).bind(now.millis()).bind(FEW_CODES).bind(PORTION);
    connection.one(query)
}

/// Maps a count that took too long to an error.
fn in_time<T>(counted: Option<T>) -> Result<T, StoreError> {
    counted.ok_or_else(|| StoreError::new(StoreErrorKind::Overloaded, "statistics"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "work is bounded by the monotonic clock; no rule is decided by it"
)]
fn now() -> Instant {
    Instant::now()
}
