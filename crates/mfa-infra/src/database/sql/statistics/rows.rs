//! Rows of statistics.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{Activity, EventKind, LockoutCount, SmsCount, Timestamp, Totals, VerificationCount};

/// Returns the kinds of event that activity counts, as a list for SQL.
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

/// Number of events of one kind in one bucket.
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

/// Outcomes of the SMS of one bucket.
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

/// Totals of a portion of users.
#[derive(QueryableByName)]
pub(super) struct TotalsRow {
    #[diesel(sql_type = BigInt)]
    pub(super) users: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) last: Option<i64>,
    #[diesel(sql_type = BigInt)]
    with_factor: i64,
    #[diesel(sql_type = BigInt)]
    with_totp: i64,
    #[diesel(sql_type = BigInt)]
    with_sms: i64,
    #[diesel(sql_type = BigInt)]
    with_passkey: i64,
    #[diesel(sql_type = BigInt)]
    sms_only: i64,
    #[diesel(sql_type = BigInt)]
    disabled: i64,
    #[diesel(sql_type = BigInt)]
    locked: i64,
    #[diesel(sql_type = BigInt)]
    enforced: i64,
    #[diesel(sql_type = BigInt)]
    recovery_codes_low: i64,
}

/// Sorts the counts, and adds replays to the failures that they are reported as. No bucket is in two slices.
pub(super) fn merged(mut activity: Activity) -> Activity {
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
    /// Adds the count to the activity.
    pub(super) fn add_to(self, activity: &mut Activity) {
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
    pub(super) fn into_count(self) -> SmsCount {
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

impl TotalsRow {
    /// Adds this portion to the totals.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        for (total, portion) in [
            (&mut totals.users, self.users),
            (&mut totals.with_factor, self.with_factor),
            (&mut totals.with_totp, self.with_totp),
            (&mut totals.with_sms, self.with_sms),
            (&mut totals.with_passkey, self.with_passkey),
            (&mut totals.sms_only, self.sms_only),
            (&mut totals.disabled, self.disabled),
            (&mut totals.locked, self.locked),
            (&mut totals.enforced, self.enforced),
            (&mut totals.recovery_codes_low, self.recovery_codes_low),
        ] {
            *total = total.saturating_add(number(portion));
        }
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
