//! Handlers of TOTP enrolment and removal.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::SecretText;
use mfa_flows::AcceptedStages;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::AccessToken;
use crate::problem::ApiError;
use crate::request::{ApiRequest, DisableCode, Field, either_code, totp_code};
use crate::schemas;

/// Request body of a TOTP enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnrolmentRequest {
    #[schema(schema_with = label_schema)]
    label: Option<Field>,
}

/// Schema of a label: without control characters, colons, and characters that change the text direction.
fn label_schema() -> Object {
    let rejected = ":\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069";
    schemas::text(1, 128)
        .pattern(Some(format!("^[^{rejected}]*[^\\s{rejected}][^{rejected}]*$")))
        .description(Some(
            "Name of the account in the authenticator app, at most 128 bytes. Default: the e-mail address.",
        ))
        .build()
}

/// New TOTP secret.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolment)]
struct EnrolmentResponse<'a> {
    /// Secret of 20 bytes in Base32 without padding.
    #[schema(pattern = "^[A-Z2-7]{32}$")]
    secret: &'a str,
    /// Provisioning URI for the authenticator app.
    #[schema(pattern = "^otpauth://totp/")]
    otpauth_uri: &'a str,
    /// QR code of the provisioning URI as a PNG data URL.
    #[schema(pattern = "^data:image/png;base64,")]
    qr_code: &'a str,
    /// QR code of the provisioning URI as SVG.
    #[schema(pattern = "<svg")]
    qr_svg: &'a str,
    #[schema(schema_with = schemas::totp_algorithm)]
    algorithm: &'static str,
    /// Number of digits of a code.
    #[schema(minimum = 6, maximum = 6)]
    digits: u8,
    /// Duration of a time step in seconds.
    #[schema(minimum = 1)]
    period: u64,
    /// End of the enrolment: verify the first code before this time.
    #[schema(format = DateTime, required = true)]
    expires_at: Option<String>,
}

/// `POST /api/mfa/totp/enroll/start`
pub(super) async fn start_enrolment(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    // Whether a token of this stage may enrol depends on the factors of the account: the flow checks it.
    let (call, body) = request.open(AcceptedStages::Any)?;
    let (body, mut errors) = body.parse_optional::<EnrolmentRequest>()?;
    let label = body.label.and_then(|it| it.text(&mut errors, |text| Ok(text.to_owned())));
    let label = errors.finish(Some(label))?;
    let started = request.run(|flows| async move { flows.start_totp_enrolment(&call, label).await }).await?;
    let provisioning = &started.provisioning;
    Ok(HttpResponse::Ok().json(EnrolmentResponse {
        secret: provisioning.secret().expose(),
        otpauth_uri: provisioning.uri().expose(),
        qr_code: started.qr_png.expose(),
        qr_svg: started.qr_svg.expose(),
        algorithm: provisioning.parameters().algorithm.as_str(),
        digits: provisioning.parameters().digits.count(),
        period: mfa_totp::PERIOD.as_secs(),
        expires_at: started.expires_at.to_rfc3339(),
    }))
}

/// Completed TOTP enrolment.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolled)]
struct EnrolmentVerifyResponse<'a> {
    /// Always `true`.
    enabled: bool,
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Vec<&'a str>,
    #[serde(flatten)]
    token: AccessToken<'a>,
}

/// `POST /api/mfa/totp/enroll/verify`
pub(super) async fn confirm_enrolment(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let enrolled = request
        .code_check(AcceptedStages::Any, totp_code, |flows, call, code| async move {
            flows.confirm_totp_enrolment(&call, code).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(EnrolmentVerifyResponse {
        enabled: true,
        recovery_codes: enrolled.recovery_codes.iter().map(SecretText::expose).collect(),
        token: AccessToken::new(&enrolled.granted.token, true),
    }))
}

/// Confirmation that TOTP is disabled.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpDisabled)]
struct DisableResponse {
    /// Always `false`.
    totp_enabled: bool,
}

/// `POST /api/mfa/totp/disable`
pub(super) async fn disable(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    request
        .code_check(AcceptedStages::TwoFactors, either_code, |flows, call, code| async move {
            match code {
                DisableCode::Totp(code) => flows.disable_totp(&call, code).await,
                DisableCode::Recovery(code) => flows.disable_totp_by_recovery(&call, code).await,
            }
        })
        .await?;
    Ok(HttpResponse::Ok().json(DisableResponse { totp_enabled: false }))
}
