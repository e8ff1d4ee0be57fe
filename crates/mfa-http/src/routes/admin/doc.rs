//! OpenAPI descriptions of the endpoints for administrators.

use mfa_core::EventKind;
use serde_json::{Value, json};
use utoipa::openapi::Object;
use utoipa::openapi::path::Parameter;

use super::events::EventListResponse;
use super::stats::{StatsResponse, bucket};
use super::users::{
    AdminRecoveryCodesResponse, AuthenticatorRemovedResponse, EnforceRequest, EnforceResponse,
    MAX_SEARCH_LENGTH, ReasonRequest, ResetResponse, UnlockResponse, UserDetail, UserListResponse,
};
use crate::openapi::{ApiTag, Operation, path_parameter, query_parameter};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::routes::authenticators::doc::passkey;
use crate::routes::events::doc::{PAGE_SIZE, page_size};
use crate::schemas::{self, MASKED_PHONE, RECOVERY_CODE, TIMESTAMP, id, text};

pub(in crate::routes) fn list_users() -> Operation {
    read(
        "listUsers",
        "List users",
        "Returns the users that match the search text, in the order of their ids.",
    )
    .parameter(query_parameter(
        "query",
        "Search text: part of the user name or e-mail address.",
        text(0, MAX_SEARCH_LENGTH).build(),
    ))
    .parameter(query_parameter("limit", PAGE_SIZE, page_size()))
    .parameter(query_parameter(
        "after",
        "Return users with a greater id. Use `next` of the previous page.",
        id(0),
    ))
    .responds::<UserListResponse>(
        "Page of users.",
        json!({
            "users": [{
                "user_id": 42,
                "email": "ada@example.com",
                "username": "ada",
                "full_name": "Ada Lovelace",
                "is_active": true,
                "is_superuser": false,
                "mfa_enforced": true,
                "totp_enabled": true,
                "locked": false,
                "lock_until": null,
            }],
            "next": null,
        }),
    )
}

pub(in crate::routes) fn show() -> Operation {
    read("showUser", "Get a user", "Returns the user with the MFA status of the account.")
        .parameter(user_id())
        .problems([ProblemKind::NotFound])
        .responds::<UserDetail>(
            "User with the MFA status of the account.",
            json!({
                "user_id": 42,
                "email": "ada@example.com",
                "username": "ada",
                "is_active": true,
                "is_superuser": false,
                "mfa_enforced": true,
                "totp_enabled": true,
                "totp_enrolled_at": TIMESTAMP,
                "phone": MASKED_PHONE,
                "phone_verified": true,
                "backup_method": "sms",
                "recovery_codes_left": 9,
                "locked": false,
                "lock_until": null,
                "failed_attempts": 0,
                "last_success_at": TIMESTAMP,
                "last_method": "totp",
                "authenticators": [passkey("Phone")],
                "phishing_resistant": true,
                "phishing_resistant_required": false,
            }),
        )
}

pub(in crate::routes) fn unlock() -> Operation {
    change("unlockUser", "Unlock a user account", "Ends the lock and resets the number of wrong codes.")
        .optional_body::<ReasonRequest>(reason_example(), ("reason", FieldErrorKind::Unusable))
        .responds::<UnlockResponse>("The account is unlocked.", json!({ "user_id": 42, "unlocked": true }))
}

pub(in crate::routes) fn reset() -> Operation {
    change(
        "resetUser",
        "Remove all factors of a user",
        "Removes the authenticator app, the phone number and the recovery codes, revokes every token of \
         the user, and ends a lock. If MFA is required, the user enrols a new factor at the next login.",
    )
    .optional_body::<ReasonRequest>(reason_example(), ("reason", FieldErrorKind::Unusable))
    .responds::<ResetResponse>("All factors are removed.", json!({ "user_id": 42, "reset": true }))
}

pub(in crate::routes) fn enforce() -> Operation {
    change(
        "enforceUser",
        "Require MFA for a user",
        "Requires MFA for the user, or stops requiring it, depending on `enforced`. With `phishing_resistant`, requires a \
         passkey too: other factors do not log the user in any more. Absent, that requirement does not change.",
    )
    .body::<EnforceRequest>(
        json!({ "enforced": true, "phishing_resistant": true, "reason": "policy of the finance department" }),
        ("enforced", FieldErrorKind::NotAFlag),
    )
    .problems([ProblemKind::MethodNotAvailable])
    .responds::<EnforceResponse>(
        "MFA requirement of the user.",
        json!({ "user_id": 42, "mfa_enforced": true, "phishing_resistant_required": true }),
    )
}

pub(in crate::routes) fn regenerate() -> Operation {
    change(
        "regenerateRecoveryCodesOfUser",
        "Regenerate the recovery codes of a user",
        "Generates ten new recovery codes and invalidates all earlier ones. The codes are shown only in this response.",
    )
    .optional_body::<ReasonRequest>(reason_example(), ("reason", FieldErrorKind::Unusable))
    .responds::<AdminRecoveryCodesResponse>(
        "New recovery codes.",
        json!({ "user_id": 42, "recovery_codes": vec![RECOVERY_CODE; 10] }),
    )
}

pub(in crate::routes) fn remove_authenticator() -> Operation {
    change(
        "removeAuthenticatorOfUser",
        "Remove an authenticator of a user",
        "Removes a passkey, the authenticator app or the phone of the user, and revokes every token of the user. The last \
         factor is removed too, even if MFA is required: the user enrols a new one at the next login.",
    )
    .parameter(path_parameter(
        "authenticator_id",
        "Id of the authenticator.",
        text(1, 64).build(),
        "q83vEjRWeJCr",
    ))
    .optional_body::<ReasonRequest>(reason_example(), ("reason", FieldErrorKind::Unusable))
    .responds::<AuthenticatorRemovedResponse>(
        "The authenticator is removed.",
        json!({ "user_id": 42, "removed": true }),
    )
}

pub(in crate::routes) fn list_events() -> Operation {
    let kinds: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    read(
        "listAllEvents",
        "List security events of all users",
        "Returns the events of all users or of one user, newest first.",
    )
    .parameter(query_parameter("user_id", "Return events of this user.", id(1)))
    .parameter(query_parameter("event", "Return events of this kind.", schemas::string_enum(&kinds).build()))
    .parameter(query_parameter("limit", PAGE_SIZE, page_size()))
    .parameter(query_parameter("before", "Return older events. Use `next` of the previous page.", id(1)))
    .responds::<EventListResponse>(
        "Page of security events.",
        json!({
            "events": [{
                "id": 4711,
                "at": TIMESTAMP,
                "user_id": 42,
                "seq": 7,
                "event": "admin_unlock",
                "method": null,
                "outcome": "success",
                "ip": "198.51.100.7",
                "user_agent": "Mozilla/5.0",
                "request_id": "3f1c9a5be8d24c6f9b0a7e5d4c3b2a10",
                "actor": "1 (demo)",
                "reason": "lost phone, ticket 7",
            }],
            "next": null,
        }),
    )
}

pub(in crate::routes) fn stats() -> Operation {
    read(
        "statistics",
        "Get statistics",
        "Returns time series and current totals over all users. A series omits buckets without events. The \
         default period is 24 hours for hourly buckets and 30 days for daily ones; the bucket size limits the \
         length of the period.",
    )
    .parameter(query_parameter("from", "Start of the period.", time()))
    .parameter(query_parameter("to", "End of the period.", time()))
    .parameter(query_parameter("bucket", "Size of a bucket.", bucket()))
    .responds::<StatsResponse>(
        "Statistics of the period.",
        json!({
            "from": "2026-11-21T23:47:01.733Z",
            "to": "2026-11-22T23:47:01.733Z",
            "bucket": "hour",
            "verifications": [{ "at": "2026-11-22T09:00:00Z", "method": "totp", "outcome": "success", "count": 128 }],
            "lockouts": [{ "at": "2026-11-22T09:00:00Z", "count": 1 }],
            "sms": [{
                "at": "2026-11-22T09:00:00Z",
                "country": "FR",
                "provider": "ovh",
                "sent": 12,
                "delivered": 11,
                "failed": 0,
                "used": 10,
            }],
            "totals": {
                "users": 1200,
                "with_factor": 1100,
                "by_factor": { "totp": 1080, "sms": 240 },
                "locked": 1,
                "enforced": 900,
                "recovery_codes_low": 35,
            },
        }),
    )
}

/// Schema of a time in the query. An empty value is the same as no value.
fn time() -> Object {
    let (day, hour) = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?");
    let pattern = format!("^({day}T{hour}(Z|[+-][0-9]{{2}}:[0-9]{{2}}))?$");
    text(0, 64).pattern(Some(pattern)).examples([json!(TIMESTAMP)]).build()
}

/// Creates the description of an endpoint that reads data.
fn read(id: &'static str, summary: &'static str, description: &'static str) -> Operation {
    Operation::new(id, ApiTag::Admin, summary, description).superuser().no_body()
}

/// Creates the description of an endpoint that changes a user. Step-up applies when administrators change their own
/// account.
fn change(id: &'static str, summary: &'static str, description: &'static str) -> Operation {
    Operation::new(id, ApiTag::Admin, summary, description)
        .superuser()
        .changes_factor()
        .rate_limited_by_user()
        .parameter(user_id())
        .problems([ProblemKind::NotFound])
}

fn user_id() -> Parameter {
    path_parameter("id", "Id of the user.", id(1), 42)
}

fn reason_example() -> Value {
    json!({ "reason": "lost phone, ticket 7" })
}
