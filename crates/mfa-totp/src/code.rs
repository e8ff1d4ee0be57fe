//! TOTP codes: parsing, formatting and comparison.

use std::fmt;

use mfa_core::SecretText;
use subtle::{Choice, ConstantTimeEq};
use zeroize::ZeroizeOnDrop;

use crate::Digits;

/// Code of an authenticator app: 6 to 8 digits, by its parameters.
///
/// Redacted in `Debug`, erased when dropped, compared in constant time.
#[derive(Clone, ZeroizeOnDrop)]
pub struct TotpCode {
    value: u32,
    #[zeroize(skip)]
    digits: Digits,
}

/// Error for a text that is not a code. It does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is 6 to 8 ASCII digits")]
pub struct TotpCodeError;

impl TotpCode {
    /// Parses 6 to 8 ASCII digits. A code of another length than the app's is wrong, not malformed.
    ///
    /// Nothing is trimmed, and digits of other scripts are rejected. So each code has one spelling, and another
    /// spelling cannot bypass the count of attempts or the list of used codes.
    ///
    /// # Errors
    ///
    /// [`TotpCodeError`] for any other text: report a malformed field and count no attempt.
    pub fn parse(text: &str) -> Result<Self, TotpCodeError> {
        let digits = match text.len() {
            6 => Digits::Six,
            7 => Digits::Seven,
            8 => Digits::Eight,
            _ => return Err(TotpCodeError),
        };
        Self::parse_digits(text, digits)
    }

    /// Parses exactly this number of ASCII digits.
    ///
    /// # Errors
    ///
    /// [`TotpCodeError`] for any other text: report a malformed field and count no attempt.
    pub fn parse_digits(text: &str, digits: Digits) -> Result<Self, TotpCodeError> {
        // Checked first, because `u32::from_str` accepts a leading plus.
        if text.len() != usize::from(digits.count()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TotpCodeError);
        }
        let value = text.parse().map_err(|_| TotpCodeError)?;
        Ok(Self { value, digits })
    }

    pub(crate) const fn truncated(number: u32, digits: Digits) -> Self {
        Self { value: last_digits(number, digits), digits }
    }

    /// Returns the code with its leading zeros.
    pub fn to_text(&self) -> SecretText {
        let width = usize::from(self.digits.count());
        SecretText::new(format!("{:0width$}", self.value))
    }
}

/// Returns the last decimal digits of a number.
const fn last_digits(number: u32, digits: Digits) -> u32 {
    match digits {
        Digits::Six => number % 1_000_000,
        Digits::Seven => number % 10_000_000,
        Digits::Eight => number % 100_000_000,
    }
}

impl ConstantTimeEq for TotpCode {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.value.ct_eq(&other.value) & self.digits.count().ct_eq(&other.digits.count())
    }
}

impl PartialEq for TotpCode {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for TotpCode {}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn leading_zeros_are_part_of_a_code() {
        assert_eq!(TotpCode::parse("000042").unwrap().to_text().expose(), "000042");
        let eight = TotpCode::parse_digits("00000042", Digits::Eight).unwrap();
        assert_ne!(eight, TotpCode::parse("000042").unwrap());
        assert_eq!(eight.to_text().expose(), "00000042");
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let spellings = [
            "",
            "12345",
            "123456789",
            " 123456",
            "123456 ",
            "123456\n",
            "123 456",
            "123-456",
            "+12345",
            "-12345",
            "12345a",
            "0x1234",
            "12345\0",
            "１２３４５６",
            "٤٤٤٤٤٤",
            "१२३४५६",
            "1234٦",
        ];
        for text in spellings {
            assert_eq!(TotpCode::parse(text), Err(TotpCodeError), "{text:?}");
        }
        assert!(TotpCode::parse_digits("123456", Digits::Seven).is_err());
        assert!(TotpCode::parse_digits("1234567", Digits::Seven).is_ok());
    }

    #[test]
    fn neither_debug_nor_the_error_shows_what_was_typed() {
        assert_eq!(format!("{:?}", TotpCode::parse("123456")), "Ok([redacted])");
        let error = TotpCode::parse("12345x").unwrap_err();
        assert_eq!(error.to_string(), "a code is 6 to 8 ASCII digits");
    }

    proptest! {
        #[test]
        fn six_to_eight_ascii_digits_are_a_code(text in r"\PC{0,8}|[0-9]{0,9}|[0-9 +\-]{6}|\d{6}") {
            let is_code = (6..=8).contains(&text.chars().count()) && text.chars().all(|c| "0123456789".contains(c));
            let parsed = TotpCode::parse(&text);
            prop_assert_eq!(parsed.is_ok(), is_code);
            if let Ok(code) = parsed {
                let shown = code.to_text();
                prop_assert_eq!(shown.expose(), text);
            }
        }
    }
}
