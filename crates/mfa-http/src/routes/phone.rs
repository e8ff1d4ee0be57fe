//! The phone: codes by SMS, the number, and whether it stands in for the app.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::{BackupMethod, SecretText};
use mfa_flows::{AcceptedStages, SmsSent};
use mfa_sms::{CODE_LIFETIME, PhoneNumber, RESEND_DELAY};
use serde::Serialize;
use utoipa::ToSchema;

use super::AccessToken;
use crate::openapi::schemas;
use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{ApiRequest, sms_code};

/// Whose national form a number has where the caller names no country.
const DEFAULT_COUNTRY: &str = "FR";

/// A code is on its way.
#[derive(Serialize, ToSchema)]
#[schema(as = CodeOnItsWay)]
struct SmsCodeSent {
    /// Where to, masked.
    #[schema(schema_with = schemas::masked_phone)]
    phone: String,
    /// Seconds for which the code is good.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Seconds after which another one may be asked for.
    #[schema(minimum = 1)]
    resend_in: u64,
}

impl From<SmsSent> for SmsCodeSent {
    fn from(sent: SmsSent) -> Self {
        Self { phone: sent.phone, expires_in: CODE_LIFETIME.as_secs(), resend_in: RESEND_DELAY.as_secs() }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = CodeSent)]
struct PhoneSetResponse {
    #[schema(schema_with = schemas::always_true)]
    sent: bool,
    #[serde(flatten)]
    on_its_way: SmsCodeSent,
}

/// `POST /api/mfa/sms/send`
pub(super) async fn send(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::SecondFactor)?;
    body.nothing()?;
    let language = intake.caller().language.into();
    let sent = intake.run(|flows| async move { flows.send_sms(&call, language).await }).await?;
    Ok(HttpResponse::Ok().json(PhoneSetResponse { sent: true, on_its_way: sent.into() }))
}

/// `POST /api/mfa/phone/set`
pub(super) async fn set(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    // The account knows whether a token of this stage may enrol: it depends on the factors it has.
    let (call, body) = intake.open(AcceptedStages::Any)?;
    let mut object = body.object()?;
    let country = object.optional("country", country);
    let country = country.as_deref().unwrap_or(DEFAULT_COUNTRY);
    let number = object.required("phone", |text| {
        PhoneNumber::parse(text, country).map_err(|_| FieldErrorKind::NotAPhoneNumber)
    });
    let number = object.finish(number)?;
    let language = intake.caller().language.into();
    let sent = intake.run(|flows| async move { flows.set_phone(&call, number, language).await }).await?;
    Ok(HttpResponse::Ok().json(SmsCodeSent::from(sent)))
}

/// Two letters, in either case. Which of them are countries the library of numbers knows.
fn country(text: &str) -> Result<String, FieldErrorKind> {
    let fits = text.len() == 2 && text.bytes().all(|it| it.is_ascii_alphabetic());
    fits.then(|| text.to_ascii_uppercase()).ok_or(FieldErrorKind::NotACountry)
}

#[derive(Serialize, ToSchema)]
#[schema(as = PhoneConfirmed)]
struct PhoneVerifyResponse<'a> {
    #[schema(schema_with = schemas::always_true)]
    phone_verified: bool,
    /// The number, masked.
    #[schema(schema_with = schemas::masked_phone)]
    phone: &'a str,
    /// Of a first enrolment: ten codes, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Option<Vec<&'a str>>,
    /// Of a first enrolment: a two-factor access token.
    #[serde(flatten)]
    #[schema(inline, value_type = OptionalToken)]
    token: Option<AccessToken<'a>>,
}

/// `POST /api/mfa/phone/verify`
pub(super) async fn verify(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let confirmed = intake
        .code_check(AcceptedStages::Any, sms_code, |flows, call, code| async move {
            flows.confirm_phone(&call, code).await
        })
        .await?;
    let enrolled = confirmed.enrolled.as_ref();
    Ok(HttpResponse::Ok().json(PhoneVerifyResponse {
        phone_verified: true,
        phone: &confirmed.phone,
        recovery_codes: enrolled.map(|it| it.recovery_codes.iter().map(SecretText::expose).collect()),
        token: enrolled.map(|it| AccessToken::new(&it.granted.token, true)),
    }))
}

/// An [`AccessToken`] that may not be there, as a schema says it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is a form and never a value")]
struct OptionalToken {
    #[schema(schema_with = schemas::token)]
    access_token: Option<String>,
    #[schema(schema_with = schemas::bearer)]
    token_type: Option<String>,
    #[schema(schema_with = schemas::seconds)]
    expires_in: Option<u64>,
    #[schema(schema_with = schemas::always_true)]
    mfa_ok: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PhoneRemoved)]
struct PhoneRemoveResponse {
    #[schema(schema_with = schemas::always_null, required = true)]
    phone: Option<String>,
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
}

/// `DELETE /api/mfa/phone`
pub(super) async fn remove(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    body.nothing()?;
    intake.run(|flows| async move { flows.remove_phone(&call).await }).await?;
    Ok(HttpResponse::Ok()
        .json(PhoneRemoveResponse { phone: None, backup_method: BackupMethod::None.as_str() }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = BackupMethod)]
struct BackupSetResponse {
    #[schema(schema_with = schemas::backup_method)]
    backup_method: &'static str,
}

/// `POST /api/mfa/backup/set`
pub(super) async fn set_backup(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = intake.open(AcceptedStages::TwoFactors)?;
    let mut object = body.object()?;
    let method = object.required("method", backup_method);
    let method = object.finish(method)?;
    intake.run(|flows| async move { flows.set_backup(&call, method).await }).await?;
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
