//! Parser of otpauth URIs from other systems.

use std::borrow::Cow;

use mfa_core::SecretBytes;
use zeroize::Zeroizing;

use crate::{Algorithm, Digits, Parameters, Period, SecretImportError, import_secret};

/// Error for a URI that cannot be imported. It does not contain the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtpauthError {
    /// The text is not an otpauth URI.
    #[error("it is not an otpauth URI (otpauth://totp/…?secret=…)")]
    NotOtpauth,
    /// The URI is for counter-based codes (HOTP).
    #[error("it is counter-based (hotp): only time-based secrets (totp) can be imported")]
    Counter,
    /// The URI has no secret.
    #[error("it has no secret")]
    NoSecret,
    /// A parameter occurs twice.
    #[error("it has {0} twice")]
    Twice(&'static str),
    /// The secret is invalid.
    #[error(transparent)]
    Secret(#[from] SecretImportError),
    /// The hash function is not supported.
    #[error("algorithm {0}: only SHA1, SHA256 and SHA512 are supported")]
    Algorithm(&'static str),
    /// The code length is not supported.
    #[error("digits {0}: codes have 6 to 8 digits")]
    Digits(u32),
    /// The period is not supported.
    #[error("period {0}: a period has 15 to 120 seconds")]
    Period(u32),
    /// A parameter has an invalid value.
    #[error("its parameter {0} is not understood")]
    Parameter(&'static str),
}

/// Secret of an app, with the parameters of its codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSecret {
    /// The secret.
    pub secret: SecretBytes,
    /// Parameters; those that the URI does not state are the default.
    pub parameters: Parameters,
}

impl From<SecretBytes> for ImportedSecret {
    /// Returns the secret with the default parameters.
    fn from(secret: SecretBytes) -> Self {
        Self { secret, parameters: Parameters::default() }
    }
}

/// Reads the secret and the parameters of an otpauth URI.
///
/// Issuer, label and extensions of apps, such as an image or a colour, are ignored.
///
/// # Errors
///
/// [`OtpauthError`] if the URI cannot be imported: start a new enrolment instead.
pub fn read_otpauth(text: &str) -> Result<ImportedSecret, OtpauthError> {
    // Copied out of HTML. A plain `&` separates parameters, so none of them contains this text.
    let escapes = ["&amp;", "&AMP;", "&#38;", "&#x26;"];
    let text = escapes
        .iter()
        .fold(Zeroizing::new(text.trim().to_owned()), |text, it| Zeroizing::new(text.replace(it, "&")));
    let rest = without_prefix(&text, "otpauth://").ok_or(OtpauthError::NotOtpauth)?;
    let (path, query) = rest.split_once('?').ok_or(OtpauthError::NotOtpauth)?;
    let kind = path.split_once('/').map_or(path, |(kind, _)| kind);
    if kind.eq_ignore_ascii_case("hotp") {
        return Err(OtpauthError::Counter);
    }
    if !kind.eq_ignore_ascii_case("totp") {
        return Err(OtpauthError::NotOtpauth);
    }
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let uri = UriParameters::read(query)?;
    let mut parameters = Parameters::default();
    if let Some(algorithm) = uri.algorithm {
        parameters.algorithm = parse_algorithm(&algorithm)?;
    }
    if let Some(digits) = uri.digits {
        let digits = digits.parse::<u32>().map_err(|_| OtpauthError::Parameter("digits"))?;
        parameters.digits = Digits::try_from(digits).map_err(|_| OtpauthError::Digits(digits))?;
    }
    if let Some(period) = uri.period {
        let period = period.parse::<u32>().map_err(|_| OtpauthError::Parameter("period"))?;
        parameters.period = Period::try_from(period).map_err(|_| OtpauthError::Period(period))?;
    }
    let secret = uri.secret.filter(|it| !it.is_empty()).ok_or(OtpauthError::NoSecret)?;
    Ok(ImportedSecret { secret: import_secret(&secret)?, parameters })
}

#[derive(Default)]
struct UriParameters<'a> {
    secret: Option<Cow<'a, str>>,
    algorithm: Option<Cow<'a, str>>,
    digits: Option<Cow<'a, str>>,
    period: Option<Cow<'a, str>>,
}

impl<'a> UriParameters<'a> {
    /// Unescaped values are borrowed, so that no copy of the secret remains.
    fn read(query: &'a str) -> Result<Self, OtpauthError> {
        let mut found = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (place, name) = match name.to_ascii_lowercase().as_str() {
                "secret" => (&mut found.secret, "secret"),
                "algorithm" => (&mut found.algorithm, "algorithm"),
                "digits" => (&mut found.digits, "digits"),
                "period" => (&mut found.period, "period"),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(OtpauthError::Twice(name));
            }
        }
        Ok(found)
    }
}

/// Parses a hash function. Some systems write `SHA1` as `SHA-1` or `HmacSHA1`.
fn parse_algorithm(text: &str) -> Result<Algorithm, OtpauthError> {
    let plain = text.to_ascii_uppercase().replace(['-', '_'], "");
    match plain.strip_prefix("HMAC").unwrap_or(&plain) {
        "SHA1" => Ok(Algorithm::Sha1),
        "SHA256" => Ok(Algorithm::Sha256),
        "SHA512" => Ok(Algorithm::Sha512),
        "MD5" => Err(OtpauthError::Algorithm("MD5")),
        _ => Err(OtpauthError::Parameter("algorithm")),
    }
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Provisioning;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn read(rest: &str) -> Result<Vec<u8>, OtpauthError> {
        read_otpauth(&format!("otpauth://totp/{rest}")).map(|it| it.secret.expose().to_vec())
    }

    #[test]
    fn uris_of_other_systems_are_read() {
        for rest in [
            "NOVA:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=NOVA",
            "alice?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
            "alice?issuer=A%20B&secret=GEZD+GNBV+GY3T+QOJQ+GEZD+GNBV+GY3T+QOJQ&digits=6&period=30&algorithm=SHA1",
            "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ%3D%3D%3D%3D&algorithm=HmacSHA1&image=https%3A%2F%2Fx",
            "a?SECRET=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ#fragment",
            "a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====&issuer=A",
            "a?secret=gezd-gnbv-gy3t-qojq%C2%A0gezd%E2%80%AFgnbv gy3t qojq",
            "a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQB",
        ] {
            assert_eq!(read(rest).as_deref(), Ok(b"12345678901234567890".as_slice()), "{rest}");
        }
        assert_eq!(read("a?secret=KJ6D6EKD2A3G77B3C4ECXXXXXZ").map(|it| it.len()), Ok(16));
        let upper = format!(" OTPAUTH://TOTP/a?secret={SECRET}\n");
        assert!(read_otpauth(&upper).is_ok());
    }

    #[test]
    fn what_an_account_cannot_hold_is_refused_by_name() {
        for (rest, error) in [
            ("algorithm=MD5", OtpauthError::Algorithm("MD5")),
            ("amp;algorithm=MD5", OtpauthError::Algorithm("MD5")),
            ("#38;digits=9", OtpauthError::Digits(9)),
            ("digits=5", OtpauthError::Digits(5)),
            ("algorithm=rot13", OtpauthError::Parameter("algorithm")),
            ("digits=six", OtpauthError::Parameter("digits")),
            ("period=10", OtpauthError::Period(10)),
            ("period=300", OtpauthError::Period(300)),
            ("period=-1", OtpauthError::Parameter("period")),
            ("secret=GEZDGNBVGY3TQOJQ", OtpauthError::Twice("secret")),
        ] {
            assert_eq!(read(&format!("a?secret={SECRET}&{rest}")), Err(error), "{rest}");
        }
    }

    #[test]
    fn parameters_are_read_and_default_to_what_apps_assume() {
        let read = |rest: &str| {
            let parameters =
                read_otpauth(&format!("otpauth://totp/a?secret={SECRET}{rest}")).unwrap().parameters;
            (parameters.algorithm.as_str(), parameters.digits.count(), parameters.period.seconds())
        };
        assert_eq!(read(""), ("SHA1", 6, 30));
        assert_eq!(read("&algorithm=HmacSHA256&digits=8&period=60"), ("SHA256", 8, 60));
        assert_eq!(read("&algorithm=sha-512&digits=7&period=15"), ("SHA512", 7, 15));
    }

    #[test]
    fn what_is_no_secret_by_time_is_refused() {
        assert_eq!(read("a?issuer=b"), Err(OtpauthError::NoSecret));
        assert_eq!(read("a?secret="), Err(OtpauthError::NoSecret));
        assert_eq!(read("a?secret=GEZDGNBVGY3TQOJQ"), Err(OtpauthError::Secret(SecretImportError::TooShort)));
        assert_eq!(read("a?secret=10"), Err(OtpauthError::Secret(SecretImportError::NotBase32)));
        let counter = format!("otpauth://hotp/a?secret={SECRET}&counter=1");
        assert_eq!(read_otpauth(&counter), Err(OtpauthError::Counter));
        for text in ["", "a", SECRET, "https://totp/a?secret=x", "otpauth://totp/a", "otpauth://x/a?secret=y"]
        {
            assert_eq!(read_otpauth(text), Err(OtpauthError::NotOtpauth), "{text}");
        }
    }

    #[test]
    fn errors_say_nothing_of_the_secret() {
        for rest in ["a?secret=1CANARY1", "a?secret=CANARY&secret=CANARY", "a?secret=CANARY&digits=CANARY"] {
            assert!(!read(rest).unwrap_err().to_string().contains("CANARY"), "{rest}");
        }
    }

    proptest! {
        #[test]
        fn what_we_write_reads_back(secret in prop::collection::vec(any::<u8>(), 16..64), name in "[a-z &?#%+@.é]{1,20}") {
            let secret = SecretBytes::new(secret);
            if let Ok(provisioning) = Provisioning::new("NOVA & Co", &name, &secret) {
                let read = read_otpauth(provisioning.uri().expose());
                prop_assert_eq!(read, Ok(ImportedSecret { secret, parameters: Parameters::default() }));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}|otpauth://totp/.{0,60}") {
            drop(read_otpauth(&text));
        }
    }
}
