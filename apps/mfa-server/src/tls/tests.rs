use std::fs;

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
