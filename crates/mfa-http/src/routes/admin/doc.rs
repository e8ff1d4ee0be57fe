//! OpenAPI descriptions of the endpoints for administrators.

use mfa_core::{EventKind, SortOrder, UserSort, UserState};
use mfa_flows::{event_csv_header, user_csv_header};
use serde_json::{Value, json};
use utoipa::openapi::Object;
use utoipa::openapi::path::Parameter;

use super::access_pass::{AccessPassResponse, IssueRequest};
use super::bulk::{BulkRequest, BulkResponse};
use super::events::EventListResponse;
use super::role::{RoleRequest, RoleResponse};
use super::sessions::{RevokeSessionsRequest, SessionsRevokedResponse};
use super::stats::{StatsResponse, bucket};
use super::user_list::{MAX_SEARCH_LENGTH, UserListResponse};
use super::users::{
    AdminRecoveryCodesResponse, AuthenticatorRemovedResponse, EnforceRequest, EnforceResponse, ReasonRequest,
    ResetResponse, UnlockRequest, UnlockResponse, UserDetail,
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
        "Returns a page of the users that match, with the total. With `Accept: text/csv`, returns all of them as CSV.",
    )
    .parameter(query_parameter(
        "query",
        "Search text: words of the full name, the user name, the e-mail address or the id. Every word must match, in any \
         order, regardless of case and accents.",
        text(0, MAX_SEARCH_LENGTH).build(),
    ))
    .parameter(query_parameter(
        "state",
        "Return users in this state.",
        schemas::string_enum(&UserState::ALL.map(UserState::as_str)).build(),
    ))
    .parameter(query_parameter(
        "sort",
        "Order of the users: by id (default), by full name or user name, by e-mail address, or by the last verification \
         of a second factor, where users who never verified one come first.",
        schemas::string_enum(&UserSort::ALL.map(UserSort::as_str)).build(),
    ))
    .parameter(query_parameter(
        "order",
        "Direction of the order: ascending (default) or descending.",
        schemas::string_enum(&SortOrder::ALL.map(SortOrder::as_str)).build(),
    ))
    .parameter(query_parameter("limit", PAGE_SIZE, page_size()))
    .parameter(query_parameter(
        "after",
        "Return the users after this one, in the requested order. Use `next` of the previous page.",
        id(0),
    ))
    .parameter(query_parameter(
        "before",
        "Return the users before this one, in the requested order. Use `previous` of the next page.",
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
                "sms_enabled": false,
                "passkey_enabled": true,
                "locked": false,
                "lock_until": null,
                "last_success_at": TIMESTAMP,
            }],
            "total": 1,
            "next": null,
            "previous": null,
        }),
    )
    .or_csv(&user_csv_header())
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
                "full_name": "Ada Lovelace",
                "is_active": true,
                "is_superuser": false,
                "role": "none",
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
    change(
        "unlockUser",
        "Unlock a user account",
        "Ends the lock and resets the number of wrong codes. The helpdesk may unlock users without a role, and not a lock \
         that only an administrator ends.",
    )
        .optional_body::<UnlockRequest>(reason_example(), ("reason", FieldErrorKind::Unusable))
        .responds::<UnlockResponse>("The account is unlocked.", json!({ "user_id": 42, "unlocked": true }))
}

pub(in crate::routes) fn reset() -> Operation {
    change(
        "resetUser",
        "Remove all factors of a user",
        "Removes the authenticator app, the phone number and the recovery codes, revokes every token of \
         the user, and ends a lock. If MFA is required, the user enrols a new factor at the next login.",
    )
    .body::<ReasonRequest>(reason_example(), ("reason", FieldErrorKind::Missing))
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
    .body::<ReasonRequest>(reason_example(), ("reason", FieldErrorKind::Missing))
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
    .body::<ReasonRequest>(reason_example(), ("reason", FieldErrorKind::Missing))
    .responds::<AuthenticatorRemovedResponse>(
        "The authenticator is removed.",
        json!({ "user_id": 42, "removed": true }),
    )
}

pub(in crate::routes) fn issue_access_pass() -> Operation {
    change(
        "issueAccessPass",
        "Issue a temporary access pass",
        "Issues a pass for a user who lost every factor, and replaces an earlier one. With a pending token, the user \
         exchanges it once for an enrolment token. A lock applies to it: unlock the account first. The helpdesk may issue \
         one for users without a role.",
    )
    .body::<IssueRequest>(
        json!({ "reason": "lost phone, ticket 7", "lifetime_minutes": 60 }),
        ("reason", FieldErrorKind::Missing),
    )
    .responds::<AccessPassResponse>(
        "The pass, which is shown only in this response.",
        json!({ "user_id": 42, "access_pass": RECOVERY_CODE, "expires_at": TIMESTAMP }),
    )
}

pub(in crate::routes) fn set_role() -> Operation {
    change(
        "setUserRole",
        "Set the role of a user",
        "Grants or revokes the role `helpdesk`. The helpdesk lists users, and views, unlocks and issues access passes for \
         users without a role. Administrator rights do not change.",
    )
    .body::<RoleRequest>(
        json!({ "role": "helpdesk", "reason": "joined the support team" }),
        ("role", FieldErrorKind::NotOneOf),
    )
    .responds::<RoleResponse>("Role of the user.", json!({ "user_id": 42, "role": "helpdesk" }))
}

pub(in crate::routes) fn revoke_sessions() -> Operation {
    change(
        "revokeSessionsOfUser",
        "Revoke all sessions of a user",
        "Revokes every token of the user. A service that verifies tokens itself accepts them until they expire.",
    )
    .body::<RevokeSessionsRequest>(reason_example(), ("reason", FieldErrorKind::Missing))
    .responds::<SessionsRevokedResponse>("All sessions are revoked.", json!({ "user_id": 42, "revoked": 2 }))
}

pub(in crate::routes) fn list_events() -> Operation {
    let kinds: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    read(
        "listAllEvents",
        "List security events of all users",
        "Returns the events of all users that match every filter, newest first. With `Accept: text/csv`, returns all of \
         them as CSV.",
    )
    .parameter(query_parameter("user", "Return events of this user.", id(1)))
    .parameter(query_parameter("user_id", "The same as `user`, for older clients.", id(1)))
    .parameter(query_parameter("event", "Return events of this kind.", schemas::string_enum(&kinds).build()))
    .parameter(query_parameter(
        "outcome",
        "Return events with this outcome.",
        schemas::string_enum(&["success", "failure", "refused"]).build(),
    ))
    .parameter(query_parameter("ip", "Return events of requests from this IP address.", text(2, 45).build()))
    .parameter(query_parameter("from", "Return events at this time or later.", time()))
    .parameter(query_parameter("to", "Return events before this time.", time()))
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
    )    .or_csv(&event_csv_header())
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
                "sms_only": 15,
                "disabled": 3,
                "by_factor": { "totp": 1080, "sms": 240, "passkey": 310 },
                "locked": 1,
                "enforced": 900,
                "recovery_codes_low": 35,
            },
        }),
    )
}

pub(in crate::routes) fn bulk() -> Operation {
    Operation::new(
        "changeUsers",
        ApiTag::Admin,
        "Change many users",
        "Requires MFA or a passkey of users, unlocks them, or removes all their factors. Each user is changed on its own, so a \
         request that was interrupted can be repeated. `reset` skips administrators and the caller. With `dry_run`, changes \
         nothing and returns the ids of the users: those given, or those in a state. Body: at most 128 KiB.",
    )
    .superuser()
    .changes_factor()
    .rate_limited_by_user()
    .problems([ProblemKind::MethodNotAvailable])
    .body::<BulkRequest>(
        json!({ "action": "enforce", "user_ids": [42, 43], "reason": "policy of the finance department" }),
        ("action", FieldErrorKind::NotOneOf),
    )
    .responds::<BulkResponse>(
        "Result for each user, in the order of the request; for a dry run, the ids.",
        json!({ "results": [{ "user_id": 42, "outcome": "done" }, { "user_id": 43, "outcome": "unchanged" }], "user_ids": [] }),
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

/// Creates the description of an endpoint that changes a user. It needs a recent second factor of the administrator.
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
