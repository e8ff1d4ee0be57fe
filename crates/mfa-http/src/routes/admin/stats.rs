//! Handler of the statistics over all users.

use std::time::Duration;

use actix_web::HttpResponse;
use mfa_core::{Activity, BucketSize, LockoutCount, Period, SmsCount, Timestamp, Totals, VerificationCount};
use mfa_flows::{AcceptedStages, SupportAction};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::time;
use crate::problem::{ApiError, FieldError, FieldErrorKind};
use crate::request::ApiRequest;
use crate::schemas;

/// Default period with hourly buckets.
const HOURLY_PERIOD: Duration = Duration::from_hours(24);
/// Default period with daily buckets.
const DAILY_PERIOD: Duration = Duration::from_hours(24 * 30);

/// Statistics of a period. A series omits buckets without events.
#[derive(Serialize, ToSchema)]
#[schema(as = StatsResponse)]
pub(super) struct StatsResponse {
    /// Start of the period.
    #[schema(format = DateTime, required = true)]
    from: Option<String>,
    /// End of the period.
    #[schema(format = DateTime, required = true)]
    to: Option<String>,
    #[schema(schema_with = bucket)]
    bucket: &'static str,
    /// Verifications per bucket, method and outcome.
    verifications: Vec<VerificationCounts>,
    /// Account lockouts per bucket.
    lockouts: Vec<LockoutCounts>,
    /// SMS messages per bucket, country and provider.
    sms: Vec<SmsCounts>,
    /// Current totals over all users.
    totals: TotalsNow,
}

/// Number of verifications in a bucket.
#[derive(Serialize, ToSchema)]
#[schema(as = VerificationCount)]
struct VerificationCounts {
    /// Start of the bucket.
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    /// Factor that was verified.
    method: String,
    /// Outcome of the verification.
    outcome: String,
    /// Number of verifications.
    count: u64,
}

/// Number of lockouts in a bucket.
#[derive(Serialize, ToSchema)]
#[schema(as = LockoutCount)]
struct LockoutCounts {
    /// Start of the bucket.
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    /// Number of lockouts.
    count: u64,
}

/// Numbers of SMS messages in a time bucket.
#[derive(Serialize, ToSchema)]
#[schema(as = SmsCount)]
struct SmsCounts {
    /// Start of the bucket.
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    /// Country of the phone numbers (ISO 3166).
    country: String,
    /// SMS provider, or null if no provider confirmed the message.
    #[schema(required = true)]
    provider: Option<String>,
    /// Number of messages sent.
    sent: u64,
    /// Number of messages that the provider reported as delivered.
    delivered: u64,
    /// Number of messages that the provider reported as failed.
    failed: u64,
    /// Number of messages whose code was verified.
    used: u64,
}

/// Current totals over all users.
#[derive(Serialize, ToSchema)]
#[schema(as = Totals)]
struct TotalsNow {
    /// Number of users.
    users: u64,
    /// Number of users with a second factor.
    with_factor: u64,
    /// Number of users whose only second factor is codes by SMS.
    sms_only: u64,
    /// Number of users who may not log in.
    disabled: u64,
    /// Number of users per factor.
    by_factor: UsersByFactor,
    /// Number of locked accounts.
    locked: u64,
    /// Number of users for whom MFA is required.
    enforced: u64,
    /// Number of users with three or fewer recovery codes left.
    recovery_codes_low: u64,
}

/// Number of users per factor.
#[derive(Serialize, ToSchema)]
#[schema(as = UsersByFactor)]
struct UsersByFactor {
    /// Number of users with an authenticator app.
    totp: u64,
    /// Number of users with codes by SMS.
    sms: u64,
    /// Number of users with a passkey.
    passkey: u64,
}

impl From<VerificationCount> for VerificationCounts {
    fn from(it: VerificationCount) -> Self {
        Self { at: it.at.to_rfc3339(), method: it.method, outcome: it.outcome, count: it.count }
    }
}

impl From<LockoutCount> for LockoutCounts {
    fn from(it: LockoutCount) -> Self {
        Self { at: it.at.to_rfc3339(), count: it.count }
    }
}

impl From<SmsCount> for SmsCounts {
    fn from(it: SmsCount) -> Self {
        Self {
            at: it.at.to_rfc3339(),
            country: it.country,
            provider: it.provider,
            sent: it.sent,
            delivered: it.delivered,
            failed: it.failed,
            used: it.used,
        }
    }
}

impl From<Totals> for TotalsNow {
    fn from(it: Totals) -> Self {
        Self {
            users: it.users,
            with_factor: it.with_factor,
            sms_only: it.sms_only,
            disabled: it.disabled,
            by_factor: UsersByFactor { totp: it.with_totp, sms: it.with_sms, passkey: it.with_passkey },
            locked: it.locked,
            enforced: it.enforced,
            recovery_codes_low: it.recovery_codes_low,
        }
    }
}

impl StatsResponse {
    fn new(period: Period, activity: Activity, totals: Totals) -> Self {
        Self {
            from: period.from().to_rfc3339(),
            to: period.to().to_rfc3339(),
            bucket: period.bucket().as_str(),
            verifications: activity.verifications.into_iter().map(VerificationCounts::from).collect(),
            lockouts: activity.lockouts.into_iter().map(LockoutCounts::from).collect(),
            sms: activity.sms.into_iter().map(SmsCounts::from).collect(),
            totals: totals.into(),
        }
    }
}

/// Schema of the bucket size.
pub(super) fn bucket() -> Object {
    schemas::string_enum(&["hour", "day"]).description(Some("Size of a bucket.")).build()
}

/// `GET /api/mfa/admin/stats`
pub(in crate::routes) async fn stats(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let mut query = request.query()?;
    let from = query.optional("from", time);
    let to = query.optional("to", time);
    let bucket = query.optional("bucket", |text| BucketSize::parse(text).ok_or(FieldErrorKind::NotOneOf));
    let bucket = bucket.unwrap_or(BucketSize::Hour);
    query.finish(Some(()))?;
    let stats = request
        .run(|flows| async move {
            let support = flows.support(&call, SupportAction::List, None).await?;
            let period = period(from, to, bucket, flows.now())?;
            let (activity, totals) = flows.statistics(support.admin(), period).await?;
            Ok::<_, ApiError>(StatsResponse::new(period, activity, totals))
        })
        .await?;
    Ok(HttpResponse::Ok().json(stats))
}

/// Returns the requested period. By default it ends now and has the default length of its bucket size.
fn period(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    bucket: BucketSize,
    now: Timestamp,
) -> Result<Period, ApiError> {
    let default = match bucket {
        BucketSize::Hour => HOURLY_PERIOD,
        BucketSize::Day => DAILY_PERIOD,
    };
    // The current millisecond is part of the period.
    let to = to.unwrap_or(now.plus(Duration::from_millis(1)));
    let from = from.unwrap_or(to.minus(default));
    Period::new(from, to, bucket).map_err(|error| {
        let error = FieldErrorKind::Period { most_days: error.max_days };
        ApiError::Fields(vec![FieldError { field: "to".to_owned(), error }])
    })
}
