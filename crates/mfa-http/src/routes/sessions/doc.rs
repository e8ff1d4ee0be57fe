//! OpenAPI descriptions of the user's sessions.

use mfa_flows::AcceptedStages;
use serde_json::json;

use super::{OtherSessionsResponse, SessionListResponse, SessionRevokedResponse, session_id};
use crate::openapi::{ApiTag, Operation, path_parameter};
use crate::problem::ProblemKind;
use crate::schemas::TIMESTAMP;

const ID: &str = "9c56cc51b374c3ba189210d5b6d4bf57";

pub(in crate::routes) fn list() -> Operation {
    Operation::new(
        "listSessions",
        ApiTag::Sessions,
        "List sessions",
        "Returns the access tokens with two factors of the user that are accepted, newest first. Every verification of a \
         second factor begins a session of its own, also a step-up. A token that the Python service issued is not listed. \
         Available while the account is locked.",
    )
    .token(AcceptedStages::TwoFactors)
    .no_body()
    .responds::<SessionListResponse>(
        "Sessions of the user.",
        json!({
            "sessions": [{
                "id": ID,
                "current": true,
                "created_at": TIMESTAMP,
                "ip": "198.51.100.7",
                "user_agent": "Mozilla/5.0",
                "method": "totp",
            }],
        }),
    )
}

pub(in crate::routes) fn revoke() -> Operation {
    Operation::new(
        "revokeSession",
        ApiTag::Sessions,
        "Revoke a session",
        "Revokes the token of the session; that of this request too, as a logout does. A service that verifies tokens \
         itself accepts it until it expires. Available while the account is locked.",
    )
    .token(AcceptedStages::TwoFactors)
    .parameter(path_parameter("id", "Id of the session.", session_id(), ID))
    .no_body()
    .problems([ProblemKind::NotFound])
    .responds::<SessionRevokedResponse>("The session is revoked.", json!({ "revoked": true }))
}

pub(in crate::routes) fn revoke_others() -> Operation {
    Operation::new(
        "revokeOtherSessions",
        ApiTag::Sessions,
        "Revoke all other sessions",
        "Revokes every token of the user except that of this request, also pending tokens. A service that verifies tokens \
         itself accepts them until they expire. Available while the account is locked.",
    )
    .token(AcceptedStages::TwoFactors)
    .no_body()
    .responds::<OtherSessionsResponse>("The other sessions are revoked.", json!({ "revoked": 2 }))
}
