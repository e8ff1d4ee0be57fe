//! Statistics, counted in short portions so that no statement runs long.

mod adoption;
mod permit;
mod rows;

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use diesel::result::QueryResult;
use mfa_core::{
    Activity, Adoption, BoxFuture, Period, Statistics, StoreError, StoreErrorKind, Timestamp, Totals,
    UserState,
};

use super::dialect::{Dialect, Statement};
use super::sms::COUNTED;
use super::{SqlDatabase, user_state};
use permit::{CachedTotals, DEADLINE, PORTION};
use rows::{EventCount, SmsCountRow, TotalsRow, counted_kinds, merged};

pub(super) use permit::CountPermit;

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

    fn adoption(&self, now: Timestamp, weeks: u32) -> BoxFuture<'_, Result<Vec<Adoption>, StoreError>> {
        let count =
            self.pool.run("count adoption", move |connection| adoption::by_week(connection, now, weeks));
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
        let (row, limit) = readable_totals_after(connection, after, at)?;
        let Some(last) = row.last else { break };
        after = last;
        row.add_to(&mut totals);
        if row.users < limit {
            break;
        }
    }
    if began.elapsed() > QUICK {
        *cached.lock().unwrap_or_else(PoisonError::into_inner) = Some((now(), totals));
    }
    Ok(Some(totals))
}

/// Counts a portion of the users that follow an id, and returns it with its maximum size.
///
/// If the database refuses to read a row, the portion is halved until the row is alone, which counts as a locked user
/// without anything else, as in a list.
fn readable_totals_after<C: Dialect>(
    connection: &mut C,
    user: i64,
    at: Timestamp,
) -> QueryResult<(TotalsRow, i64)> {
    let mut limit = PORTION;
    loop {
        let began = now();
        match totals_after(connection, user, at, limit) {
            Ok(row) => return Ok((row, limit)),
            // A slow query was ended by a timeout, which says nothing about the rows.
            Err(error) if began.elapsed() > QUICK => return Err(error),
            Err(_) if limit > 1 => limit = limit.checked_div(2).unwrap_or(1),
            Err(_) => {
                let query = "SELECT count(*) AS users, max(id) AS last, 0 AS with_factor, 0 AS with_totp, 0 AS with_sms, \
                             0 AS with_passkey, 0 AS sms_only, 0 AS disabled, count(*) AS locked, 0 AS enforced, \
                             0 AS recovery_codes_low FROM (SELECT CAST(id AS bigint) AS id \
                             FROM users WHERE id > $1 ORDER BY users.id LIMIT 1) AS portion"
                    .replace("0 AS", "CAST(0 AS bigint) AS");
                return Ok((connection.one(Statement::new(query).bind(user))?, limit));
            }
        }
    }
}

/// Counts the first users that follow an id.
fn totals_after<C: Dialect>(
    connection: &mut C,
    user: i64,
    now: Timestamp,
    limit: i64,
) -> QueryResult<TotalsRow> {
    let is = |state| user_state::condition::<C>(state, "$2");
    let query = format!(
        "SELECT count(*) AS users, max(id) AS last, count(*) FILTER (WHERE NOT none) AS with_factor, \
         count(*) FILTER (WHERE app) AS with_totp, count(*) FILTER (WHERE sms) AS with_sms, \
         count(*) FILTER (WHERE passkey) AS with_passkey, count(*) FILTER (WHERE sms_only) AS sms_only, \
         count(*) FILTER (WHERE disabled) AS disabled, count(*) FILTER (WHERE locked) AS locked, \
         count(*) FILTER (WHERE enforced) AS enforced, count(*) FILTER (WHERE few_codes) AS recovery_codes_low FROM ( \
         SELECT CAST(id AS bigint) AS id, {} AS none, {} AS app, {} AS sms, {} AS passkey, {} AS sms_only, \
         {} AS disabled, {} AS locked, {} AS enforced, {} AS few_codes \
         FROM users WHERE id > $1 ORDER BY users.id LIMIT $3) AS portion",
        is(UserState::NoFactor),
        user_state::app::<C>(),
        user_state::sms::<C>(),
        user_state::passkey::<C>(),
        is(UserState::SmsOnly),
        is(UserState::Disabled),
        is(UserState::Locked),
        is(UserState::Enforced),
        is(UserState::FewCodes),
    );
    let query = Statement::new(query).bind(user).bind(now.millis()).bind(limit);
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
