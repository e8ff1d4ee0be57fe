//! Request body with a code, and the parsers of each kind of code.

use std::marker::PhantomData;

use mfa_recovery::RecoveryCodeInput;
use mfa_sms::SmsCode;
use mfa_totp::TotpCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::Field;
use crate::problem::{FieldErrorKind, LengthUnit};
use crate::schemas;

/// Request body with one code of the kind `C`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schema(bound = "C: CodeKind")]
pub(crate) struct CodeRequest<C> {
    #[schema(schema_with = C::schema)]
    pub(super) code: Field,
    #[serde(skip)]
    #[schema(ignore)]
    kind: PhantomData<C>,
}

/// Kind of code with its schema in the OpenAPI document.
pub trait CodeKind: Sized {
    /// Returns the schema of the field `code`.
    fn schema() -> Object;
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
    fn schema() -> Object {
        schemas::six_digits("Current code of the authenticator app.")
    }
}

impl CodeKind for SmsCode {
    fn schema() -> Object {
        schemas::six_digits("Code from the SMS.")
    }
}

impl CodeKind for RecoveryCodeInput {
    fn schema() -> Object {
        schemas::text(1, MAX_RECOVERY_CODE_LENGTH)
            .description(Some(
                "Recovery code: 16 characters of Crockford's Base32. Case, spaces and dashes are ignored; `o` is read as \
                 0, `i` and `l` as 1.",
            ))
            .build()
    }
}

impl CodeKind for DisableCode {
    fn schema() -> Object {
        let (letter, separators) = ("[0-9A-TV-Za-tv-z]", "[ \\u2010-\\u2015\\u2212-]*");
        schemas::text(6, MAX_RECOVERY_CODE_LENGTH)
            .pattern(Some(format!("^([0-9]{{6}}|({separators}{letter}){{16}}{separators})$")))
            .description(Some("Current code of the authenticator app, or a recovery code."))
            .build()
    }
}

const MAX_RECOVERY_CODE_LENGTH: usize = 64;

/// Parses a TOTP code: six ASCII digits. Other spellings are rejected, not normalised.
///
/// # Errors
///
/// [`FieldErrorKind::NotSixDigits`].
pub fn totp_code(text: &str) -> Result<TotpCode, FieldErrorKind> {
    TotpCode::parse(text).map_err(|_| FieldErrorKind::NotSixDigits)
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
