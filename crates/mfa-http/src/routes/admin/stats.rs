//! Numbers over all users, as plots want them.

use std::time::Duration;

use actix_web::HttpResponse;
use mfa_core::{Activity, BucketSize, LockoutCount, Period, SmsCount, Timestamp, Totals, VerificationCount};
use mfa_flows::{AcceptedStages, AdminAct};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{ApiError, FieldError, FieldErrorKind};
use crate::request::ApiRequest;
use crate::rfc3339::{parse_rfc3339, rfc3339};

/// The period where the caller names none: by hours, by days.
const A_DAY: Duration = Duration::from_hours(24);
const A_MONTH: Duration = Duration::from_hours(24 * 30);

/// A bucket that a series does not name is one in which nothing happened.
#[derive(Serialize, ToSchema)]
#[schema(as = StatsResponse)]
pub(super) struct StatsResponse {
    #[schema(format = DateTime, required = true)]
    from: Option<String>,
    #[schema(format = DateTime, required = true)]
    to: Option<String>,
    #[schema(schema_with = super::doc::bucket)]
    bucket: &'static str,
    verifications: Vec<VerificationCounts>,
    lockouts: Vec<LockoutCounts>,
    sms: Vec<SmsCounts>,
    totals: TotalsNow,
}

#[derive(Serialize, ToSchema)]
#[schema(as = VerificationCount)]
struct VerificationCounts {
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    method: String,
    outcome: String,
    count: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LockoutCount)]
struct LockoutCounts {
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    count: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SmsCount)]
struct SmsCounts {
    #[schema(format = DateTime, required = true)]
    at: Option<String>,
    country: String,
    #[schema(required = true)]
    provider: Option<String>,
    sent: u64,
    delivered: u64,
    failed: u64,
    used: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Totals)]
struct TotalsNow {
    users: u64,
    with_factor: u64,
    by_factor: ByFactor,
    locked: u64,
    enforced: u64,
    recovery_codes_low: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ByFactor)]
struct ByFactor {
    totp: u64,
    sms: u64,
}

impl From<VerificationCount> for VerificationCounts {
    fn from(it: VerificationCount) -> Self {
        Self { at: rfc3339(it.at), method: it.method, outcome: it.outcome, count: it.count }
    }
}

impl From<LockoutCount> for LockoutCounts {
    fn from(it: LockoutCount) -> Self {
        Self { at: rfc3339(it.at), count: it.count }
    }
}

impl From<SmsCount> for SmsCounts {
    fn from(it: SmsCount) -> Self {
        Self {
            at: rfc3339(it.at),
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
            by_factor: ByFactor { totp: it.with_totp, sms: it.with_sms },
            locked: it.locked,
            enforced: it.enforced,
            recovery_codes_low: it.recovery_codes_low,
        }
    }
}

impl StatsResponse {
    fn new(period: Period, activity: Activity, totals: Totals) -> Self {
        Self {
            from: rfc3339(period.from()),
            to: rfc3339(period.to()),
            bucket: period.bucket().as_str(),
            verifications: activity.verifications.into_iter().map(VerificationCounts::from).collect(),
            lockouts: activity.lockouts.into_iter().map(LockoutCounts::from).collect(),
            sms: activity.sms.into_iter().map(SmsCounts::from).collect(),
            totals: totals.into(),
        }
    }
}

/// `GET /api/mfa/admin/stats`
pub(in crate::routes) async fn stats(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    body.nothing()?;
    let mut query = intake.query()?;
    let from = query.optional("from", time);
    let to = query.optional("to", time);
    let bucket = query.optional("bucket", |text| BucketSize::parse(text).ok_or(FieldErrorKind::NotOneOf));
    let bucket = bucket.unwrap_or(BucketSize::Hour);
    query.finish(Some(()))?;
    let stats = intake
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAct::Look, None).await?;
            let period = period(from, to, bucket, flows.ports().clock.now())?;
            let (activity, totals) = flows.statistics(&admin, period).await?;
            Ok::<_, ApiError>(StatsResponse::new(period, activity, totals))
        })
        .await?;
    Ok(HttpResponse::Ok().json(stats))
}

fn time(text: &str) -> Result<Timestamp, FieldErrorKind> {
    parse_rfc3339(text).ok_or(FieldErrorKind::NotATime)
}

/// The period up to now, where the caller leaves its ends open.
fn period(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    bucket: BucketSize,
    now: Timestamp,
) -> Result<Period, ApiError> {
    let usual = match bucket {
        BucketSize::Hour => A_DAY,
        BucketSize::Day => A_MONTH,
    };
    // The millisecond that is now belongs to it.
    let to = to.unwrap_or(now.plus(Duration::from_millis(1)));
    let from = from.unwrap_or(to.minus(usual));
    Period::new(from, to, bucket).map_err(|error| {
        let error = FieldErrorKind::Period { most_days: error.max_days };
        ApiError::Fields(vec![FieldError { field: "to".to_owned(), error }])
    })
}
