//! The authenticator app: enrolling it, and taking it off.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::SecretText;
use mfa_flows::AcceptedStages;
use serde::Serialize;
use utoipa::ToSchema;

use super::AccessToken;
use crate::openapi::schemas;
use crate::problem::ApiError;
use crate::request::{ApiRequest, DisableCode, either_code, totp_code};
use crate::rfc3339::rfc3339;

#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolment)]
struct EnrolmentResponse<'a> {
    /// Base32 without padding, of 20 bytes.
    #[schema(pattern = "^[A-Z2-7]{32}$")]
    secret: &'a str,
    /// For apps that take a link.
    #[schema(pattern = "^otpauth://totp/")]
    otpauth_uri: &'a str,
    /// The same as a picture.
    #[schema(pattern = "^data:image/png;base64,")]
    qr_code: &'a str,
    /// The same as a drawing.
    #[schema(pattern = "<svg")]
    qr_svg: &'a str,
    #[schema(schema_with = doc::algorithm)]
    algorithm: &'static str,
    #[schema(minimum = 6, maximum = 6)]
    digits: u8,
    /// Seconds of a code.
    #[schema(minimum = 1)]
    period: u64,
    /// Until when the first code is waited for.
    #[schema(format = DateTime, required = true)]
    expires_at: Option<String>,
}

/// `POST /api/mfa/totp/enroll/start`
pub(super) async fn start_enrolment(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    // The account knows whether a token of this stage may enrol: it depends on the factors it has.
    let (call, body) = intake.open(AcceptedStages::Any)?;
    let mut object = body.optional_object()?;
    let label = object.optional("label", |text| Ok(text.to_owned()));
    let label = object.finish(Some(label))?;
    let started = intake.run(|flows| async move { flows.start_totp_enrolment(&call, label).await }).await?;
    let shown = &started.provisioning;
    Ok(HttpResponse::Ok().json(EnrolmentResponse {
        secret: shown.secret().expose(),
        otpauth_uri: shown.uri().expose(),
        qr_code: started.qr_png.expose(),
        qr_svg: started.qr_svg.expose(),
        algorithm: shown.parameters().algorithm.as_str(),
        digits: shown.parameters().digits.count(),
        period: mfa_totp::PERIOD.as_secs(),
        expires_at: rfc3339(started.expires_at),
    }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolled)]
struct EnrolmentComplete<'a> {
    #[schema(schema_with = schemas::always_true)]
    enabled: bool,
    /// Ten codes, shown this once.
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Vec<&'a str>,
    #[serde(flatten)]
    token: AccessToken<'a>,
}

/// `POST /api/mfa/totp/enroll/verify`
pub(super) async fn confirm_enrolment(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let enrolled = intake
        .code_check(AcceptedStages::Any, totp_code, |flows, call, code| async move {
            flows.confirm_totp_enrolment(&call, code).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(EnrolmentComplete {
        enabled: true,
        recovery_codes: enrolled.recovery_codes.iter().map(SecretText::expose).collect(),
        token: AccessToken::new(&enrolled.granted.token, true),
    }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = TotpDisabled)]
struct DisableResponse {
    #[schema(schema_with = schemas::always_false)]
    totp_enabled: bool,
}

/// `POST /api/mfa/totp/disable`
pub(super) async fn disable(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    intake
        .code_check(AcceptedStages::TwoFactors, either_code, |flows, call, code| async move {
            match code {
                DisableCode::Totp(code) => flows.disable_totp(&call, code).await,
                DisableCode::Recovery(typed) => flows.disable_totp_by_recovery(&call, typed).await,
            }
        })
        .await?;
    Ok(HttpResponse::Ok().json(DisableResponse { totp_enabled: false }))
}
