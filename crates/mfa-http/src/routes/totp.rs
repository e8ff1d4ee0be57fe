//! Handlers of the enrolment and removal of authenticator apps.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::SecretText;
use mfa_flows::{AcceptedStages, EnrolmentMode, TotpEnrolmentRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Array, ArrayBuilder, Object};

use super::AccessToken;
use super::authenticators::{name, name_schema};
use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request::{ApiRequest, DisableCode, Field, either_code, totp_code};
use crate::schemas;

/// Request body of a TOTP enrolment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnrolmentRequest {
    #[schema(schema_with = label_schema)]
    label: Option<Field>,
    #[schema(schema_with = name_schema)]
    name: Option<Field>,
    #[schema(schema_with = mode_schema)]
    mode: Option<Field>,
}

fn mode_schema() -> Object {
    schemas::string_enum(&["replace", "add"])
        .description(Some(
            "`replace` (default): the new app replaces all apps of the user. `add`: they stay.",
        ))
        .build()
}

/// Parses the mode of an enrolment.
///
/// # Errors
///
/// [`FieldErrorKind::NotOneOf`].
fn mode(text: &str) -> Result<EnrolmentMode, FieldErrorKind> {
    match text {
        "replace" => Ok(EnrolmentMode::Replace),
        "add" => Ok(EnrolmentMode::Add),
        _ => Err(FieldErrorKind::NotOneOf),
    }
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
    #[schema(minimum = 6, maximum = 8)]
    digits: u8,
    /// Duration of a time step in seconds.
    #[schema(minimum = 15, maximum = 120)]
    period: u8,
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
    let name = body.name.and_then(|it| it.text(&mut errors, name));
    let mode = body.mode.and_then(|it| it.text(&mut errors, mode)).unwrap_or_default();
    let enrolment = errors.finish(Some(TotpEnrolmentRequest { label, name, mode }))?;
    let started =
        request.run(|flows| async move { flows.start_totp_enrolment(&call, enrolment).await }).await?;
    let provisioning = &started.provisioning;
    Ok(HttpResponse::Ok().json(EnrolmentResponse {
        secret: provisioning.secret().expose(),
        otpauth_uri: provisioning.uri().expose(),
        qr_code: started.qr_png.expose(),
        qr_svg: started.qr_svg.expose(),
        algorithm: provisioning.parameters().algorithm.as_str(),
        digits: provisioning.parameters().digits.count(),
        period: provisioning.parameters().period.seconds(),
        expires_at: started.expires_at.to_rfc3339(),
    }))
}

/// Completed TOTP enrolment.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolled)]
struct EnrolmentVerifyResponse<'a> {
    /// Always `true`.
    enabled: bool,
    #[schema(schema_with = enrolment_recovery_codes)]
    recovery_codes: Vec<&'a str>,
    #[serde(flatten)]
    token: AccessToken<'a>,
}

fn enrolment_recovery_codes() -> Array {
    ArrayBuilder::from(schemas::recovery_codes())
        .min_items(Some(0))
        .description(Some(
            "Ten recovery codes. They are shown only in this response: the server stores hashes. Empty if the app was \
             added beside another factor: the earlier codes stay valid.",
        ))
        .build()
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

/// Request body of the removal of an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DisableRequest {
    #[schema(schema_with = DisableCode::schema)]
    code: Field,
    #[schema(schema_with = app_id)]
    id: Option<Field>,
}

fn app_id() -> Object {
    schemas::text(1, MAX_ID_CHARS)
        .description(Some(
            "ID of the app to remove. Required if the user has several; default: the only one.",
        ))
        .build()
}

/// Maximum length of an authenticator ID in a request, in characters.
const MAX_ID_CHARS: usize = 64;

/// Parses the ID of an authenticator. One that no authenticator has is no error here.
///
/// # Errors
///
/// [`FieldErrorKind::Length`].
fn authenticator_id(text: &str) -> Result<String, FieldErrorKind> {
    let is_usable = (1..=MAX_ID_CHARS).contains(&text.chars().count());
    let length = FieldErrorKind::Length { most: MAX_ID_CHARS, unit: LengthUnit::Characters };
    is_usable.then(|| text.to_owned()).ok_or(length)
}

/// Confirmation that an app is removed.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpDisabled)]
struct DisableResponse {
    /// Whether the user still has an authenticator app.
    totp_enabled: bool,
}

/// `POST /api/mfa/totp/disable`
pub(super) async fn disable(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let totp_enabled = request
        .rate_limited(
            AcceptedStages::TwoFactors,
            |body| {
                let (body, mut errors) = body.parse::<DisableRequest>()?;
                let code = body.code.text(&mut errors, either_code);
                let id = body.id.and_then(|it| it.text(&mut errors, authenticator_id));
                errors.finish(code.map(|code| (code, id)))
            },
            |flows, call, (code, id)| async move {
                match code {
                    DisableCode::Totp(code) => flows.disable_totp(&call, code, id).await,
                    DisableCode::Recovery(code) => flows.disable_totp_by_recovery(&call, code, id).await,
                }
            },
        )
        .await?;
    Ok(HttpResponse::Ok().json(DisableResponse { totp_enabled }))
}
