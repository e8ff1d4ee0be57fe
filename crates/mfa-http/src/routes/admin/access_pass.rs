//! Handler that issues temporary access passes.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Path;
use mfa_core::Timestamp;
use mfa_flows::{AccessPassRequest, Flows, Policy, SupportCall};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder};

use super::users::{read_reason, reason_schema, run_support_change};
use crate::problem::ApiError;
use crate::request::{ApiRequest, Field, FieldErrors};
use crate::schemas;

/// Request body of an access pass.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccessPassRequest)]
pub(super) struct IssueRequest {
    #[schema(schema_with = reason_schema)]
    reason: Field,
    #[schema(schema_with = lifetime)]
    lifetime_minutes: Option<Field>,
}

/// Access pass of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessPass)]
pub(super) struct AccessPassResponse {
    /// Id of the user.
    user_id: i64,
    /// The pass. It is shown only in this response: the server stores a keyed digest.
    #[schema(schema_with = pass)]
    access_pass: String,
    /// Time when the pass expires.
    #[schema(format = DateTime, required = true)]
    expires_at: Option<String>,
}

fn pass() -> Object {
    let described = "The pass. It is shown only in this response: the server stores a keyed digest.";
    ObjectBuilder::from(schemas::recovery_code()).description(Some(described)).build()
}

fn lifetime() -> Object {
    let (least, most) = (Policy::ACCESS_PASS_MINUTES.start(), Policy::ACCESS_PASS_MINUTES.end());
    schemas::whole(usize::try_from(*least).unwrap_or_default())
        .maximum(usize::try_from(*most).ok())
        .description(Some("Lifetime in minutes. Absent: that of `MFA_ACCESS_PASS_MINUTES`."))
        .build()
}

/// `POST /api/mfa/admin/users/{id}/access-pass`
pub(in crate::routes) async fn issue(
    request: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let read = |body: IssueRequest, errors: &mut FieldErrors| {
        let reason = read_reason(body.reason, errors);
        let minutes = match body.lifetime_minutes {
            Some(field) => {
                let (least, most) = (Policy::ACCESS_PASS_MINUTES.start(), Policy::ACCESS_PASS_MINUTES.end());
                field.number(errors, i64::from(*least), i64::from(*most)).map(Some)
            }
            None => Some(None),
        };
        let lifetime = minutes.map(|minutes| {
            let lifetime = minutes.and_then(|it| u64::try_from(it).ok()).map(Duration::from_mins);
            AccessPassRequest { lifetime, unlock: false }
        });
        (reason, lifetime)
    };
    let change = |flows: Arc<Flows>, call: SupportCall, user, pass| async move {
        let issued = flows.issue_access_pass(&call, user, pass).await?;
        Ok(AccessPassResponse {
            user_id: user.value(),
            access_pass: issued.pass.expose().to_owned(),
            expires_at: Timestamp::to_rfc3339(issued.expires_at),
        })
    };
    run_support_change(request, id, read, change).await
}
