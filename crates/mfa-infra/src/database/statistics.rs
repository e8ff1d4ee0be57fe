//! Counting in short portions, the same for both databases.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::QueryableByName;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{
    Activity, BoxFuture, EventKind, LockoutCount, Period, SmsCount, StoreError, StoreErrorKind, Timestamp,
    Totals, VerificationCount,
};
use tokio::sync::Semaphore;

/// How many users one statement counts.
pub(super) const PORTION: i64 = 20_000;
/// How many recovery codes are few.
pub(super) const FEW_CODES: i64 = 3;
/// What one request may take in all.
const DEADLINE: Duration = Duration::from_secs(20);
/// Totals that took longer to count than this are told again for a while.
const QUICK: Duration = Duration::from_millis(200);
const TOLD_AGAIN_FOR: Duration = Duration::from_mins(1);

/// The kinds of event that activity counts, as a list for SQL.
pub(super) fn counted_kinds() -> String {
    let quoted = KINDS.iter().map(|kind| format!("'{}'", kind.as_str()));
    quoted.collect::<Vec<_>>().join(", ")
}

const KINDS: [EventKind; 5] = [
    EventKind::TotpVerify,
    EventKind::OtpReplay,
    EventKind::SmsVerify,
    EventKind::RecoveryUse,
    EventKind::AccountLocked,
];

/// How often one kind of event happened in one bucket.
#[derive(QueryableByName)]
pub(super) struct EventCount {
    #[diesel(sql_type = BigInt)]
    bucket: i64,
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = Nullable<Text>)]
    method: Option<String>,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// What became of the SMS of one bucket.
#[derive(QueryableByName)]
pub(super) struct SmsCountRow {
    #[diesel(sql_type = BigInt)]
    bucket: i64,
    #[diesel(sql_type = Text)]
    country: String,
    #[diesel(sql_type = Nullable<Text>)]
    gateway: Option<String>,
    #[diesel(sql_type = BigInt)]
    sent: i64,
    #[diesel(sql_type = BigInt)]
    delivered: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    used: i64,
}

/// The totals of a portion of users.
#[derive(QueryableByName)]
pub(super) struct TotalsRow {
    #[diesel(sql_type = BigInt)]
    users: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
    #[diesel(sql_type = BigInt)]
    with_factor: i64,
    #[diesel(sql_type = BigInt)]
    with_totp: i64,
    #[diesel(sql_type = BigInt)]
    with_sms: i64,
    #[diesel(sql_type = BigInt)]
    locked: i64,
    #[diesel(sql_type = BigInt)]
    enforced: i64,
    #[diesel(sql_type = BigInt)]
    recovery_codes_low: i64,
}

/// A piece of a period, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeSlice {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) width: i64,
}

/// The statements of one database.
pub(super) trait StatisticsQueries {
    /// Counts events, by bucket.
    fn event_counts(&mut self, slice: TimeSlice) -> Result<Vec<EventCount>, Error>;

    /// Counts SMS, by bucket.
    fn sms_counts(&mut self, slice: TimeSlice) -> Result<Vec<SmsCountRow>, Error>;

    /// Counts a portion of the users behind this one.
    fn totals_after(&mut self, user: i64, now: Timestamp) -> Result<TotalsRow, Error>;
}

/// What lets one request count at a time, and remembers totals that took long.
#[derive(Debug)]
pub(super) struct CountPermit {
    turn: Semaphore,
    remembered: Arc<Mutex<Option<(Instant, Totals)>>>,
}

impl Default for CountPermit {
    fn default() -> Self {
        Self { turn: Semaphore::new(1), remembered: Arc::default() }
    }
}

/// Totals that took long to count.
pub(super) type CachedTotals = Arc<Mutex<Option<(Instant, Totals)>>>;

impl CountPermit {
    /// Counts, once nobody else does.
    pub(super) fn in_turn<'a, T: Send + 'a>(
        &'a self,
        count: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            let overloaded = || StoreError::new(StoreErrorKind::Overloaded, "statistics");
            let turn = tokio::time::timeout(DEADLINE, self.turn.acquire()).await;
            let _turn = turn.map_err(|_| overloaded())?.map_err(|_| overloaded())?;
            count.await
        })
    }

    /// What was counted a short while ago, where that took long.
    pub(super) fn remembered(&self) -> CachedTotals {
        Arc::clone(&self.remembered)
    }
}

/// Counts a period day by day. `None` where it took too long.
pub(super) fn activity(
    queries: &mut impl StatisticsQueries,
    period: Period,
) -> Result<Option<Activity>, Error> {
    let (began, mut activity) = (now(), Activity::default());
    let width = i64::try_from(period.bucket().width().as_millis()).unwrap_or(i64::MAX);
    for (from, to) in period.days() {
        if began.elapsed() > DEADLINE {
            return Ok(None);
        }
        let slice = TimeSlice { from: from.millis(), to: to.millis(), width };
        for row in queries.event_counts(slice)? {
            row.add_to(&mut activity);
        }
        activity.sms.extend(queries.sms_counts(slice)?.into_iter().map(SmsCountRow::into_count));
    }
    Ok(Some(merged(activity)))
}

/// A replay counts as the failure that it is told as. No bucket is in two pieces of the period.
fn merged(mut activity: Activity) -> Activity {
    let key = |it: &VerificationCount| (it.at, it.method.clone(), it.outcome.clone());
    activity.verifications.sort_by_key(key);
    activity.verifications.dedup_by(|next, kept| {
        let same = key(next) == key(kept);
        if same {
            kept.count = kept.count.saturating_add(next.count);
        }
        same
    });
    activity.lockouts.sort_by_key(|it| it.at);
    activity.sms.sort_by(|a, b| (a.at, &a.country, &a.provider).cmp(&(b.at, &b.country, &b.provider)));
    activity
}

impl EventCount {
    fn add_to(self, activity: &mut Activity) {
        let (at, count) = (Timestamp::from_millis(self.bucket), number(self.count));
        if self.event == EventKind::AccountLocked.as_str() {
            match activity.lockouts.last_mut().filter(|it| it.at == at) {
                Some(lockouts) => lockouts.count = lockouts.count.saturating_add(count),
                None => activity.lockouts.push(LockoutCount { at, count }),
            }
        } else {
            let method = self.method.unwrap_or_default();
            activity.verifications.push(VerificationCount { at, method, outcome: self.outcome, count });
        }
    }
}

impl SmsCountRow {
    fn into_count(self) -> SmsCount {
        SmsCount {
            at: Timestamp::from_millis(self.bucket),
            country: self.country,
            provider: self.gateway,
            sent: number(self.sent),
            delivered: number(self.delivered),
            failed: number(self.failed),
            used: number(self.used),
        }
    }
}

/// Counts the users portion by portion. `None` where it took too long.
pub(super) fn totals(
    queries: &mut impl StatisticsQueries,
    at: Timestamp,
    remembered: &CachedTotals,
) -> Result<Option<Totals>, Error> {
    let began = now();
    let recent = *remembered.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((counted_at, totals)) = recent
        && counted_at.elapsed() < TOLD_AGAIN_FOR
    {
        return Ok(Some(totals));
    }
    let (mut totals, mut after) = (Totals::default(), i64::MIN);
    loop {
        if began.elapsed() > DEADLINE {
            return Ok(None);
        }
        let row = queries.totals_after(after, at)?;
        let Some(last) = row.last else { break };
        after = last;
        add(&mut totals, &row);
        if row.users < PORTION {
            break;
        }
    }
    if began.elapsed() > QUICK {
        *remembered.lock().unwrap_or_else(PoisonError::into_inner) = Some((now(), totals));
    }
    Ok(Some(totals))
}

fn add(totals: &mut Totals, row: &TotalsRow) {
    for (total, portion) in [
        (&mut totals.users, row.users),
        (&mut totals.with_factor, row.with_factor),
        (&mut totals.with_totp, row.with_totp),
        (&mut totals.with_sms, row.with_sms),
        (&mut totals.locked, row.locked),
        (&mut totals.enforced, row.enforced),
        (&mut totals.recovery_codes_low, row.recovery_codes_low),
    ] {
        *total = total.saturating_add(number(portion));
    }
}

/// What took too long.
pub(super) fn in_time<T>(counted: Option<T>) -> Result<T, StoreError> {
    counted.ok_or_else(|| StoreError::new(StoreErrorKind::Overloaded, "statistics"))
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "work is bounded by the monotonic clock; no rule is decided by it"
)]
fn now() -> Instant {
    Instant::now()
}
