//! Handlers of the MFA status, the verification methods and token revocation.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::{FactorKind, Timestamp};
use mfa_flows::{AcceptedStages, AccountStatus, AuthenticatorCounts, MethodChoice, MethodState};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use crate::problem::ApiError;
use crate::request::ApiRequest;
use crate::request_context::RequestContext;
use crate::schemas;

/// MFA status of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountStatus)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the contract")]
struct StatusResponse {
    /// Id of the user, as in the claim `sub` of the token.
    user_id: i64,
    /// Whether MFA is required for the user.
    mfa_enforced: bool,
    /// Whether an authenticator app is enrolled.
    totp_enabled: bool,
    /// Time of the enrolment, or null.
    #[schema(format = DateTime, required = true)]
    totp_enrolled_at: Option<String>,
    /// Phone number, masked.
    #[schema(schema_with = schemas::masked_phone_or_null, required = true)]
    phone: Option<String>,
    /// Whether the phone number is verified.
    phone_verified: bool,
    /// Backup method.
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
    /// Number of unused recovery codes.
    #[schema(minimum = 0, maximum = 10)]
    recovery_codes_left: usize,
    /// Whether the account is locked after too many wrong codes.
    locked: bool,
    /// End of the lock; null if the account is not locked, or if only an administrator can unlock it.
    #[schema(format = DateTime, required = true)]
    lock_until: Option<String>,
    /// Number of consecutive wrong codes.
    #[schema(minimum = 0)]
    failed_attempts: u32,
    /// Time of the last successful verification of a second factor, or null.
    #[schema(format = DateTime, required = true)]
    last_success_at: Option<String>,
    /// Factor of the last successful verification, or null.
    #[schema(schema_with = schemas::factor_or_null, required = true)]
    last_method: Option<&'static str>,
    /// Number of authenticators by kind.
    authenticators: AuthenticatorCountsResponse,
    /// Whether the account has a factor that an imitated page cannot relay: a passkey.
    phishing_resistant: bool,
    /// Whether only such a factor logs the user in.
    phishing_resistant_required: bool,
}

/// Number of authenticators by kind.
#[derive(Serialize, ToSchema)]
#[schema(as = AuthenticatorCounts)]
pub(super) struct AuthenticatorCountsResponse {
    /// Passkeys and security keys.
    passkey: usize,
    /// Authenticator apps.
    totp: usize,
    /// Verified phones.
    sms: usize,
}

impl From<AuthenticatorCounts> for AuthenticatorCountsResponse {
    fn from(it: AuthenticatorCounts) -> Self {
        Self { passkey: it.passkey, totp: it.totp, sms: it.sms }
    }
}

impl From<AccountStatus> for StatusResponse {
    fn from(status: AccountStatus) -> Self {
        Self {
            user_id: status.user.value(),
            mfa_enforced: status.mfa_enforced,
            totp_enabled: status.totp_enabled,
            totp_enrolled_at: status.totp_enrolled_at.and_then(Timestamp::to_rfc3339),
            phone: status.phone,
            phone_verified: status.phone_verified,
            backup_method: status.backup_method,
            recovery_codes_left: status.recovery_codes_left,
            locked: status.locked,
            lock_until: status.lock_until.and_then(Timestamp::to_rfc3339),
            failed_attempts: status.failed_attempts,
            last_success_at: status.last_success_at.and_then(Timestamp::to_rfc3339),
            last_method: status.last_method.map(FactorKind::as_str),
            authenticators: status.authenticators.into(),
            phishing_resistant: status.phishing_resistant,
            phishing_resistant_required: status.phishing_resistant_required,
        }
    }
}

/// `GET /api/mfa/status`
pub(super) async fn status(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::AccessOrEnrolment)?;
    body.require_empty()?;
    let status = request.run(|flows| async move { flows.status(&call).await }).await?;
    Ok(HttpResponse::Ok().json(StatusResponse::from(status)))
}

/// Verification methods of the account.
#[derive(Serialize, ToSchema)]
struct MethodsResponse {
    /// Verification methods, the preferred one first.
    #[schema(max_items = 4)]
    methods: Vec<MethodEntry>,
}

/// Verification method and its availability.
#[derive(Serialize, ToSchema)]
#[schema(as = MethodChoice)]
struct MethodEntry {
    #[schema(schema_with = schemas::factor)]
    method: &'static str,
    /// Name of the method, in the language of the request.
    label: String,
    /// Whether the method can be used now.
    available: bool,
    /// Reason why the method cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = unavailable_reason)]
    reason: Option<&'static str>,
}

impl MethodEntry {
    fn new(choice: MethodChoice, context: &RequestContext) -> Self {
        Self {
            method: choice.method.as_str(),
            label: context.translate(label(choice.method), &[]).into_owned(),
            available: choice.state == MethodState::Available,
            reason: match choice.state {
                MethodState::Available => None,
                MethodState::NotEnrolled => Some("not_enrolled"),
                MethodState::Locked => Some("account_locked"),
                MethodState::Unavailable if choice.method == FactorKind::Passkey => {
                    Some("passkeys_unavailable")
                }
                MethodState::Unavailable => Some("sms_unavailable"),
                MethodState::Unreachable => Some("phone_unreachable"),
                MethodState::Unreadable => Some("secret_unreadable"),
                MethodState::Refused => Some("phone_refused"),
                MethodState::NotAccepted => Some("phishing_resistant_required"),
            },
        }
    }
}

/// Returns the Fluent message with the name of a method.
const fn label(method: FactorKind) -> &'static str {
    match method {
        FactorKind::Totp => "method-totp",
        FactorKind::Sms => "method-sms",
        FactorKind::Recovery => "method-recovery",
        FactorKind::Passkey => "method-passkey",
    }
}

/// Schema of the reason why a method cannot be used.
fn unavailable_reason() -> Object {
    schemas::string_enum(&[
        "not_enrolled",
        "account_locked",
        "secret_unreadable",
        "sms_unavailable",
        "passkeys_unavailable",
        "phone_refused",
        "phone_unreachable",
        "phishing_resistant_required",
    ])
    .description(Some("Reason why the method cannot be used."))
    .build()
}

/// `GET /api/mfa/methods`
pub(super) async fn methods(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::Any)?;
    body.require_empty()?;
    let choices = request.run(|flows| async move { flows.methods(&call).await }).await?;
    let context = request.context();
    let methods = choices.into_iter().map(|choice| MethodEntry::new(choice, context)).collect();
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Language", context.language.tag()))
        .insert_header(("Vary", "Accept-Language"))
        .json(MethodsResponse { methods }))
}

/// Confirmation of the revocation.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenRevoked)]
struct RevokeResponse {
    /// Always `true`.
    revoked: bool,
}

/// `POST /api/mfa/token/revoke`
pub(super) async fn revoke(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::Any)?;
    body.require_empty()?;
    request.run(|flows| async move { flows.revoke(&call).await }).await?;
    Ok(HttpResponse::Ok().json(RevokeResponse { revoked: true }))
}
