//! Handlers of the recovery codes.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::{SecretText, Timestamp};
use mfa_flows::AcceptedStages;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::ApiError;
use crate::request::ApiRequest;
use crate::schemas;

/// New recovery codes.
#[derive(Serialize, ToSchema)]
#[schema(as = NewRecoveryCodes)]
struct RecoveryCodesResponse<'a> {
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Vec<&'a str>,
}

/// `POST /api/mfa/recovery/regenerate`
pub(super) async fn regenerate(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let codes = request.run(|flows| async move { flows.regenerate_recovery_codes(&call).await }).await?;
    Ok(HttpResponse::Ok()
        .json(RecoveryCodesResponse { recovery_codes: codes.iter().map(SecretText::expose).collect() }))
}

/// Recovery codes of the account, without the codes themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
struct RecoveryListResponse {
    /// Codes of the current set.
    #[schema(max_items = 10)]
    codes: Vec<RecoveryCodeEntry>,
    /// Number of unused codes.
    #[schema(minimum = 0, maximum = 10)]
    left: usize,
    /// Time at which the set was generated, or null.
    #[schema(format = DateTime, required = true)]
    generated_at: Option<String>,
}

/// Recovery code, without the code itself.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCode)]
struct RecoveryCodeEntry {
    /// Id of the code within its set. It reveals nothing about the code.
    id: String,
    /// Whether the code was used.
    used: bool,
    /// Time of its use, or null.
    #[schema(format = DateTime, required = true)]
    used_at: Option<String>,
}

/// `GET /api/mfa/recovery/list`
pub(super) async fn list(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let listing = request.run(|flows| async move { flows.recovery_listing(&call).await }).await?;
    let codes = listing.codes.into_iter().map(|code| RecoveryCodeEntry {
        used: code.is_used(),
        used_at: code.used_at.and_then(Timestamp::to_rfc3339),
        id: code.id,
    });
    Ok(HttpResponse::Ok().json(RecoveryListResponse {
        codes: codes.collect(),
        left: listing.left,
        generated_at: listing.generated_at.and_then(Timestamp::to_rfc3339),
    }))
}
