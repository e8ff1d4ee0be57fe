use data_encoding::BASE64URL_NOPAD;
use josekit::jwk::alg::ec::EcKeyPair;
use josekit::jwk::alg::ed::EdKeyPair;
use josekit::jwk::{Ed448, Jwk, P_384};
use serde_json::{Value, json};

use super::*;

const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256];

fn jwk(members: Value) -> Jwk {
    let Value::Object(members) = members else { panic!("an object") };
    Jwk::from_map(members).unwrap()
}

fn pem(pair: &dyn KeyPair) -> SecretText {
    SecretText::new(String::from_utf8(pair.to_pem_private_key()).unwrap())
}

/// RFC 8037 appendix A.1.
fn ed25519() -> PrivateKey {
    let pair = EdKeyPair::from_jwk(&jwk(json!({
        "kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })));
    PrivateKey::from_pem(&pem(&pair.unwrap())).unwrap()
}

/// RFC 7515 appendix A.3.
fn p256() -> PrivateKey {
    let pair = EcKeyPair::from_jwk(&jwk(json!({
        "kty": "EC", "crv": "P-256", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })));
    PrivateKey::from_pem(&pem(&pair.unwrap())).unwrap()
}

fn decode(text: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
}

/// RFC 8037 appendices A.3 to A.5.
#[test]
fn the_example_of_rfc_8037_has_its_thumbprint_and_its_signature() {
    let key = ed25519();
    assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    assert_eq!(key.sign(signed), Ok(signature.clone()));
    assert_eq!(key.verify(signed, &signature), Ok(()));
}

/// RFC 7515 appendix A.3.
#[test]
fn the_example_of_rfc_7515_verifies_under_es256() {
    let key = p256();
    let signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature =
        decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    assert_eq!(key.verify(signed, &signature), Ok(()));
    assert_eq!(key.verify(b"another", &signature), Err(TokenError::Invalid));
}

#[test]
fn what_is_published_is_the_public_half_and_nothing_else() {
    assert_eq!(
        serde_json::to_value(ed25519().public_key()).unwrap(),
        json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig",
            "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        })
    );
    assert_eq!(
        serde_json::to_value(p256().public_key()).unwrap(),
        json!({
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "use": "sig", "alg": "ES256",
            // Computed with Python: base64url(sha256('{"crv":"P-256","kty":"EC","x":…,"y":…}')).
            "kid": "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
        })
    );
}

#[test]
fn a_new_key_is_read_back_and_signs_what_it_verifies() {
    for algorithm in BOTH {
        let text = PrivateKey::generate(algorithm).unwrap();
        assert!(text.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(text.expose().ends_with("-----END PRIVATE KEY-----\n") && !text.expose().contains('\r'));
        let key = PrivateKey::from_pem(&text).unwrap();
        assert_eq!(PrivateKey::algorithm(&key), algorithm);
        let signature = key.sign(b"message").unwrap();
        assert_eq!(key.verify(b"message", &signature), Ok(()));
        assert_eq!(key.id().len(), 43);
        let other = PrivateKey::from_pem(&PrivateKey::generate(algorithm).unwrap()).unwrap();
        assert_ne!(other.id(), key.id());
        assert_eq!(other.verify(b"message", &signature), Err(TokenError::Invalid));
    }
}

#[test]
fn a_signature_of_zeros_of_another_length_or_in_der_is_refused() {
    for key in [ed25519(), p256()] {
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature.len(), SIGNATURE_BYTES);
        let mut ends_in_zero = signature.clone();
        ends_in_zero.push(0);
        let der = [&[0x30, 0x44, 0x02, 0x20], &signature[..32], &[0x02, 0x20], &signature[32..]].concat();
        for wrong in
            [&[][..], &[0; SIGNATURE_BYTES], &[0xff; SIGNATURE_BYTES], &signature[..63], &ends_in_zero, &der]
        {
            assert_eq!(key.verify(b"message", wrong), Err(TokenError::Invalid), "{wrong:?}");
        }
        for at in [0, 31, 32, 63] {
            let mut flipped = signature.clone();
            flipped[at] ^= 1;
            assert_eq!(key.verify(b"message", &flipped), Err(TokenError::Invalid), "{at}");
        }
    }
}

#[test]
fn keys_of_other_kinds_and_other_texts_are_refused() {
    let ed448 = EdKeyPair::generate(Ed448).unwrap();
    let p384 = EcKeyPair::generate(P_384).unwrap();
    let public = EdKeyPair::generate(Ed25519).unwrap().to_pem_public_key();
    for (text, what) in [
        (pem(&ed448), "Ed448"),
        (pem(&p384), "P-384"),
        (SecretText::new(String::from_utf8(public).unwrap()), "a public key"),
        (
            SecretText::new("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned()),
            "noise",
        ),
        (SecretText::new(String::new()), "nothing"),
    ] {
        assert_eq!(PrivateKey::from_pem(&text).err(), Some(KeyError::NotPrivate), "{what}");
    }
}

#[test]
fn a_key_whose_halves_belong_to_two_keys_is_refused() {
    let [one, other] = [0; 2].map(|_| EcKeyPair::generate(josekit::jwk::P_256).unwrap());
    let mut der = one.to_der_private_key();
    let (mine, theirs) = (one.to_der_public_key(), other.to_der_public_key());
    // The last 65 bytes of a public key are its point; PKCS#8 holds them too.
    let (mine, theirs) = (&mine[mine.len() - 65..], &theirs[theirs.len() - 65..]);
    let at = der.windows(65).position(|it| it == mine).unwrap();
    der[at..at + 65].copy_from_slice(theirs);
    let text = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        data_encoding::BASE64.encode(&der)
    );
    let refused = PrivateKey::from_pem(&SecretText::new(text)).err();
    assert!(matches!(refused, Some(KeyError::Unusable | KeyError::NotPrivate)), "{refused:?}");
}

#[test]
fn debug_shows_the_public_half_and_not_the_private_one() {
    let shown = format!("{:?}", ed25519());
    assert!(shown.contains("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    assert!(!shown.contains("nWGxne"));
}
