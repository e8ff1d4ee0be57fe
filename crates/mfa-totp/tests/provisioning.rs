//! Tests of the otpauth URI, read back by independent parsers.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use mfa_core::SecretBytes;
use mfa_totp::{Algorithm, Digits, LabelError, Parameters, Provisioning, base32, qr_png_data_uri, qr_svg};
use totp_rs::Totp;
use url::Url;

fn secret() -> SecretBytes {
    SecretBytes::new(b"12345678901234567890".to_vec())
}

fn provisioning(issuer: &str, account: &str) -> Provisioning {
    Provisioning::new(issuer, account, &secret()).unwrap()
}

#[test]
fn the_uri_is_what_apps_expect_letter_for_letter() {
    let shown = provisioning("NOVA MFA", "alice+1@example.com");
    assert_eq!(
        shown.uri().expose(),
        "otpauth://totp/NOVA%20MFA:alice%2B1%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
         &issuer=NOVA%20MFA&algorithm=SHA1&digits=6&period=30"
    );
    assert_eq!(shown.secret(), &base32(&secret()));
    assert_eq!(shown.parameters(), Parameters::default());
}

#[test]
fn names_of_every_script_and_with_every_delimiter_read_back_as_they_were() {
    for name in ["Söhne & Co", "a b+c%20d", "x?y#z/w=1&secret=AAAA", "名前", "👩‍💻", "~._-", "\"q\"@[10.0.0.1]"]
    {
        let shown = provisioning(name, name);
        let url = Url::parse(shown.uri().expose()).unwrap();
        assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected = [
            ("secret", shown.secret().expose()),
            ("issuer", name),
            ("algorithm", "SHA1"),
            ("digits", "6"),
            ("period", "30"),
        ];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let read = Totp::from_url(shown.uri().expose()).unwrap();
        assert_eq!(read.issuer(), Some(name));
        assert_eq!(read.account_name(), name);
        assert!(!shown.uri().expose().contains('+') && shown.uri().expose().is_ascii());
    }
}

#[test]
fn other_parameters_are_told_to_the_app() {
    let parameters =
        Parameters { algorithm: Algorithm::Sha512, digits: Digits::Eight, ..Parameters::default() };
    let shown = Provisioning::with_parameters("NOVA", "a", &secret(), parameters).unwrap();
    assert!(shown.uri().expose().ends_with("&algorithm=SHA512&digits=8&period=30"));
}

#[test]
fn a_colon_or_a_control_character_in_either_name_is_refused() {
    for (issuer, account, error) in [
        ("NOVA", "Bank:alice", LabelError::Forbidden),
        ("NO:VA", "alice", LabelError::Forbidden),
        ("NOVA", "ali\nce", LabelError::Forbidden),
        ("NOVA", "", LabelError::Empty),
        ("", "alice", LabelError::Empty),
        ("NOVA", &"x".repeat(129), LabelError::TooLong),
    ] {
        assert_eq!(
            Provisioning::new(issuer, account, &secret()).map(|_| ()),
            Err(error),
            "{issuer} {account}"
        );
    }
}

#[test]
fn the_longest_names_and_the_longest_secret_still_fit_in_a_qr_code() {
    let name = "é".repeat(64);
    let shown = Provisioning::new(&name, &name, &SecretBytes::new(vec![0xff; 128])).unwrap();
    assert!(qr_png_data_uri(shown.uri()).is_ok());
    assert!(qr_svg(shown.uri()).is_ok());
}

#[test]
fn debug_shows_neither_the_secret_nor_the_uri() {
    let shown = format!("{:?}", provisioning("NOVA", "alice"));
    assert!(!shown.contains("GEZD") && !shown.contains("otpauth"), "{shown}");
}
