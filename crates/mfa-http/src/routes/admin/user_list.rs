//! Handler of the list of users.

use actix_web::HttpResponse;
use mfa_core::{
    Lock, PageStart, SortOrder, Timestamp, UserFilter, UserId, UserQuery, UserRecord, UserSort, UserState,
    trim_login,
};
use mfa_flows::{AcceptedStages, FlowError, SupportAction, UserList};
use serde::Serialize;
use utoipa::ToSchema;

use crate::csv::user_csv_response;
use crate::problem::{ApiError, FieldError, FieldErrorKind, LengthUnit};
use crate::request::{ApiRequest, InputFields, whole_number};
use crate::routes::events::{DEFAULT_PAGE_SIZE, page_size};

/// Maximum length of a search text in characters: the maximum of an e-mail address.
pub(super) const MAX_SEARCH_LENGTH: usize = 254;

/// Page of users.
#[derive(Serialize, ToSchema)]
#[schema(as = UserListResponse)]
pub(super) struct UserListResponse {
    /// Users in the requested order.
    users: Vec<ListedUser>,
    /// Number of users that match, on all pages.
    total: u64,
    /// Value of `after` for the next page, or null on the last page.
    #[schema(required = true)]
    next: Option<i64>,
    /// Value of `before` for the previous page, or null on the first page.
    #[schema(required = true)]
    previous: Option<i64>,
}

/// User in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedUser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
struct ListedUser {
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
    /// Whether MFA is required for the user.
    mfa_enforced: bool,
    /// Whether an authenticator app is enrolled.
    totp_enabled: bool,
    /// Whether codes by SMS are a second factor of the user.
    sms_enabled: bool,
    /// Whether the user has a passkey.
    passkey_enabled: bool,
    /// Whether the account is locked.
    locked: bool,
    /// End of the lock; null if the account is not locked, or if only an administrator can unlock it.
    #[schema(format = DateTime, required = true)]
    lock_until: Option<String>,
    /// Time of the last successful verification of a second factor, or null.
    #[schema(format = DateTime, required = true)]
    last_success_at: Option<String>,
}

impl ListedUser {
    fn new(user: UserRecord, now: Timestamp) -> Self {
        let lock = user.lock(now);
        let end = lock.and_then(|lock| match lock {
            Lock::Until(end) => end.to_rfc3339(),
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
            sms_enabled: user.sms_enabled,
            passkey_enabled: user.has_passkey,
            locked: lock.is_some(),
            lock_until: end,
            last_success_at: user.last_success_at.and_then(Timestamp::to_rfc3339),
        }
    }
}

impl UserListResponse {
    fn new(list: UserList, now: Timestamp) -> Self {
        Self {
            users: list.page.users.into_iter().map(|it| ListedUser::new(it, now)).collect(),
            total: list.total,
            next: list.page.next.map(UserId::value),
            previous: list.page.previous.map(UserId::value),
        }
    }
}

/// `GET /api/mfa/admin/users`
pub(in crate::routes) async fn list(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let query = read_query(request.query()?)?;
    if request.accepts_csv() {
        let export = request
            .run(|flows| async move {
                let support = flows.support(&call, SupportAction::List, None).await?;
                Ok::<_, FlowError>(flows.export_users(support.admin(), query))
            })
            .await?;
        return user_csv_response(request.mfa(), export, "").await;
    }
    let start = query.start;
    let list = request
        .run(|flows| async move {
            let support = flows.support(&call, SupportAction::List, None).await?;
            let list = flows.list_users(support.admin(), query).await?;
            Ok::<_, FlowError>(list.map(|it| UserListResponse::new(it, flows.now())))
        })
        .await?;
    let list = list.ok_or_else(|| no_such_start(start))?;
    Ok(HttpResponse::Ok().json(list))
}

fn read_query(mut fields: InputFields) -> Result<UserQuery, ApiError> {
    let not_one_of = FieldErrorKind::NotOneOf;
    let text = fields.optional("query", search);
    let state = fields.optional("state", |text| UserState::parse(text).ok_or(not_one_of));
    let sort = fields.optional("sort", |text| UserSort::parse(text).ok_or(not_one_of));
    let order = fields.optional("order", |text| SortOrder::parse(text).ok_or(not_one_of));
    let limit = fields.optional("limit", page_size).unwrap_or(DEFAULT_PAGE_SIZE);
    let after = fields.optional("after", |text| whole_number(0, i64::MAX)(text));
    let before = fields.optional("before", |text| match after {
        None => whole_number(0, i64::MAX)(text),
        // A page starts at one place.
        Some(_) => Err(FieldErrorKind::Unusable),
    });
    fields.finish(Some(()))?;
    let start = match before {
        Some(before) => PageStart::Before(UserId::new(before)),
        None => PageStart::after(after.map(UserId::new)),
    };
    let (sort, order) = (sort.unwrap_or_default(), order.unwrap_or_default());
    Ok(UserQuery { filter: UserFilter::new(text, state), sort, order, start, limit })
}

/// Returns the error of a page that starts at a user who does not exist.
fn no_such_start(start: PageStart) -> ApiError {
    let field = if matches!(start, PageStart::Before(_)) { "before" } else { "after" };
    ApiError::Fields(vec![FieldError { field: field.to_owned(), error: FieldErrorKind::Unusable }])
}

/// Parses a search text: words of a full name, a user name, an e-mail address or an id.
fn search(text: &str) -> Result<String, FieldErrorKind> {
    let text = trim_login(text);
    let fits = text.chars().count() <= MAX_SEARCH_LENGTH;
    let too_long = FieldErrorKind::Length { most: MAX_SEARCH_LENGTH, unit: LengthUnit::Characters };
    if fits { Ok(text.to_owned()) } else { Err(too_long) }
}
