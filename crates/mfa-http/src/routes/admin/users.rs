//! Users and their factors, as administrators see and change them.

use actix_web::HttpResponse;
use actix_web::web::Path;
use mfa_core::{Account, FactorKind, Lock, SecretText, Timestamp, UserId, UserPage, UserQuery, UserRecord};
use mfa_flows::{AcceptedStages, AccountStatus, AdminAct, AdminCall, FlowError, Flows};
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use utoipa::ToSchema;

use super::{reason, user};
use crate::openapi::schemas;
use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request::{ApiRequest, JsonObject, whole_number};
use crate::rfc3339::rfc3339;
use crate::routes::events::{USUAL_PAGE, page_size};

/// As long as an e-mail address can be.
pub(super) const LONGEST_SEARCH: usize = 254;

#[derive(Serialize, ToSchema)]
#[schema(as = UserListResponse)]
pub(super) struct UserListResponse {
    users: Vec<ListedUser>,
    /// The `after` of the next page.
    #[schema(required = true)]
    next: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ListedUser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
struct ListedUser {
    user_id: i64,
    email: String,
    username: String,
    #[schema(required = true)]
    full_name: Option<String>,
    is_active: bool,
    is_superuser: bool,
    mfa_enforced: bool,
    totp_enabled: bool,
    locked: bool,
    #[schema(format = DateTime, required = true)]
    lock_until: Option<String>,
}

impl ListedUser {
    fn new(user: UserRecord, now: Timestamp) -> Self {
        let lock = Lock::in_force(user.lock_until, now);
        let end = lock.and_then(|lock| match lock {
            Lock::Until(end) => rfc3339(end),
            Lock::UntilAdministrator => None,
        });
        Self {
            user_id: user.user.value(),
            email: user.email,
            username: user.username,
            full_name: user.full_name,
            is_active: user.is_active,
            is_superuser: user.is_superuser,
            mfa_enforced: user.mfa_enforced,
            totp_enabled: user.totp_enabled,
            locked: lock.is_some(),
            lock_until: end,
        }
    }
}

impl UserListResponse {
    fn new(page: UserPage, limit: u32, now: Timestamp) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = page.users.len() > limit;
        let users: Vec<_> = page.users.into_iter().take(limit).map(|it| ListedUser::new(it, now)).collect();
        Self { next: users.last().filter(|_| more).map(|user| user.user_id), users }
    }
}

/// `GET /api/mfa/admin/users`
pub(in crate::routes) async fn list(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    body.nothing()?;
    let mut query = intake.query()?;
    let text = query.optional("query", search);
    let limit = query.optional("limit", page_size).unwrap_or(USUAL_PAGE);
    let after = query.optional("after", |text| whole_number(0, i64::MAX)(text));
    query.finish(Some(()))?;
    let users = intake
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAct::Look, None).await?;
            // One more than is shown tells whether there is another page.
            let query = UserQuery { text, after: after.map(UserId::new), limit: limit.saturating_add(1) };
            let page = flows.list_users(&admin, query).await?;
            Ok::<_, FlowError>(UserListResponse::new(page, limit, flows.ports().clock.now()))
        })
        .await?;
    Ok(HttpResponse::Ok().json(users))
}

/// Part of a name or an address.
fn search(text: &str) -> Result<String, FieldErrorKind> {
    let fits = text.chars().count() <= LONGEST_SEARCH;
    let too_long = FieldErrorKind::Length { most: LONGEST_SEARCH, unit: LengthUnit::Characters };
    if fits { Ok(text.to_owned()) } else { Err(too_long) }
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserCard)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
pub(super) struct UserDetail {
    user_id: i64,
    email: String,
    username: String,
    is_active: bool,
    is_superuser: bool,
    mfa_enforced: bool,
    totp_enabled: bool,
    #[schema(format = DateTime, required = true)]
    totp_enrolled_at: Option<String>,
    #[schema(schema_with = schemas::masked_phone_or_null, required = true)]
    phone: Option<String>,
    phone_verified: bool,
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
    recovery_codes_left: usize,
    locked: bool,
    #[schema(format = DateTime, required = true)]
    lock_until: Option<String>,
    failed_attempts: u32,
    #[schema(format = DateTime, required = true)]
    last_success_at: Option<String>,
    #[schema(schema_with = schemas::factor_or_null, required = true)]
    last_method: Option<&'static str>,
}

impl UserDetail {
    fn new(account: Account, status: AccountStatus) -> Self {
        Self {
            user_id: status.user.value(),
            email: account.email,
            username: account.username,
            is_active: account.is_active,
            is_superuser: account.is_superuser,
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

/// `GET /api/mfa/admin/users/{id}`
pub(in crate::routes) async fn show(intake: ApiRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    body.nothing()?;
    let id = id.into_inner();
    let card = intake
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAct::Look, None).await?;
            let (account, status) = flows.show_user(&admin, user(&id)?).await?;
            Ok::<_, ApiError>(UserDetail::new(account, status))
        })
        .await?;
    Ok(HttpResponse::Ok().json(card))
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserUnlocked)]
pub(super) struct UnlockResponse {
    user_id: i64,
    #[schema(schema_with = schemas::always_true)]
    unlocked: bool,
}

/// `POST /api/mfa/admin/users/{id}/unlock`
pub(in crate::routes) async fn unlock(
    intake: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        flows.unlock_user(&admin, user).await?;
        Ok(UnlockResponse { user_id: user.value(), unlocked: true })
    };
    changed(intake, id, |_| Some(()), change).await
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserReset)]
pub(super) struct ResetResponse {
    user_id: i64,
    #[schema(schema_with = schemas::always_true)]
    reset: bool,
}

/// `POST /api/mfa/admin/users/{id}/reset`
pub(in crate::routes) async fn reset(intake: ApiRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        flows.reset_user(&admin, user).await?;
        Ok(ResetResponse { user_id: user.value(), reset: true })
    };
    changed(intake, id, |_| Some(()), change).await
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserEnforced)]
pub(super) struct EnforceResponse {
    user_id: i64,
    mfa_enforced: bool,
}

/// `POST /api/mfa/admin/users/{id}/enforce`
pub(in crate::routes) async fn enforce(
    intake: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, enforced| async move {
        flows.enforce_user(&admin, user, enforced).await?;
        Ok(EnforceResponse { user_id: user.value(), mfa_enforced: enforced })
    };
    changed(intake, id, |body| body.flag("enforced"), change).await
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserRecoveryCodes)]
pub(super) struct AdminRecoveryCodesResponse {
    user_id: i64,
    /// Shown this once.
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Vec<String>,
}

/// `POST /api/mfa/admin/users/{id}/recovery/regenerate`
pub(in crate::routes) async fn regenerate(
    intake: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        let codes = flows.regenerate_for(&admin, user).await?;
        let recovery_codes = codes.iter().map(SecretText::expose).map(str::to_owned).collect();
        Ok(AdminRecoveryCodesResponse { user_id: user.value(), recovery_codes })
    };
    changed(intake, id, |_| Some(()), change).await
}

/// Reads the body, has the caller taken for an administrator, and runs one change of one user.
async fn changed<C, T, F>(
    intake: ApiRequest,
    id: Path<String>,
    read: impl FnOnce(&mut JsonObject) -> Option<C>,
    change: impl FnOnce(Arc<Flows>, AdminCall, UserId, C) -> F + Send + 'static,
) -> Result<HttpResponse, ApiError>
where
    C: Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    let mut object = body.optional_object()?;
    let why = object.optional("reason", reason);
    let what = read(&mut object);
    let what = object.finish(what)?;
    let id = id.into_inner();
    let answer = intake
        .run(|flows| async move {
            // Nobody learns who there is before being taken for an administrator.
            let named = user(&id);
            let act = named.as_ref().map_or(AdminAct::Look, |user| AdminAct::Change(*user));
            let admin = flows.administrator(&call, act, why).await?;
            Ok::<_, ApiError>(change(Arc::clone(&flows), admin, named?, what).await?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(answer))
}
