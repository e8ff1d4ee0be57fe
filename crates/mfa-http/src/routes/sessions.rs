//! Handlers of the user's sessions: list, revoke one, revoke all others.

pub(super) mod doc;

use actix_web::HttpResponse;
use actix_web::web::Path;
use mfa_core::{FactorKind, TokenId};
use mfa_flows::{AcceptedStages, Session};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use crate::problem::ApiError;
use crate::request::ApiRequest;
use crate::schemas;

/// Session of a user: an access token with two factors that is accepted.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionResponse {
    #[schema(schema_with = session_id)]
    id: String,
    /// Whether the token of this request is the one of the session.
    current: bool,
    /// Time when the session began.
    #[schema(format = DateTime, required = true)]
    created_at: Option<String>,
    /// IP address of the client that logged in, or null.
    #[schema(required = true)]
    ip: Option<String>,
    /// User agent of that client, or null.
    #[schema(required = true)]
    user_agent: Option<String>,
    /// Factor that was verified, or null if an administrator issued the token.
    #[schema(schema_with = schemas::factor_or_null, required = true)]
    method: Option<&'static str>,
}

/// Sessions of the user.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
struct SessionListResponse {
    /// Sessions, newest first.
    sessions: Vec<SessionResponse>,
}

/// Confirmation that a session is revoked.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionRevoked)]
struct SessionRevokedResponse {
    /// Always `true`.
    revoked: bool,
}

/// Confirmation that the other sessions are revoked.
#[derive(Serialize, ToSchema)]
#[schema(as = OtherSessionsRevoked)]
struct OtherSessionsResponse {
    /// Number of sessions that were revoked.
    revoked: usize,
}

fn session_id() -> Object {
    schemas::text(32, 32)
        .pattern(Some("^[0-9a-f]{32}$"))
        .description(Some("Id of the session: a digest of the claim `jti` of its token."))
        .build()
}

impl From<Session> for SessionResponse {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.to_hex(),
            current: session.is_current,
            created_at: session.created_at.to_rfc3339(),
            ip: session.ip,
            user_agent: session.user_agent,
            method: session.method.as_deref().and_then(FactorKind::parse).map(FactorKind::as_str),
        }
    }
}

/// `GET /api/mfa/sessions`
pub(super) async fn list(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let sessions = request.run(|flows| async move { flows.sessions(&call).await }).await?;
    let sessions = sessions.into_iter().map(SessionResponse::from).collect();
    Ok(HttpResponse::Ok().json(SessionListResponse { sessions }))
}

/// `POST /api/mfa/sessions/{id}/revoke`
pub(super) async fn revoke(request: ApiRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    request
        .run(|flows| async move {
            // The token is checked first, so that a revoked one learns nothing about IDs.
            let Some(id) = TokenId::parse_hex(&id) else {
                flows.holder(&call).await?;
                return Err(ApiError::NotFound);
            };
            flows.revoke_session(&call, id).await.map_err(ApiError::from)
        })
        .await?;
    Ok(HttpResponse::Ok().json(SessionRevokedResponse { revoked: true }))
}

/// `POST /api/mfa/sessions/revoke-others`
pub(super) async fn revoke_others(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let revoked = request.run(|flows| async move { flows.revoke_other_sessions(&call).await }).await?;
    Ok(HttpResponse::Ok().json(OtherSessionsResponse { revoked }))
}
