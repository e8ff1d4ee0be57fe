//! The recovery codes: a new set, and what is left of it.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::SecretText;
use mfa_flows::AcceptedStages;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::schemas;
use crate::problem::ApiError;
use crate::request::ApiRequest;
use crate::rfc3339::rfc3339;

#[derive(Serialize, ToSchema)]
#[schema(as = NewRecoveryCodes)]
struct RecoveryCodesResponse<'a> {
    /// Shown this once.
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Vec<&'a str>,
}

/// `POST /api/mfa/recovery/regenerate`
pub(super) async fn regenerate(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    body.nothing()?;
    let codes = intake.run(|flows| async move { flows.regenerate_recovery_codes(&call).await }).await?;
    Ok(HttpResponse::Ok()
        .json(RecoveryCodesResponse { recovery_codes: codes.iter().map(SecretText::expose).collect() }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
struct RecoveryListResponse {
    #[schema(max_items = 10)]
    codes: Vec<RecoveryCodeEntry>,
    /// How many are not used yet.
    #[schema(minimum = 0, maximum = 10)]
    left: usize,
    #[schema(format = DateTime, required = true)]
    generated_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCode)]
struct RecoveryCodeEntry {
    /// Tells it from the others; nothing of the code.
    id: String,
    used: bool,
    #[schema(format = DateTime, required = true)]
    used_at: Option<String>,
}

/// `GET /api/mfa/recovery/list`
pub(super) async fn list(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    body.nothing()?;
    let listing = intake.run(|flows| async move { flows.recovery_listing(&call).await }).await?;
    let codes = listing.codes.into_iter().map(|code| RecoveryCodeEntry {
        used: code.is_used(),
        used_at: code.used_at.and_then(rfc3339),
        id: code.id,
    });
    Ok(HttpResponse::Ok().json(RecoveryListResponse {
        codes: codes.collect(),
        left: listing.left,
        generated_at: listing.generated_at.and_then(rfc3339),
    }))
}
