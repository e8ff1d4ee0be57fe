//! Shared secrets: generation, import and base32 text.

use std::sync::LazyLock;

use data_encoding::{BASE32_NOPAD, Encoding};
use mfa_core::{Entropy, EntropyError, SecretBytes, SecretText};
use zeroize::Zeroizing;

/// Length of a new secret: 160 bits, as RFC 4226 §4 (R6) recommends.
pub const SECRET_BYTES: usize = 20;

/// Minimum length of an imported secret: 128 bits (RFC 4226 §4, R6).
const MIN_SECRET_BYTES: usize = 16;
/// Maximum length of an imported secret: the block size of SHA-512. HMAC would only hash a longer one.
const MAX_SECRET_BYTES: usize = 128;

/// Base32 without padding that ignores the bits after the last whole byte, as apps and Python's `b32decode` do.
static LENIENT_BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE32_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().unwrap_or(BASE32_NOPAD)
});

/// Error for a secret that cannot be imported. It does not contain the secret.
///
/// Exhaustive, so that an import reports each case to the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretImportError {
    /// The text is not base32.
    #[error("the secret is not base32 (RFC 4648)")]
    NotBase32,
    /// The secret has fewer than 128 bits and can be guessed.
    #[error("the secret has fewer than 128 bits")]
    TooShort,
    /// Every byte of the secret is zero: a placeholder, which anybody guesses.
    #[error("every byte of the secret is zero")]
    Zero,
    /// The secret is longer than 128 bytes.
    #[error("the secret has more than 1024 bits")]
    TooLong,
}

/// Generates a secret of [`SECRET_BYTES`].
///
/// # Errors
///
/// [`EntropyError`] if there was no randomness: do not enrol the user.
pub fn generate_secret(entropy: &dyn Entropy) -> Result<SecretBytes, EntropyError> {
    let mut bytes = vec![0; SECRET_BYTES];
    entropy.fill(&mut bytes)?;
    Ok(SecretBytes::new(bytes))
}

/// Imports a secret that another system wrote as base32 (RFC 4648 §6).
///
/// Reads what authenticator apps read: case, spaces, hyphens, padding and invisible marks are ignored, and so are the
/// bits after the last whole byte. Characters that only resemble base32 (`0`, `1`, `8`) are rejected.
///
/// # Errors
///
/// [`SecretImportError`] if the text is not base32, has fewer than 128 or more than 1024 bits, or is all zeros: start a
/// new enrolment instead.
pub fn import_secret(text: &str) -> Result<SecretBytes, SecretImportError> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let ends = |c: char| c.is_whitespace() || c == '\0';
    plain.extend(text.trim_matches(ends).chars().filter(|c| !is_ignored(*c)).map(|c| c.to_ascii_uppercase()));
    let unpadded = plain.trim_end_matches('=').as_bytes();
    let not_base32 = |_| SecretImportError::NotBase32;
    // These lengths end with a character that completes no byte.
    let whole = match (unpadded.len() % 8, unpadded) {
        (1 | 3 | 6, [whole @ .., last]) => {
            LENIENT_BASE32.decode(&[*last, b'A']).map_err(not_base32).map(|_| whole)?
        }
        _ => unpadded,
    };
    let secret = LENIENT_BASE32.decode(whole).map_err(not_base32)?;
    let secret = SecretBytes::new(secret);
    match secret.len() {
        ..MIN_SECRET_BYTES => Err(SecretImportError::TooShort),
        _ if secret.expose().iter().all(|byte| *byte == 0) => Err(SecretImportError::Zero),
        MIN_SECRET_BYTES..=MAX_SECRET_BYTES => Ok(secret),
        _ => Err(SecretImportError::TooLong),
    }
}

/// Whether a character only groups or surrounds the characters of a secret: blanks, hyphens, direction marks.
const fn is_ignored(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t'
            | '-'
            | '\u{a0}'
            | '\u{2000}'..='\u{2015}'
            | '\u{202a}'..='\u{202f}'
            | '\u{205f}'..='\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{3000}'
            | '\u{feff}'
    )
}

/// Returns the secret as base32 without padding, as apps and users enter it.
pub fn base32(secret: &SecretBytes) -> SecretText {
    SecretText::new(BASE32_NOPAD.encode(secret.expose()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use data_encoding::HEXLOWER;
    use mfa_core::testing::SeededEntropy;

    use super::*;

    const TEXT: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[derive(Debug)]
    struct NoEntropy;

    impl Entropy for NoEntropy {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }

    #[test]
    fn new_secrets_have_160_bits_and_are_all_different() {
        let entropy = SeededEntropy::default();
        let seen: HashSet<String> = (0..10_000)
            .map(|_| {
                let secret = generate_secret(&entropy).unwrap();
                assert_eq!(secret.len(), 20);
                base32(&secret).expose().to_owned()
            })
            .collect();
        assert_eq!(seen.len(), 10_000);
    }

    #[test]
    fn without_randomness_there_is_no_secret() {
        assert_eq!(generate_secret(&NoEntropy), Err(EntropyError));
    }

    #[test]
    fn a_secret_reads_back_from_its_text_in_every_usual_spelling() {
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        assert_eq!(base32(&secret).expose(), TEXT);
        let spellings = [
            TEXT.to_owned(),
            TEXT.to_lowercase(),
            format!("{TEXT}===="),
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq ".to_owned(),
            "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ".to_owned(),
            "gezd\u{a0}gnbv\u{202f}gy3t\u{2009}qojq\tgezd gnbv gy3t qojq\r\n".to_owned(),
            "\u{feff}GEZD\u{2011}GNBVGY3TQOJQ\u{200b}GEZDGNBVGY3TQOJQ ==== ".to_owned(),
            format!("{TEXT}\0\0\0  "),
        ];
        for text in spellings {
            assert_eq!(import_secret(&text), Ok(secret.clone()), "{text}");
        }
    }

    #[test]
    fn bits_after_the_last_whole_byte_are_ignored() {
        // Expected bytes from Python: base64.b32decode(text + padding, casefold=True).
        let hex = |text: &str| import_secret(text).map(|it| HEXLOWER.encode(it.expose()));
        assert_eq!(hex(&"X".repeat(52)), Ok("bdef7bdef7".repeat(6) + "bdef"));
        assert_eq!(hex("KJ6D6EKD2A3G77B3C4ECXXXXXZ").as_deref(), Ok("527c3f1143d0366ffc3b17082bdef7be"));
        let short = import_secret("KJ6D6EKD2A3G77B3C4ECXXXXXZ").unwrap();
        assert_eq!(import_secret("kj6d6ekd2a3g77b3c4ecxxxxxz======"), Ok(short.clone()));
        assert_eq!(import_secret("KJ6D6EKD2A3G77B3C4ECXXXXXY"), Ok(short));
    }

    #[test]
    fn a_last_character_that_completes_no_byte_is_ignored_as_in_apps() {
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        assert_eq!(import_secret(&format!("{TEXT}Z")), Ok(secret.clone()));
        assert_eq!(import_secret(&format!("{TEXT}1")), Err(SecretImportError::NotBase32));
        let longer = |end: &str| import_secret(&format!("{TEXT}{end}")).map(|it| it.len());
        assert_eq!(
            ["AE", "AEB", "AEBA", "AEBAG", "AEBAGB", "AEBAGBA"].map(longer).map(Result::unwrap),
            [21, 21, 22, 23, 23, 24]
        );
    }

    #[test]
    fn a_secret_of_fifteen_bytes_is_refused_and_one_of_sixteen_is_not() {
        for (length, expected) in [
            (0, Err(SecretImportError::TooShort)),
            (15, Err(SecretImportError::TooShort)),
            (16, Ok(16)),
            (128, Ok(128)),
            (129, Err(SecretImportError::TooLong)),
        ] {
            let text = base32(&SecretBytes::new(vec![0xa5; length]));
            assert_eq!(import_secret(text.expose()).map(|it| it.len()), expected, "{length}");
        }
    }

    #[test]
    fn text_that_is_not_base32_is_refused() {
        for text in ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", "GEZD=GNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "é", "GEZ\nDG"]
        {
            assert_eq!(import_secret(text), Err(SecretImportError::NotBase32), "{text}");
        }
    }
}
