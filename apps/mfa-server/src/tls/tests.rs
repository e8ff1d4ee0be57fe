use std::fs;
use std::path::Path;

use rcgen::{CertifiedKey as Generated, KeyPair, generate_simple_self_signed};

use super::*;

fn generate() -> Generated<KeyPair> {
    generate_simple_self_signed(["mfa.test".to_owned()]).unwrap()
}

fn files(folder: &Path, cert: &str, key: &str) -> TlsFiles {
    let (cert_path, key_path) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&cert_path, cert).unwrap();
    fs::write(&key_path, key).unwrap();
    TlsFiles { cert: cert_path, key: key_path }
}

fn shown(certificate: &ReloadableCertificate) -> Vec<u8> {
    certificate.current.read().unwrap().cert[0].to_vec()
}

#[test]
fn a_reload_replaces_the_certificate_unless_a_file_is_not_valid() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (generate(), generate());
    let certificate =
        ReloadableCertificate::load(&files(folder.path(), &one.cert.pem(), &one.signing_key.serialize_pem()))
            .unwrap();
    assert!(certificate.config().is_ok());
    assert_eq!(shown(&certificate), **one.cert.der());

    files(folder.path(), &other.cert.pem(), &one.signing_key.serialize_pem());
    let refused = certificate.reload().unwrap_err().to_string();
    assert!(refused.starts_with("TLS_KEY is not the key of the certificate in TLS_CERT"), "{refused}");
    files(folder.path(), "", &other.signing_key.serialize_pem());
    assert!(certificate.reload().is_err());
    assert_eq!(shown(&certificate), **one.cert.der());

    files(folder.path(), &other.cert.pem(), &other.signing_key.serialize_pem());
    certificate.reload().unwrap();
    assert_eq!(shown(&certificate), **other.cert.der());
}

#[test]
fn each_error_names_the_setting_and_shows_nothing_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let good = generate();
    let (cert, key) = (good.cert.pem(), good.signing_key.serialize_pem());
    let nowhere = |mut it: TlsFiles, is_key: bool| {
        let path = folder.path().join("nowhere.pem");
        if is_key {
            it.key = path;
        } else {
            it.cert = path;
        }
        it
    };
    let all = || files(folder.path(), &cert, &key);
    for (files, start) in [
        (nowhere(all(), false), "TLS_CERT names "),
        (nowhere(all(), true), "TLS_KEY names "),
        (TlsFiles { cert: folder.path().to_owned(), ..all() }, "TLS_CERT names "),
    ] {
        let sentence = ReloadableCertificate::load(&files).unwrap_err().to_string();
        assert!(sentence.starts_with(start), "{sentence}");
        assert!(sentence.ends_with("give the path of a file that this user may read"), "{sentence}");
    }
    let neither = TlsFiles { cert: folder.path().join("a"), key: folder.path().join("b") };
    let text = ReloadableCertificate::load(&neither).unwrap_err().to_string();
    assert!(text.starts_with("TLS_CERT names ") && text.contains(", and TLS_KEY names "), "{text}");
    for (cert, key, sentence) in [
        (key.as_str(), key.as_str(), "contains no certificate: give a PEM file"),
        (&cert, &cert, "contains no private key: give a PEM file"),
        ("hunter2", &key, "contains no certificate: give a PEM file"),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", &key, "contains no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, "TLS_KEY is not the key of"),
        (
            &cert,
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "TLS_KEY is not the key of",
        ),
    ] {
        let text = ReloadableCertificate::load(&files(folder.path(), cert, key)).unwrap_err().to_string();
        assert!(text.contains(sentence), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("AAAA"), "{text}");
    }
}

#[test]
fn an_encrypted_key_and_an_expired_certificate_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = generate();
    let (cert, key) = (good.cert.pem(), good.signing_key.serialize_pem());
    for key in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n".to_owned(),
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n"
            .to_owned(),
    ] {
        let error = ReloadableCertificate::load(&files(folder.path(), &cert, &key)).unwrap_err().to_string();
        assert!(error.contains("encrypted with a passphrase: decrypt it with openssl pkey"), "{error}");
    }
    let dated = |first, last| {
        let mut params = rcgen::CertificateParams::new(["mfa.test".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(first, 1, 1);
        params.not_after = rcgen::date_time_ymd(last, 1, 1);
        let cert = params.self_signed(&good.signing_key).unwrap().pem();
        let certificate = ReloadableCertificate::load(&files(folder.path(), &cert, &key)).unwrap();
        certificate.check_dates().map_err(|error| error.to_string())
    };
    let expired = dated(2020, 2021).unwrap_err();
    assert!(expired.contains("whose certificate expired at 2021-01-01T00:00:00Z: renew"), "{expired}");
    let early = dated(4000, 4001).unwrap_err();
    assert!(early.contains("whose certificate is not valid before 4000-01-01T00:00:00Z"), "{early}");
    assert_eq!(dated(2020, 4000), Ok(()));
}
