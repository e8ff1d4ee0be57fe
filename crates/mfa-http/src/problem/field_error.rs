//! Validation errors of request fields.

/// Validation error of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// Kind of error.
    pub error: FieldErrorKind,
}

/// Kind of validation error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// A required field is missing.
    Missing,
    /// The field is unknown.
    Unknown,
    /// The value is not a string.
    NotText,
    /// The value contains NUL.
    Nul,
    /// The value is not six digits.
    NotSixDigits,
    /// The value is not 6 to 8 digits.
    NotTotpCode,
    /// The value is neither a code of an authenticator app nor a recovery code.
    NotACode,
    /// The value is not a phone number.
    NotAPhoneNumber,
    /// The value is not a country code.
    NotACountry,
    /// The value is not a credential as a browser returns it.
    NotACredential,
    /// The value is neither `sms` nor `none`.
    NotABackupMethod,
    /// The value is empty or too long.
    Length {
        /// Maximum length.
        most: usize,
        /// Unit of the length.
        unit: LengthUnit,
    },
    /// The value contains characters that are not allowed here.
    Unusable,
    /// The value is in use by another user.
    Taken,
    /// The field is repeated.
    Repeated,
    /// The value is not a boolean.
    NotAFlag,
    /// The value is not a whole number in this range.
    OutOfRange {
        /// Minimum.
        least: i64,
        /// Maximum.
        most: i64,
    },
    /// The value is not an RFC 3339 time.
    NotATime,
    /// Not an IP address.
    NotAnAddress,
    /// The value is not one of the allowed values.
    NotOneOf,
    /// The value is not a list of ids.
    NotIds {
        /// Maximum number of ids.
        most: usize,
    },
    /// The period from `from` to this time is empty or too long.
    Period {
        /// Maximum length in days.
        most_days: u32,
    },
}

/// Unit of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LengthUnit {
    /// Unicode characters.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}
