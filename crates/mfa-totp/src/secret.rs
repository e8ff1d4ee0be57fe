//! Shared secrets: generation, import and base32 text.

use data_encoding::BASE32_NOPAD;
use mfa_core::{Entropy, EntropyError, SecretBytes, SecretText};
use zeroize::Zeroizing;

/// Length of a new secret: 160 bits, as RFC 4226 §4 (R6) recommends.
pub const SECRET_BYTES: usize = 20;

/// Minimum length of an imported secret: 128 bits (RFC 4226 §4, R6).
const MIN_SECRET_BYTES: usize = 16;
/// Maximum length of an imported secret: the block size of SHA-512. HMAC would only hash a longer one.
const MAX_SECRET_BYTES: usize = 128;

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
/// Case, spaces, dashes and trailing padding are ignored, because systems differ in them. Characters that only
/// resemble base32 (`0`, `1`, `8`) are rejected.
///
/// # Errors
///
/// [`SecretImportError`] if the text is not base32 or has fewer than 128 or more than 1024 bits: start a new
/// enrolment instead.
pub fn import_secret(text: &str) -> Result<SecretBytes, SecretImportError> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase()));
    let unpadded = plain.trim_end_matches('=');
    let secret = BASE32_NOPAD.decode(unpadded.as_bytes()).map_err(|_| SecretImportError::NotBase32)?;
    let secret = SecretBytes::new(secret);
    match secret.len() {
        ..MIN_SECRET_BYTES => Err(SecretImportError::TooShort),
        MIN_SECRET_BYTES..=MAX_SECRET_BYTES => Ok(secret),
        _ => Err(SecretImportError::TooLong),
    }
}

/// Returns the secret as base32 without padding, as apps and users enter it.
pub fn base32(secret: &SecretBytes) -> SecretText {
    SecretText::new(BASE32_NOPAD.encode(secret.expose()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
        ];
        for text in spellings {
            assert_eq!(import_secret(&text), Ok(secret.clone()), "{text}");
        }
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
