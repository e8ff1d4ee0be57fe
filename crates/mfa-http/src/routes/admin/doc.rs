//! What there is to know of the calls of administrators.

use mfa_core::EventKind;
use serde_json::{Value, json};
use utoipa::openapi::Object;
use utoipa::openapi::path::Parameter;

use super::LONGEST_REASON;
use super::events::EventListResponse;
use super::stats::StatsResponse;
use super::users::{
    AdminRecoveryCodesResponse, EnforceResponse, LONGEST_SEARCH, ResetResponse, UnlockResponse, UserDetail,
    UserListResponse,
};
use crate::openapi::schemas::{self, MASKED_PHONE, MOMENT, RECOVERY_CODE, id, request, text};
use crate::openapi::{ApiTag, Operation, path_parameter, query_parameter};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::routes::events::doc::page_size;

pub(in crate::routes) fn list_users() -> Operation {
    look("listUsers", "Find users", "By a part of the name or the address, in the order of their ids.")
        .parameter(query_parameter(
            "query",
            "A part of the user name or the e-mail address.",
            text(0, LONGEST_SEARCH).build(),
        ))
        .parameter(query_parameter("limit", "How many; 50 where none is given.", page_size()))
        .parameter(query_parameter(
            "after",
            "Only those with a greater id: `next` of the page before.",
            id(0),
        ))
        .answers::<UserListResponse>(
            "A page of users.",
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
    look("showUser", "How a user's account is protected", "What the user's own status shows, and who it is.")
        .parameter(user_id())
        .refuses([ProblemKind::NotFound])
        .answers::<UserDetail>(
            "The account.",
            json!({
                "user_id": 42,
                "email": "ada@example.com",
                "username": "ada",
                "is_active": true,
                "is_superuser": false,
                "mfa_enforced": true,
                "totp_enabled": true,
                "totp_enrolled_at": MOMENT,
                "phone": MASKED_PHONE,
                "phone_verified": true,
                "backup_method": "sms",
                "recovery_codes_left": 9,
                "locked": false,
                "lock_until": null,
                "failed_attempts": 0,
                "last_success_at": MOMENT,
                "last_method": "totp",
            }),
        )
}

pub(in crate::routes) fn unlock() -> Operation {
    change("unlockUser", "Unlock an account", "Ends the lock and clears the count of wrong codes.")
        .optional_body(request([why()]), reason_schema(), ("reason", FieldErrorKind::Unusable))
        .answers::<UnlockResponse>("It is not locked now.", json!({ "user_id": 42, "unlocked": true }))
}

pub(in crate::routes) fn reset() -> Operation {
    change(
        "resetUser",
        "Take every factor off an account",
        "The app, the phone and the recovery codes go; every token of the user is at its end. An enforced \
         user enrols anew at the next login.",
    )
    .optional_body(request([why()]), reason_schema(), ("reason", FieldErrorKind::Unusable))
    .answers::<ResetResponse>("It has no factor now.", json!({ "user_id": 42, "reset": true }))
}

pub(in crate::routes) fn enforce() -> Operation {
    change("enforceUser", "Demand a second factor of a user", "Or no longer.")
        .body(
            request([("enforced", schemas::flag(), true), why()]),
            json!({ "enforced": true, "reason": "policy of the finance department" }),
            ("enforced", FieldErrorKind::NotAFlag),
        )
        .answers::<EnforceResponse>("It is so.", json!({ "user_id": 42, "mfa_enforced": true }))
}

pub(in crate::routes) fn regenerate() -> Operation {
    change(
        "regenerateRecoveryCodesOfUser",
        "Make ten new recovery codes for a user",
        "They are shown this once. Every older code is dead.",
    )
    .optional_body(request([why()]), reason_schema(), ("reason", FieldErrorKind::Unusable))
    .answers::<AdminRecoveryCodesResponse>(
        "The new codes.",
        json!({ "user_id": 42, "recovery_codes": vec![RECOVERY_CODE; 10] }),
    )
}

pub(in crate::routes) fn list_events() -> Operation {
    let kinds: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    look("listAllEvents", "What happened", "The events of all users or of one, newest first.")
        .parameter(query_parameter("user_id", "Only those of this user.", id(1)))
        .parameter(query_parameter("event", "Only those of this kind.", schemas::word(&kinds).build()))
        .parameter(query_parameter("limit", "How many; 50 where none is given.", page_size()))
        .parameter(query_parameter("before", "Only older ones: `next` of the page before.", id(1)))
        .answers::<EventListResponse>(
            "A page of events.",
            json!({
                "events": [{
                    "id": 4711,
                    "at": MOMENT,
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
    look(
        "statistics",
        "Numbers over all users",
        "Series for plots, and totals. A bucket that a series does not name is one in which nothing \
         happened. Hours cover a day and days a month where no period is given; longer periods than the \
         buckets allow are refused.",
    )
    .parameter(query_parameter("from", "The beginning of the period.", time()))
    .parameter(query_parameter("to", "The end of the period.", time()))
    .parameter(query_parameter("bucket", "How finely it is cut.", bucket()))
    .answers::<StatsResponse>(
        "The numbers.",
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

/// How finely a period is cut.
pub(super) fn bucket() -> Object {
    schemas::word(&["hour", "day"]).build()
}

fn time() -> Object {
    // A value that is empty is one that is not there.
    let (day, hour) = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?");
    let pattern = format!("^({day}T{hour}(Z|[+-][0-9]{{2}}:[0-9]{{2}}))?$");
    text(0, 64).pattern(Some(pattern)).examples([json!(MOMENT)]).build()
}

fn look(id: &'static str, summary: &'static str, description: &'static str) -> Operation {
    Operation::new(id, ApiTag::Admin, summary, description).superuser().nothing()
}

/// Who changes their own account must have shown a second factor lately, as anybody must.
fn change(id: &'static str, summary: &'static str, description: &'static str) -> Operation {
    Operation::new(id, ApiTag::Admin, summary, description)
        .superuser()
        .changes()
        .parameter(user_id())
        .refuses([ProblemKind::NotFound])
}

fn user_id() -> Parameter {
    path_parameter("id", "The user's id.", id(1), 42)
}

fn why() -> (&'static str, Object, bool) {
    // Without control characters: the audit is read by lines.
    let form = text(1, LONGEST_REASON).pattern(Some("^[^\\x00-\\x1f\\x7f-\\x9f]*$"));
    ("reason", form.description(Some("Why, for the audit: one line.")).build(), false)
}

fn reason_schema() -> Value {
    json!({ "reason": "lost phone, ticket 7" })
}
