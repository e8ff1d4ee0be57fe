//! Handlers of the list of authenticators: list, rename and remove.

pub(super) mod doc;

use actix_web::HttpResponse;
use actix_web::web::Path;
use mfa_core::Timestamp;
use mfa_flows::{AcceptedStages, Authenticator, AuthenticatorDetails, MAX_NAME_CHARS};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request::{ApiRequest, Field};
use crate::schemas;

/// Authenticator of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = Authenticator)]
pub(super) struct AuthenticatorResponse {
    /// Opaque ID, unique for the user.
    id: String,
    #[schema(schema_with = kind)]
    kind: &'static str,
    /// Name.
    name: String,
    /// Time of the enrolment, or null if it is unknown.
    #[schema(format = DateTime, required = true)]
    created_at: Option<String>,
    /// Time of the last successful verification, or null.
    #[schema(format = DateTime, required = true)]
    last_used_at: Option<String>,
    /// Whether a page that imitates this service cannot relay the factor.
    phishing_resistant: bool,
    /// App only: hash algorithm of the codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::totp_algorithm)]
    algorithm: Option<&'static str>,
    /// App only: number of digits of a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 6, maximum = 8)]
    digits: Option<u8>,
    /// App only: duration of a time step in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 15, maximum = 120)]
    period: Option<u8>,
    /// Phone only: masked number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::masked_phone)]
    phone: Option<String>,
    /// Passkey only: RP ID that it was registered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rp_id: Option<String>,
    /// Passkey only: whether it can be backed up, thus synced between devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    backup_eligible: Option<bool>,
    /// Passkey only: whether it is backed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    backed_up: Option<bool>,
    /// Passkey only: ways in which the browser reaches it, such as `internal` or `usb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    transports: Option<Vec<String>>,
    /// Passkey only: model of the authenticator (AAGUID); all zero if it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    aaguid: Option<String>,
    /// Passkey only: whether its signature counter went back once, so that it may be cloned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    clone_suspected: Option<bool>,
}

/// Schema of the kind of an authenticator.
fn kind() -> Object {
    schemas::string_enum(&["passkey", "totp", "sms"])
        .description(Some("Kind: `passkey` (passkey or security key), `totp` (app) or `sms` (phone)."))
        .build()
}

impl From<Authenticator> for AuthenticatorResponse {
    fn from(it: Authenticator) -> Self {
        let mut response = Self {
            id: it.id,
            kind: it.kind.as_str(),
            name: it.name,
            created_at: it.created_at.and_then(Timestamp::to_rfc3339),
            last_used_at: it.last_used_at.and_then(Timestamp::to_rfc3339),
            phishing_resistant: it.kind.is_phishing_resistant(),
            algorithm: None,
            digits: None,
            period: None,
            phone: None,
            rp_id: None,
            backup_eligible: None,
            backed_up: None,
            transports: None,
            aaguid: None,
            clone_suspected: None,
        };
        match it.details {
            AuthenticatorDetails::Totp(parameters) => {
                response.algorithm = Some(parameters.algorithm.as_str());
                response.digits = Some(parameters.digits.count());
                response.period = Some(parameters.period.seconds());
            }
            AuthenticatorDetails::Sms(phone) => response.phone = phone,
            AuthenticatorDetails::Passkey(passkey) => {
                response.rp_id = Some(passkey.rp_id);
                response.backup_eligible = Some(passkey.backup_eligible);
                response.backed_up = Some(passkey.backed_up);
                response.transports = Some(passkey.transports);
                response.aaguid = Some(passkey.aaguid.to_string());
                response.clone_suspected = Some(passkey.clone_suspected);
            }
        }
        response
    }
}

/// Authenticators of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = AuthenticatorList)]
pub(super) struct AuthenticatorListResponse {
    /// Authenticators, passkeys first.
    authenticators: Vec<AuthenticatorResponse>,
}

impl AuthenticatorListResponse {
    /// Converts a list of authenticators.
    pub(super) fn entries(list: Vec<Authenticator>) -> Vec<AuthenticatorResponse> {
        list.into_iter().map(AuthenticatorResponse::from).collect()
    }
}

/// `GET /api/mfa/authenticators`
pub(super) async fn list(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::Access)?;
    body.require_empty()?;
    let list = request.run(|flows| async move { flows.authenticators(&call).await }).await?;
    let authenticators = AuthenticatorListResponse::entries(list);
    Ok(HttpResponse::Ok().json(AuthenticatorListResponse { authenticators }))
}

/// Request body with a new name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenameRequest {
    #[schema(schema_with = name_schema)]
    name: Field,
}

/// Schema of a name.
pub(super) fn name_schema() -> Object {
    schemas::text(1, MAX_NAME_CHARS)
        .pattern(Some("^[^\\x00-\\x1f\\x7f-\\x9f]*$"))
        .description(Some("Name of the authenticator, unique for the user. Blanks at the ends are removed."))
        .build()
}

/// Parses a name: blanks at the ends are removed.
///
/// # Errors
///
/// [`FieldErrorKind::Length`] or, for control characters, [`FieldErrorKind::Unusable`].
pub fn name(text: &str) -> Result<String, FieldErrorKind> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME_CHARS {
        return Err(FieldErrorKind::Length { most: MAX_NAME_CHARS, unit: LengthUnit::Characters });
    }
    if text.chars().any(char::is_control) { Err(FieldErrorKind::Unusable) } else { Ok(text.to_owned()) }
}

/// `PATCH /api/mfa/authenticators/{id}`
pub(super) async fn rename(request: ApiRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    let (body, mut errors) = body.parse::<RenameRequest>()?;
    let name = body.name.text(&mut errors, name);
    let name = errors.finish(name)?;
    let id = id.into_inner();
    let renamed =
        request.run(|flows| async move { flows.rename_authenticator(&call, id, name).await }).await?;
    Ok(HttpResponse::Ok().json(AuthenticatorResponse::from(renamed)))
}

/// Confirmation that the authenticator is removed.
#[derive(Serialize, ToSchema)]
#[schema(as = AuthenticatorRemoved)]
struct RemoveResponse {
    /// Always `true`.
    removed: bool,
}

/// `DELETE /api/mfa/authenticators/{id}`
pub(super) async fn remove(request: ApiRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    let id = id.into_inner();
    request.run(|flows| async move { flows.remove_authenticator(&call, id).await }).await?;
    Ok(HttpResponse::Ok().json(RemoveResponse { removed: true }))
}
