//! Handlers of users and their factors.

use std::future::Future;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Path;
use mfa_core::{Account, FactorKind, Role, SecretText, Timestamp, UserId};
use mfa_flows::{
    AcceptedStages, AccountStatus, AdminAction, AdminCall, Authenticator, Call, FlowError, Flows,
    RequirementChange, SupportAction, SupportCall,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::{reason, user_id};
use crate::problem::ApiError;
use crate::request::{ApiRequest, Field, FieldErrors};
use crate::routes::authenticators::{AuthenticatorListResponse, AuthenticatorResponse};
use crate::schemas;

/// Schema of the role of a user.
fn role() -> Object {
    schemas::string_enum(&["admin", "helpdesk", "none"])
        .description(Some("Role in the administration. `admin` has the rights of a superuser."))
        .build()
}

/// User with the MFA status of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = UserDetail)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
pub(super) struct UserDetail {
    /// Id of the user.
    user_id: i64,
    /// E-mail address.
    email: String,
    /// User name.
    username: String,
    /// Full name, or null.
    #[schema(required = true)]
    full_name: Option<String>,
    /// Whether the user may log in.
    is_active: bool,
    /// Whether the user is an administrator.
    is_superuser: bool,
    #[schema(schema_with = role)]
    role: &'static str,
    /// Whether MFA is required for the user.
    mfa_enforced: bool,
    /// Whether an authenticator app is enrolled.
    totp_enabled: bool,
    /// Time of the enrolment, or null.
    #[schema(format = DateTime, required = true)]
    totp_enrolled_at: Option<String>,
    #[schema(schema_with = schemas::masked_phone_or_null, required = true)]
    phone: Option<String>,
    /// Whether the phone number is verified.
    phone_verified: bool,
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
    /// Number of unused recovery codes.
    recovery_codes_left: usize,
    /// Whether the account is locked.
    locked: bool,
    /// End of the lock; null if the account is not locked, or if only an administrator can unlock it.
    #[schema(format = DateTime, required = true)]
    lock_until: Option<String>,
    /// Number of consecutive wrong codes.
    failed_attempts: u32,
    /// Time of the last successful verification of a second factor, or null.
    #[schema(format = DateTime, required = true)]
    last_success_at: Option<String>,
    #[schema(schema_with = schemas::factor_or_null, required = true)]
    last_method: Option<&'static str>,
    /// Authenticators, passkeys first.
    authenticators: Vec<AuthenticatorResponse>,
    /// Whether the account has a factor that an imitated page cannot relay: a passkey.
    phishing_resistant: bool,
    /// Whether only such a factor logs the user in: the setting or an administrator requires it.
    phishing_resistant_required: bool,
}

impl UserDetail {
    fn new(
        account: Account,
        status: AccountStatus,
        full_name: Option<String>,
        role: Role,
        authenticators: Vec<Authenticator>,
    ) -> Self {
        Self {
            user_id: status.user.value(),
            email: account.email,
            username: account.username,
            full_name,
            is_active: account.is_active,
            is_superuser: account.is_superuser,
            role: role.as_str(),
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
            authenticators: AuthenticatorListResponse::entries(authenticators),
            phishing_resistant: status.phishing_resistant,
            phishing_resistant_required: status.phishing_resistant_required,
        }
    }
}

/// `GET /api/mfa/admin/users/{id}`
pub(in crate::routes) async fn show(request: ApiRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let id = id.into_inner();
    let detail = request
        .run(|flows| async move {
            let user = user_id(&id);
            let action = user.as_ref().map_or(SupportAction::List, |user| SupportAction::View(*user));
            let support = flows.support(&call, action, None).await?;
            let (user, admin) = (user?, support.admin());
            let (account, status) = flows.show_user(admin, user).await?;
            let full_name = flows.full_name(admin, user).await?;
            let role = flows.role_of(admin, &account).await?;
            let authenticators = flows.list_authenticators(user).await?;
            Ok::<_, ApiError>(UserDetail::new(account, status, full_name, role, authenticators))
        })
        .await?;
    Ok(HttpResponse::Ok().json(detail))
}

/// Request body of the changes that need only a reason.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonRequest {
    #[schema(schema_with = reason_schema)]
    reason: Field,
}

/// Request body of an unlock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnlockRequest {
    #[schema(schema_with = reason_schema)]
    reason: Option<Field>,
}

/// Schema of a reason. It has no control characters, because the audit log is read line by line.
pub(super) fn reason_schema() -> Object {
    schemas::text(1, super::MAX_REASON_LENGTH)
        .pattern(Some("^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"))
        .description(Some("Reason for the audit log: one line."))
        .build()
}

/// Confirmation that the account is unlocked.
#[derive(Serialize, ToSchema)]
#[schema(as = UserUnlocked)]
pub(super) struct UnlockResponse {
    /// Id of the user.
    user_id: i64,
    /// Always `true`.
    unlocked: bool,
}

/// `POST /api/mfa/admin/users/{id}/unlock`
pub(in crate::routes) async fn unlock(
    request: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, call: SupportCall, user, ()| async move {
        flows.unlock_for(&call, user).await?;
        Ok(UnlockResponse { user_id: user.value(), unlocked: true })
    };
    let read = |body: UnlockRequest, errors: &mut FieldErrors| {
        (body.reason.and_then(|field| read_reason(field, errors)), Some(()))
    };
    run_support_change(request, id, read, change).await
}

/// Confirmation that all factors are removed.
#[derive(Serialize, ToSchema)]
#[schema(as = UserReset)]
pub(super) struct ResetResponse {
    /// Id of the user.
    user_id: i64,
    /// Always `true`.
    reset: bool,
}

/// `POST /api/mfa/admin/users/{id}/reset`
pub(in crate::routes) async fn reset(
    request: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        flows.reset_user(&admin, user).await?;
        Ok(ResetResponse { user_id: user.value(), reset: true })
    };
    run_change(request, id, reason_only, change).await
}

/// Request body of the MFA requirement.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnforceRequest {
    /// Whether MFA is required for the user.
    #[schema(value_type = bool)]
    enforced: Field,
    /// Whether a passkey is required of the user. Absent: unchanged.
    #[schema(value_type = Option<bool>, nullable = false)]
    phishing_resistant: Option<Field>,
    #[schema(schema_with = reason_schema)]
    reason: Field,
}

/// MFA requirement of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = UserEnforced)]
pub(super) struct EnforceResponse {
    /// Id of the user.
    user_id: i64,
    /// Whether MFA is required for the user.
    mfa_enforced: bool,
    /// Whether a passkey is required of the user: the setting or an administrator requires it.
    phishing_resistant_required: bool,
}

/// `POST /api/mfa/admin/users/{id}/enforce`
pub(in crate::routes) async fn enforce(
    request: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, change| async move {
        let required = flows.enforce_user(&admin, user, change).await?;
        Ok(EnforceResponse {
            user_id: user.value(),
            mfa_enforced: required.enforced,
            phishing_resistant_required: required.phishing_resistant,
        })
    };
    let read = |body: EnforceRequest, errors: &mut FieldErrors| {
        // In the order of the other changes: the reason first.
        let reason = read_reason(body.reason, errors);
        let enforced = body.enforced.flag(errors);
        let phishing_resistant = match body.phishing_resistant {
            Some(field) => field.flag(errors).map(Some),
            None => Some(None),
        };
        let change = enforced.zip(phishing_resistant).map(|(enforced, phishing_resistant)| {
            RequirementChange { enforced: Some(enforced), phishing_resistant }
        });
        (reason, change)
    };
    run_change(request, id, read, change).await
}

/// New recovery codes of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = UserRecoveryCodes)]
pub(super) struct AdminRecoveryCodesResponse {
    /// Id of the user.
    user_id: i64,
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Vec<String>,
}

/// `POST /api/mfa/admin/users/{id}/recovery/regenerate`
pub(in crate::routes) async fn regenerate(
    request: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        let codes = flows.regenerate_for(&admin, user).await?;
        let recovery_codes = codes.iter().map(SecretText::expose).map(str::to_owned).collect();
        Ok(AdminRecoveryCodesResponse { user_id: user.value(), recovery_codes })
    };
    run_change(request, id, reason_only, change).await
}

/// Confirmation that an authenticator of a user is removed.
#[derive(Serialize, ToSchema)]
#[schema(as = UserAuthenticatorRemoved)]
pub(super) struct AuthenticatorRemovedResponse {
    /// Id of the user.
    user_id: i64,
    /// Always `true`.
    removed: bool,
}

/// `POST /api/mfa/admin/users/{id}/authenticators/{authenticator_id}/remove`
pub(in crate::routes) async fn remove_authenticator(
    request: ApiRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, authenticator) = path.into_inner();
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        flows.remove_authenticator_of(&admin, user, authenticator).await?;
        Ok(AuthenticatorRemovedResponse { user_id: user.value(), removed: true })
    };
    run_change(request, id.into(), reason_only, change).await
}

fn reason_only(body: ReasonRequest, errors: &mut FieldErrors) -> (Option<String>, Option<()>) {
    (read_reason(body.reason, errors), Some(()))
}

pub(super) fn read_reason(field: Field, errors: &mut FieldErrors) -> Option<String> {
    field.text(errors, reason)
}

/// Parses the body, verifies that the user of the token is an administrator, and runs one change of one user.
///
/// `read` validates the fields of the body. It returns the reason, if any, and the value for `change`.
pub(super) async fn run_change<B, C, T, F>(
    request: ApiRequest,
    id: Path<String>,
    read: impl FnOnce(B, &mut FieldErrors) -> (Option<String>, Option<C>),
    change: impl FnOnce(Arc<Flows>, AdminCall, UserId, C) -> F + Send + 'static,
) -> Result<HttpResponse, ApiError>
where
    B: DeserializeOwned,
    C: Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let authorise = |flows: Arc<Flows>, call: Call, user: Option<UserId>, reason| async move {
        let act = user.map_or(AdminAction::Read, AdminAction::Change);
        flows.administrator(&call, act, reason).await
    };
    run_authorised(request, id, read, authorise, change).await
}

/// Runs one change of one user as [`run_change`] does, for an administrator or the helpdesk.
pub(super) async fn run_support_change<B, C, T, F>(
    request: ApiRequest,
    id: Path<String>,
    read: impl FnOnce(B, &mut FieldErrors) -> (Option<String>, Option<C>),
    change: impl FnOnce(Arc<Flows>, SupportCall, UserId, C) -> F + Send + 'static,
) -> Result<HttpResponse, ApiError>
where
    B: DeserializeOwned,
    C: Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let authorise = |flows: Arc<Flows>, call: Call, user: Option<UserId>, reason| async move {
        let action = user.map_or(SupportAction::List, SupportAction::Change);
        flows.support(&call, action, reason).await
    };
    run_authorised(request, id, read, authorise, change).await
}

/// Parses the body, authorises the caller for the user in the path, and runs one change of that user.
async fn run_authorised<B, C, A, T, G, F>(
    request: ApiRequest,
    id: Path<String>,
    read: impl FnOnce(B, &mut FieldErrors) -> (Option<String>, Option<C>),
    authorise: impl FnOnce(Arc<Flows>, Call, Option<UserId>, Option<String>) -> G + Send + 'static,
    change: impl FnOnce(Arc<Flows>, A, UserId, C) -> F + Send + 'static,
) -> Result<HttpResponse, ApiError>
where
    B: DeserializeOwned,
    C: Send + 'static,
    A: Send,
    T: Serialize + Send + 'static,
    G: Future<Output = Result<A, FlowError>> + Send,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    let (body, mut errors) = body.parse_optional()?;
    let (reason, value) = read(body, &mut errors);
    let value = errors.finish(value)?;
    let id = id.into_inner();
    let response = request
        .run(|flows| async move {
            // The caller is authorised before the user id is checked, so that others learn nothing about user ids.
            let user = user_id(&id);
            let authorised = authorise(Arc::clone(&flows), call, user.as_ref().ok().copied(), reason).await?;
            Ok::<_, ApiError>(change(flows, authorised, user?, value).await?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(response))
}
