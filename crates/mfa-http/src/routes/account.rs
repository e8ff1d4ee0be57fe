//! The caller's account: how it is protected, by what its login can go on, and its end.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::FactorKind;
use mfa_flows::{AcceptedStages, AccountStatus, MethodChoice, MethodState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::schemas;
use crate::problem::ApiError;
use crate::request::ApiRequest;
use crate::request_context::RequestContext;
use crate::rfc3339::rfc3339;

#[derive(Serialize, ToSchema)]
#[schema(as = AccountStatus)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the contract")]
struct StatusResponse {
    /// The user's id, as in the token's `sub`.
    user_id: i64,
    /// Whether the user must have a second factor.
    mfa_enforced: bool,
    /// Whether an authenticator app is in force.
    totp_enabled: bool,
    /// Since when.
    #[schema(format = DateTime, required = true)]
    totp_enrolled_at: Option<String>,
    /// The number in force, masked.
    #[schema(schema_with = schemas::masked_phone_or_null, required = true)]
    phone: Option<String>,
    /// Whether the number is the user's.
    phone_verified: bool,
    /// What stands in for the app.
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
    /// How many recovery codes are not used yet.
    #[schema(minimum = 0, maximum = 10)]
    recovery_codes_left: usize,
    /// Whether codes are refused for now.
    locked: bool,
    /// Until when; null where it is not locked, and where only an administrator ends it.
    #[schema(format = DateTime, required = true)]
    lock_until: Option<String>,
    /// Wrong codes in a row.
    #[schema(minimum = 0)]
    failed_attempts: u32,
    /// When a second factor was last shown.
    #[schema(format = DateTime, required = true)]
    last_success_at: Option<String>,
    /// Which one.
    #[schema(schema_with = schemas::factor_or_null, required = true)]
    last_method: Option<&'static str>,
}

impl From<AccountStatus> for StatusResponse {
    fn from(status: AccountStatus) -> Self {
        Self {
            user_id: status.user.value(),
            mfa_enforced: status.mfa_enforced,
            totp_enabled: status.totp_enabled,
            totp_enrolled_at: status.totp_enrolled_at.and_then(rfc3339),
            phone: status.phone,
            phone_verified: status.phone_verified,
            backup_method: status.backup_method,
            recovery_codes_left: status.recovery_codes_left,
            locked: status.locked,
            lock_until: status.lock_until.and_then(rfc3339),
            failed_attempts: status.failed_attempts,
            last_success_at: status.last_success_at.and_then(rfc3339),
            last_method: status.last_method.map(FactorKind::as_str),
        }
    }
}

/// `GET /api/mfa/status`
pub(super) async fn status(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::Access)?;
    body.nothing()?;
    let status = intake.run(|flows| async move { flows.status(&call).await }).await?;
    Ok(HttpResponse::Ok().json(StatusResponse::from(status)))
}

#[derive(Serialize, ToSchema)]
struct MethodsResponse {
    /// Best first.
    #[schema(max_items = 3)]
    methods: Vec<MethodEntry>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MethodChoice)]
struct MethodEntry {
    #[schema(schema_with = schemas::factor)]
    method: &'static str,
    /// Its name, in the caller's language.
    label: String,
    /// Whether it can be used now.
    available: bool,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = doc::reason)]
    reason: Option<&'static str>,
}

impl MethodEntry {
    fn new(choice: MethodChoice, caller: &RequestContext) -> Self {
        Self {
            method: choice.method.as_str(),
            label: caller.translate(label(choice.method), &[]).into_owned(),
            available: choice.state == MethodState::Available,
            reason: match choice.state {
                MethodState::Available => None,
                MethodState::NotEnrolled => Some("not_enrolled"),
                MethodState::Locked => Some("account_locked"),
                MethodState::Unavailable => Some("sms_unavailable"),
                MethodState::Unreachable => Some("phone_unreachable"),
            },
        }
    }
}

const fn label(method: FactorKind) -> &'static str {
    match method {
        FactorKind::Totp => "method-totp",
        FactorKind::Sms => "method-sms",
        FactorKind::Recovery => "method-recovery",
    }
}

/// `GET /api/mfa/methods`
pub(super) async fn methods(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::Any)?;
    body.nothing()?;
    let choices = intake.run(|flows| async move { flows.methods(&call).await }).await?;
    let caller = intake.caller();
    let methods = choices.into_iter().map(|choice| MethodEntry::new(choice, caller)).collect();
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Language", caller.language.tag()))
        .insert_header(("Vary", "Accept-Language"))
        .json(MethodsResponse { methods }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = TokenRevoked)]
struct RevokeResponse {
    #[schema(schema_with = schemas::always_true)]
    revoked: bool,
}

/// `POST /api/mfa/token/revoke`
pub(super) async fn revoke(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::Any)?;
    body.nothing()?;
    intake.run(|flows| async move { flows.revoke(&call).await }).await?;
    Ok(HttpResponse::Ok().json(RevokeResponse { revoked: true }))
}
