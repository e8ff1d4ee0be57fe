//! OpenAPI descriptions of the account endpoints.

use mfa_flows::AcceptedStages;
use serde_json::json;

use super::{MethodsResponse, RevokeResponse, StatusResponse};
use crate::openapi::{ApiTag, Operation};
use crate::schemas::{MASKED_PHONE, TIMESTAMP};

pub(in crate::routes) fn status() -> Operation {
    Operation::new(
        "status",
        ApiTag::Mfa,
        "Get MFA status",
        "Returns the enrolled factors and the lock of the account. Available while the account is locked.",
    )
    .token(AcceptedStages::AccessOrEnrolment)
    .no_body()
    .responds::<StatusResponse>(
        "MFA status of the account.",
        json!({
            "user_id": 42,
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
            "authenticators": { "passkey": 1, "totp": 1, "sms": 0 },
            "phishing_resistant": true,
            "phishing_resistant_required": false,
        }),
    )
}

pub(in crate::routes) fn methods() -> Operation {
    Operation::new(
        "methods",
        ApiTag::Mfa,
        "List available verification methods",
        "Returns each verification method, the preferred one first, and whether it can be used now. Labels are in \
         the language of the request. Available while the account is locked.",
    )
    .token(AcceptedStages::Any)
    .no_body()
    .localized()
    .responds::<MethodsResponse>(
        "Verification methods of the account.",
        json!({
            "methods": [
                { "method": "totp", "label": "Authenticator app", "available": true },
                { "method": "sms", "label": "Code by SMS", "available": false, "reason": "sms_unavailable" },
                { "method": "recovery", "label": "Recovery code", "available": true },
            ],
        }),
    )
}

pub(in crate::routes) fn revoke() -> Operation {
    Operation::new(
        "revokeToken",
        ApiTag::Mfa,
        "Revoke the current token",
        "Logs out: every server on the same database rejects the token from now on.",
    )
    .token(AcceptedStages::Any)
    .no_body()
    .responds::<RevokeResponse>("The token is revoked.", json!({ "revoked": true }))
}
