//! SMS codes: random generation, parsing and comparison.

use std::fmt;

use mfa_core::{Entropy, EntropyError, SecretText};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Digits of a code (NIST SP 800-63B-4 §3.1.3.2 requires six).
const DIGITS: usize = 6;
/// Number of different codes.
const CODE_COUNT: u32 = 1_000_000;
/// Largest multiple of the number of codes in 32 bits. Values beyond it are rejected, because they would make low
/// codes more likely.
const UNBIASED_LIMIT: u32 = u32::MAX.saturating_sub(u32::MAX % CODE_COUNT);
/// Maximum number of draws. One in six thousand is rejected, so this many in a row mean a broken source.
const MAX_DRAWS: u32 = 16;

/// Six-digit code.
///
/// Redacted in `Debug`, erased when dropped, compared in constant time.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SmsCode(u32);

/// Error for a text that is not a code. It does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is exactly 6 ASCII digits")]
pub struct SmsCodeError;

impl SmsCode {
    /// Draws a uniformly distributed code.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if there is no randomness or it repeats itself: send nothing.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0_u8; 4]);
        for _ in 0..MAX_DRAWS {
            entropy.fill(bytes.as_mut_slice())?;
            let drawn = u32::from_be_bytes(*bytes);
            if drawn < UNBIASED_LIMIT {
                return Ok(Self(drawn % CODE_COUNT));
            }
        }
        Err(EntropyError)
    }

    /// Parses exactly six ASCII digits. Nothing is trimmed, and digits of other scripts are rejected.
    ///
    /// # Errors
    ///
    /// [`SmsCodeError`] for any other text: report a malformed field and count no attempt.
    pub fn parse(text: &str) -> Result<Self, SmsCodeError> {
        // Checked first, because `u32::from_str` accepts a leading plus.
        if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SmsCodeError);
        }
        text.parse().map(Self).map_err(|_| SmsCodeError)
    }

    /// Returns the code with its leading zeros.
    pub fn to_text(&self) -> SecretText {
        SecretText::new(format!("{:0DIGITS$}", self.0))
    }
}

impl ConstantTimeEq for SmsCode {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for SmsCode {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for SmsCode {}

impl fmt::Debug for SmsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use mfa_core::testing::SeededEntropy;
    use proptest::prelude::*;

    use super::*;

    /// Returns these numbers, the last one first, and then fails.
    #[derive(Debug)]
    struct Numbers(Mutex<Vec<u32>>);

    impl Entropy for Numbers {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
            let number = self.0.lock().unwrap().pop().ok_or(EntropyError)?;
            buffer.copy_from_slice(&number.to_be_bytes());
            Ok(())
        }
    }

    fn drawn(numbers: Vec<u32>) -> Result<String, EntropyError> {
        SmsCode::draw(&Numbers(Mutex::new(numbers))).map(|it| it.to_text().expose().to_owned())
    }

    #[test]
    fn the_last_six_digits_of_a_draw_are_the_code() {
        assert_eq!(drawn(vec![0]).as_deref(), Ok("000000"));
        assert_eq!(drawn(vec![42]).as_deref(), Ok("000042"));
        assert_eq!(drawn(vec![4_293_999_999]).as_deref(), Ok("999999"));
    }

    #[test]
    fn draws_beyond_the_last_whole_run_are_thrown_away() {
        assert_eq!(UNBIASED_LIMIT, 4_294_000_000);
        assert_eq!(drawn(vec![7, u32::MAX, 4_294_000_000]).as_deref(), Ok("000007"));
    }

    #[test]
    fn without_randomness_there_is_no_code() {
        assert_eq!(drawn(vec![]), Err(EntropyError));
        assert_eq!(drawn(vec![u32::MAX; 100]), Err(EntropyError), "a source that repeats one value");
    }

    #[test]
    fn codes_are_drawn_evenly() {
        let entropy = SeededEntropy::default();
        let mut cells = vec![0_u32; 1000];
        let mut endings = vec![0_u32; 1000];
        for _ in 0..CODE_COUNT {
            let code = SmsCode::draw(&entropy).unwrap().0;
            cells[usize::try_from(code / 1000).unwrap()] += 1;
            endings[usize::try_from(code % 1000).unwrap()] += 1;
        }
        for counts in [&cells, &endings] {
            let square = |count: &u32| (f64::from(*count) - 1000.0).powi(2) / 1000.0;
            let chi: f64 = counts.iter().map(square).sum();
            // 999 degrees of freedom: one fair source in a thousand lies above 1143.
            assert!((850.0..1143.0).contains(&chi), "{chi}");
        }
        let leading_zero: u32 = cells[..100].iter().sum();
        assert!((99_000..101_000).contains(&leading_zero), "{leading_zero}");
    }

    #[test]
    fn neither_debug_nor_the_error_shows_what_was_typed() {
        assert_eq!(format!("{:?}", SmsCode::parse("123456")), "Ok([redacted])");
        assert_eq!(SmsCode::parse("12345x").unwrap_err().to_string(), "a code is exactly 6 ASCII digits");
    }

    proptest! {
        #[test]
        fn exactly_six_ascii_digits_are_a_code(text in r"\PC{0,8}|[0-9]{0,9}|[0-9 +\-]{6}|\d{6}") {
            let is_code = text.chars().count() == 6 && text.chars().all(|c| "0123456789".contains(c));
            let parsed = SmsCode::parse(&text);
            prop_assert_eq!(parsed.is_ok(), is_code);
            if let Ok(code) = parsed {
                let shown = code.to_text();
                prop_assert_eq!(shown.expose(), text);
            }
        }
    }
}
