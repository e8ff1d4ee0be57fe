//! Handlers of SMS codes, the phone number and the backup method.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::{BackupMethod, SecretText};
use mfa_flows::{AcceptedStages, SmsSent};
use mfa_sms::{CODE_LIFETIME, PhoneNumber, RESEND_DELAY};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::AccessToken;
use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{ApiRequest, Field, sms_code};
use crate::schemas;

/// Country of a national phone number if the request has none.
const DEFAULT_COUNTRY: &str = "FR";

/// Destination and lifetime of a code that was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = SmsCodeSent)]
struct SmsCodeSent {
    /// Phone number that the code was sent to, masked.
    #[schema(schema_with = schemas::masked_phone)]
    phone: String,
    /// Lifetime of the code in seconds.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Seconds until the next code may be requested.
    #[schema(minimum = 1)]
    resend_in: u64,
}

impl From<SmsSent> for SmsCodeSent {
    fn from(sent: SmsSent) -> Self {
        Self { phone: sent.phone, expires_in: CODE_LIFETIME.as_secs(), resend_in: RESEND_DELAY.as_secs() }
    }
}

/// Confirmation that a code was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = CodeSent)]
struct SmsSendResponse {
    /// Always `true`.
    sent: bool,
    #[serde(flatten)]
    code: SmsCodeSent,
}

/// `POST /api/mfa/sms/send`
pub(super) async fn send(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::SecondFactor)?;
    body.require_empty()?;
    let language = request.context().language.into();
    let sent = request.run(|flows| async move { flows.send_sms(&call, language).await }).await?;
    Ok(HttpResponse::Ok().json(SmsSendResponse { sent: true, code: sent.into() }))
}

/// Request body with a new phone number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetPhoneRequest {
    #[schema(schema_with = phone_schema)]
    phone: Field,
    #[schema(schema_with = country_schema)]
    country: Option<Field>,
}

fn phone_schema() -> Object {
    schemas::text(1, 250)
        .description(Some("Phone number in international format, or in the national format of `country`."))
        .build()
}

fn country_schema() -> Object {
    schemas::text(2, 2)
        .pattern(Some("^[A-Za-z]{2}$"))
        .description(Some("Country of a national number (ISO 3166-1 alpha-2). Default: `FR`."))
        .build()
}

/// `POST /api/mfa/phone/set`
pub(super) async fn set(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    // Whether a token of this stage may enrol depends on the factors of the account: the flow checks it.
    let (call, body) = request.open(AcceptedStages::Any)?;
    let (body, mut errors) = body.parse::<SetPhoneRequest>()?;
    let country = body.country.and_then(|it| it.text(&mut errors, country));
    let country = country.as_deref().unwrap_or(DEFAULT_COUNTRY);
    let number = body.phone.text(&mut errors, |text| {
        PhoneNumber::parse(text, country).map_err(|_| FieldErrorKind::NotAPhoneNumber)
    });
    let number = errors.finish(number)?;
    let language = request.context().language.into();
    let sent = request.run(|flows| async move { flows.set_phone(&call, number, language).await }).await?;
    Ok(HttpResponse::Ok().json(SmsCodeSent::from(sent)))
}

/// Parses a country code: two letters in either case. The parser of phone numbers rejects unknown countries.
fn country(text: &str) -> Result<String, FieldErrorKind> {
    let is_valid = text.len() == 2 && text.bytes().all(|it| it.is_ascii_alphabetic());
    is_valid.then(|| text.to_ascii_uppercase()).ok_or(FieldErrorKind::NotACountry)
}

/// Verified phone number, with recovery codes and an access token after a first enrolment.
#[derive(Serialize, ToSchema)]
#[schema(as = PhoneConfirmed)]
struct PhoneVerifyResponse<'a> {
    /// Always `true`.
    phone_verified: bool,
    /// Phone number, masked.
    #[schema(schema_with = schemas::masked_phone)]
    phone: &'a str,
    /// First enrolment only: ten recovery codes, shown only in this response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Option<Vec<&'a str>>,
    /// First enrolment only: two-factor access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::token)]
    access_token: Option<&'a str>,
    /// First enrolment only: token type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::bearer)]
    token_type: Option<&'static str>,
    /// First enrolment only: lifetime of the token in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::seconds)]
    expires_in: Option<u64>,
    /// First enrolment only: whether a second factor was verified, always `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mfa_ok: Option<bool>,
}

/// `POST /api/mfa/phone/verify`
pub(super) async fn verify(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let confirmed = request
        .code_check(AcceptedStages::Any, sms_code, |flows, call, code| async move {
            flows.confirm_phone(&call, code).await
        })
        .await?;
    let enrolled = confirmed.enrolled.as_ref();
    let token = enrolled.map(|it| AccessToken::new(&it.granted.token, true));
    Ok(HttpResponse::Ok().json(PhoneVerifyResponse {
        phone_verified: true,
        phone: &confirmed.phone,
        recovery_codes: enrolled.map(|it| it.recovery_codes.iter().map(SecretText::expose).collect()),
        access_token: token.as_ref().map(|it| it.access_token),
        token_type: token.as_ref().map(|it| it.token_type),
        expires_in: token.as_ref().map(|it| it.expires_in),
        mfa_ok: token.as_ref().map(|it| it.mfa_ok),
    }))
}

/// Confirmation that the phone number is removed.
#[derive(Serialize, ToSchema)]
#[schema(as = PhoneRemoved)]
struct PhoneRemoveResponse {
    /// Phone number: always null.
    #[schema(schema_with = schemas::masked_phone_or_null, required = true)]
    phone: Option<String>,
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
}

/// `DELETE /api/mfa/phone`
pub(super) async fn remove(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    body.require_empty()?;
    request.run(|flows| async move { flows.remove_phone(&call).await }).await?;
    Ok(HttpResponse::Ok()
        .json(PhoneRemoveResponse { phone: None, backup_method: BackupMethod::None.as_str() }))
}

/// Request body with a backup method.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetBackupRequest {
    #[schema(schema_with = schemas::backup_method)]
    method: Field,
}

/// Backup method of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = BackupMethodSet)]
struct BackupSetResponse {
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
}

/// `POST /api/mfa/backup/set`
pub(super) async fn set_backup(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::TwoFactors)?;
    let (body, mut errors) = body.parse::<SetBackupRequest>()?;
    let method = body.method.text(&mut errors, backup_method);
    let method = errors.finish(method)?;
    request.run(|flows| async move { flows.set_backup(&call, method).await }).await?;
    Ok(HttpResponse::Ok().json(BackupSetResponse { backup_method: method.as_str() }))
}

/// Parses a backup method that a user may choose: `sms` or `none`.
///
/// # Errors
///
/// [`FieldErrorKind::NotABackupMethod`].
pub fn backup_method(text: &str) -> Result<BackupMethod, FieldErrorKind> {
    [BackupMethod::Sms, BackupMethod::None]
        .into_iter()
        .find(|it| it.as_str() == text)
        .ok_or(FieldErrorKind::NotABackupMethod)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_two_letters_and_a_backup_method_one_of_two_words() {
        assert_eq!(country("be"), Ok("BE".to_owned()));
        for bad in ["", "F", "FRA", "F1", "É", "+3"] {
            assert_eq!(country(bad), Err(FieldErrorKind::NotACountry), "{bad}");
        }
        assert_eq!(backup_method("sms"), Ok(BackupMethod::Sms));
        assert_eq!(backup_method("none"), Ok(BackupMethod::None));
        for bad in ["", "SMS", "totp", " sms"] {
            assert_eq!(backup_method(bad), Err(FieldErrorKind::NotABackupMethod), "{bad}");
        }
    }
}
