//! Request body with a code, and the parsers of each kind of code.

use std::borrow::Cow;
use std::marker::PhantomData;

use mfa_recovery::RecoveryCodeInput;
use mfa_sms::SmsCode;
use mfa_totp::TotpCode;
use serde::Deserialize;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::{Object, ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

use super::Field;
use crate::problem::{FieldErrorKind, LengthUnit};
use crate::schemas;

/// Request body with one code of the kind `C`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub(crate) struct CodeRequest<C> {
    pub(super) code: Field,
    #[serde(skip)]
    kind: PhantomData<C>,
}

/// Kind of code with its schema in the OpenAPI document.
pub trait CodeKind: Sized {
    /// Name of the schema of the request body.
    const REQUEST: &'static str;

    /// Returns the schema of the field `code`.
    fn schema() -> Object;
}

/// Each kind of code has a schema of its own, which a derived implementation would give the same name.
impl<C: CodeKind> ToSchema for CodeRequest<C> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(C::REQUEST)
    }
}

impl<C: CodeKind> PartialSchema for CodeRequest<C> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("Request body with one code."))
            .property("code", C::schema())
            .required("code")
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .into()
    }
}

/// Code that may disable TOTP.
///
/// Exhaustive, so that each kind of code is verified.
#[derive(Debug)]
pub enum DisableCode {
    /// Code of the authenticator app.
    Totp(TotpCode),
    /// Recovery code.
    Recovery(RecoveryCodeInput),
}

impl CodeKind for TotpCode {
    const REQUEST: &'static str = "TotpCodeRequest";

    fn schema() -> Object {
        schemas::totp_code("Current code of the authenticator app.")
    }
}

/// Text that a user submitted as an access pass.
#[derive(Debug)]
pub struct AccessPassInput(
    /// The text: a pass has the form of a recovery code.
    pub RecoveryCodeInput,
);

impl CodeKind for AccessPassInput {
    const REQUEST: &'static str = "AccessPassCodeRequest";

    fn schema() -> Object {
        schemas::text(1, 64).description(Some("Access pass, in any case, with or without dashes.")).build()
    }
}

/// Parses an access pass.
///
/// # Errors
///
/// [`FieldErrorKind::Length`] if it is empty or too long.
pub fn access_pass_code(text: &str) -> Result<AccessPassInput, FieldErrorKind> {
    recovery_code(text).map(AccessPassInput)
}

impl CodeKind for SmsCode {
    const REQUEST: &'static str = "SmsCodeRequest";

    fn schema() -> Object {
        schemas::six_digits("Code from the SMS.")
    }
}

impl CodeKind for RecoveryCodeInput {
    const REQUEST: &'static str = "RecoveryCodeRequest";

    fn schema() -> Object {
        schemas::text(1, MAX_RECOVERY_CODE_LENGTH)
            .description(Some(
                "Recovery code: 16 characters of Crockford's Base32. Case, spaces and dashes are ignored; `o` is read as \
                 0, `i` and `l` as 1.",
            ))
            .build()
    }
}

impl DisableCode {
    /// Returns the schema of the code.
    pub(crate) fn schema() -> Object {
        let (letter, separators) = ("[0-9A-TV-Za-tv-z]", "[ \\u2010-\\u2015\\u2212-]*");
        schemas::text(6, MAX_RECOVERY_CODE_LENGTH)
            .pattern(Some(format!("^([0-9]{{6,8}}|({separators}{letter}){{16}}{separators})$")))
            .description(Some("Current code of one of the user's authenticator apps, or a recovery code."))
            .build()
    }
}

const MAX_RECOVERY_CODE_LENGTH: usize = 64;

/// Parses a TOTP code: 6 to 8 ASCII digits. Other spellings are rejected, not normalised.
///
/// # Errors
///
/// [`FieldErrorKind::NotTotpCode`].
pub fn totp_code(text: &str) -> Result<TotpCode, FieldErrorKind> {
    TotpCode::parse(text).map_err(|_| FieldErrorKind::NotTotpCode)
}

/// Parses an SMS code: six ASCII digits.
///
/// # Errors
///
/// [`FieldErrorKind::NotSixDigits`].
pub fn sms_code(text: &str) -> Result<SmsCode, FieldErrorKind> {
    SmsCode::parse(text).map_err(|_| FieldErrorKind::NotSixDigits)
}

/// Parses a possible recovery code: any text of 1 to 64 characters.
///
/// # Errors
///
/// [`FieldErrorKind::Length`].
pub fn recovery_code(text: &str) -> Result<RecoveryCodeInput, FieldErrorKind> {
    RecoveryCodeInput::parse(text)
        .map_err(|_| FieldErrorKind::Length { most: MAX_RECOVERY_CODE_LENGTH, unit: LengthUnit::Characters })
}

/// Parses a TOTP code, or a text in the format of a recovery code.
///
/// # Errors
///
/// [`FieldErrorKind::NotACode`].
pub fn either_code(text: &str) -> Result<DisableCode, FieldErrorKind> {
    if let Ok(code) = TotpCode::parse(text) {
        return Ok(DisableCode::Totp(code));
    }
    match RecoveryCodeInput::parse(text) {
        Ok(input) if input.is_code() => Ok(DisableCode::Recovery(input)),
        Ok(_) | Err(_) => Err(FieldErrorKind::NotACode),
    }
}
