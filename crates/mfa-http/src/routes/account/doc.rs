//! What there is to know of the calls about an account.

use mfa_flows::AcceptedStages;
use serde_json::json;
use utoipa::openapi::Object;

use super::{MethodsResponse, RevokeResponse, StatusResponse};
use crate::openapi::schemas::{self, MASKED_PHONE, MOMENT};
use crate::openapi::{ApiTag, Operation};

pub(in crate::routes) fn status() -> Operation {
    Operation::new(
        "status",
        ApiTag::Mfa,
        "How the account is protected",
        "Works while the account is locked. A phone number is masked but for its last two digits.",
    )
    .token(AcceptedStages::Access)
    .nothing()
    .answers::<StatusResponse>(
        "The state of the account.",
        json!({
            "user_id": 42,
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

pub(in crate::routes) fn methods() -> Operation {
    Operation::new(
        "methods",
        ApiTag::Mfa,
        "By what this login can go on",
        "Each method that the account has, best first, and whether it can be used now. Labels are in the \
         caller's language. Works while the account is locked.",
    )
    .token(AcceptedStages::Any)
    .nothing()
    .tells_language()
    .answers::<MethodsResponse>(
        "The methods.",
        json!({
            "methods": [
                { "method": "totp", "label": "Authenticator app", "available": true },
                { "method": "sms", "label": "Code by SMS", "available": false, "reason": "sms_unavailable" },
                { "method": "recovery", "label": "Recovery code", "available": true },
            ],
        }),
    )
}

/// Why a method cannot be used now.
pub(super) fn reason() -> Object {
    schemas::word(&["not_enrolled", "account_locked", "sms_unavailable", "phone_unreachable"]).build()
}

pub(in crate::routes) fn revoke() -> Operation {
    Operation::new(
        "revokeToken",
        ApiTag::Mfa,
        "End the presented token",
        "Logout. The token is refused from now on, by every server on the same database.",
    )
    .token(AcceptedStages::Any)
    .nothing()
    .answers::<RevokeResponse>("The token is at its end.", json!({ "revoked": true }))
}
