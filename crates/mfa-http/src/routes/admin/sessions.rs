//! Handler that ends the sessions of a user.

use actix_web::HttpResponse;
use actix_web::web::Path;
use mfa_flows::{AcceptedStages, AdminAction};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::users::reason_schema;
use super::{reason, user_id};
use crate::problem::ApiError;
use crate::request::{ApiRequest, Field};

/// Request body with a reason, which is required.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeSessionsRequest {
    #[schema(schema_with = reason_schema)]
    reason: Field,
}

/// Confirmation that all sessions of a user are revoked.
#[derive(Serialize, ToSchema)]
#[schema(as = UserSessionsRevoked)]
pub(super) struct SessionsRevokedResponse {
    /// Id of the user.
    user_id: i64,
    /// Number of sessions that were revoked.
    revoked: usize,
}

/// `POST /api/mfa/admin/users/{id}/sessions/revoke`
pub(in crate::routes) async fn revoke(
    request: ApiRequest,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    let (body, mut errors) = body.parse_optional::<RevokeSessionsRequest>()?;
    let given = body.reason.text(&mut errors, reason);
    let given = errors.finish(given)?;
    let response = request
        .run(|flows| async move {
            // The administrator is verified before the user id, so that others learn nothing about user ids.
            let user = user_id(&id);
            let act = user.as_ref().map_or(AdminAction::Read, |user| AdminAction::Change(*user));
            let admin = flows.administrator(&call, act, Some(given)).await?;
            let user = user?;
            let revoked = flows.revoke_all(&admin, user).await?;
            Ok::<_, ApiError>(SessionsRevokedResponse { user_id: user.value(), revoked })
        })
        .await?;
    Ok(HttpResponse::Ok().json(response))
}
