//! OpenAPI descriptions of the list of authenticators.

use mfa_flows::AcceptedStages;
use serde_json::{Value, json};

use super::{AuthenticatorListResponse, AuthenticatorResponse, RemoveResponse, RenameRequest};
use crate::openapi::{ApiTag, Operation, path_parameter};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::schemas::{self, TIMESTAMP};

const ID: &str = "q83vEjRWeJCr";

/// Returns an example of a passkey.
pub(in crate::routes) fn passkey(name: &str) -> Value {
    json!({
        "id": ID,
        "kind": "passkey",
        "name": name,
        "created_at": TIMESTAMP,
        "last_used_at": null,
        "phishing_resistant": true,
        "rp_id": "mfa.example.com",
        "backup_eligible": true,
        "backed_up": true,
        "transports": ["hybrid", "internal"],
        "aaguid": "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4",
        "clone_suspected": false,
    })
}

pub(in crate::routes) fn list() -> Operation {
    Operation::new(
        "listAuthenticators",
        ApiTag::Authenticators,
        "List authenticators",
        "Returns the passkeys, the authenticator app and the phone of the account, with names and last use. Works while the \
         account is locked.",
    )
    .token(AcceptedStages::Access)
    .no_body()
    .responds::<AuthenticatorListResponse>("Authenticators.", json!({ "authenticators": [passkey("Phone")] }))
}

pub(in crate::routes) fn rename() -> Operation {
    Operation::new(
        "renameAuthenticator",
        ApiTag::Authenticators,
        "Rename an authenticator",
        "Changes the name that the user sees. Names are unique for the user.",
    )
    .token(AcceptedStages::TwoFactors)
    .parameter(id())
    .body::<RenameRequest>(json!({ "name": "Blue key" }), ("name", FieldErrorKind::Taken))
    .problems([ProblemKind::NotFound, ProblemKind::AccountLocked])
    .responds::<AuthenticatorResponse>("Authenticator with its new name.", passkey("Blue key"))
}

pub(in crate::routes) fn remove() -> Operation {
    Operation::new(
        "removeAuthenticator",
        ApiTag::Authenticators,
        "Remove an authenticator",
        "Removes a passkey, the authenticator app or the phone, and revokes every other token of the user. The recovery codes \
         are removed with the last factor.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes_factor()
    .parameter(id())
    .no_body()
    .problems([ProblemKind::NotFound, ProblemKind::FactorRequired])
    .responds::<RemoveResponse>("The authenticator is removed.", json!({ "removed": true }))
}

fn id() -> utoipa::openapi::path::Parameter {
    let schema = schemas::text(1, 64).build();
    path_parameter("id", "Id of the authenticator.", schema, ID)
}
