use std::collections::HashSet;

use mfa_core::testing::SeededEntropy;
use mfa_core::{EntropyError, SealedColumn, UserId};
use proptest::prelude::*;

use super::*;
use crate::crypto::OsEntropy;

const HERE: SealContext = SealContext { user: UserId::new(42), column: SealedColumn::TotpSecret };

fn cipher(keys: &[(&str, u8)]) -> AesGcmCipher {
    let key = |(id, byte): &(&str, u8)| (KeyId::parse(id).unwrap(), SecretBytes::new(vec![*byte; 32]));
    let ring = KeyRing::new(keys.iter().map(key).collect()).unwrap();
    AesGcmCipher::new(&ring, Arc::new(OsEntropy))
}

fn secret() -> SecretBytes {
    SecretBytes::new(b"12345678901234567890".to_vec())
}

fn column(text: impl Into<String>) -> Sealed {
    Sealed::from_column(text.into())
}

#[test]
fn the_stored_form_is_the_documented_one_and_opens_by_any_aes_gcm() {
    let ring = KeyRing::new(vec![(KeyId::parse("k1").unwrap(), SecretBytes::new(vec![0x0b; 32]))]).unwrap();
    let sealed = AesGcmCipher::new(&ring, Arc::new(SeededEntropy::default())).seal(&secret(), HERE).unwrap();
    let body = sealed.as_column().strip_prefix("v1.k1.").unwrap();
    let bytes = BASE64URL_NOPAD.decode(body.as_bytes()).unwrap();
    assert_eq!(bytes.len(), 12 + 20 + 16, "nonce, ciphertext, tag");

    let key = ring.derived("nova-mfa/seal/v1").remove(0).1;
    let plain = Aes256Gcm::new_from_slice(key.expose()).unwrap();
    let nonce: [u8; 12] = bytes[..12].try_into().unwrap();
    let payload = Payload { msg: &bytes[12..], aad: b"users|42|totp_secret|v1" };
    assert_eq!(plain.decrypt((&nonce).into(), payload).unwrap(), secret().expose());
}

#[test]
fn what_was_sealed_unseals_in_its_place_and_nowhere_else() {
    let cipher = cipher(&[("k1", 1)]);
    let sealed = cipher.seal(&secret(), HERE).unwrap();
    assert_eq!(cipher.unseal(&sealed, HERE), Ok(secret()));
    let other_user = SealContext { user: UserId::new(43), ..HERE };
    let other_column = SealContext { column: SealedColumn::TotpPendingSecret, ..HERE };
    for elsewhere in [other_user, other_column] {
        assert_eq!(cipher.unseal(&sealed, elsewhere), Err(CipherError::Altered));
    }
}

#[test]
fn rotated_keys_seal_with_the_first_and_unseal_with_all() {
    let old = cipher(&[("k1", 1)]).seal(&secret(), HERE).unwrap();
    let rotated = cipher(&[("k2", 2), ("k1", 1)]);
    assert_eq!(rotated.unseal(&old, HERE), Ok(secret()));
    let new = rotated.seal(&secret(), HERE).unwrap();
    assert!(new.as_column().starts_with("v1.k2."));
    assert_eq!(cipher(&[("k2", 2)]).unseal(&new, HERE), Ok(secret()));
    assert_eq!(cipher(&[("k2", 2)]).unseal(&old, HERE), Err(CipherError::UnknownKey));
    assert_eq!(cipher(&[("k1", 9)]).unseal(&old, HERE), Err(CipherError::Altered), "same name, other key");
}

#[test]
fn what_was_never_sealed_is_called_so() {
    let cipher = cipher(&[("k1", 1)]);
    for text in [
        "",
        "JBSWY3DPEHPK3PXP",
        "+33612345678",
        "v1",
        "v1.",
        "v1.k1",
        "v1..AA",
        "v1.k 1.AA",
        "v1.k1.A",
        "v1.k1.AA==",
        "v2.k1.AA",
    ] {
        assert_eq!(cipher.unseal(&column(text), HERE), Err(CipherError::NotSealed), "{text:?}");
    }
    for cut in ["v1.k1.", "v1.k1.AAAA", "v1.k1.AAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(cipher.unseal(&column(cut), HERE), Err(CipherError::Altered), "{cut:?}");
    }
}

#[test]
fn a_hundred_thousand_nonces_all_differ() {
    let cipher = cipher(&[("k1", 1)]);
    let empty = SecretBytes::new(Vec::new());
    let nonce = |sealed: Sealed| sealed.as_column()["v1.k1.".len()..][..16].to_owned();
    let nonces: HashSet<_> = (0..100_000).map(|_| nonce(cipher.seal(&empty, HERE).unwrap())).collect();
    assert_eq!(nonces.len(), 100_000);
}

#[test]
fn without_randomness_nothing_is_sealed() {
    #[derive(Debug)]
    struct Dry;
    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }
    let dry = AesGcmCipher { entropy: Arc::new(Dry), ..cipher(&[("k1", 1)]) };
    assert_eq!(dry.seal(&secret(), HERE), Err(CipherError::NoEntropy));
    assert_eq!(dry.key_check_value(), Err(CipherError::NoEntropy));
}

#[test]
fn a_canary_sings_for_its_own_keys_only() {
    let cipher_one = cipher(&[("k1", 1)]);
    let key_check_value = cipher_one.key_check_value().unwrap();
    assert_eq!(cipher_one.check_key_check_value(&key_check_value), Ok(()));
    assert_eq!(cipher(&[("k2", 2), ("k1", 1)]).check_key_check_value(&key_check_value), Ok(()));
    assert_eq!(cipher(&[("k1", 2)]).check_key_check_value(&key_check_value), Err(CipherError::Altered));
    assert_eq!(cipher(&[("k2", 2)]).check_key_check_value(&key_check_value), Err(CipherError::UnknownKey));
    assert_eq!(cipher_one.check_key_check_value("nova-mfa canary"), Err(CipherError::NotSealed));
}

#[test]
fn a_canary_and_a_column_cannot_stand_in_for_each_other() {
    let cipher = cipher(&[("k1", 1)]);
    let key_check_value = cipher.key_check_value().unwrap();
    assert_eq!(cipher.unseal(&column(key_check_value), HERE), Err(CipherError::Altered));
    let sealed = cipher.seal(&SecretBytes::new(KEY_CHECK_TEXT.to_vec()), HERE).unwrap();
    assert_eq!(cipher.check_key_check_value(sealed.as_column()), Err(CipherError::Altered));
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", cipher(&[("k1", 0x61)])), r#"AesGcmCipher(["k1"])"#);
}

proptest! {
    #[test]
    fn any_secret_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..200), user: i64) {
        let cipher = cipher(&[("k1", 1)]);
        let place = SealContext { user: UserId::new(user), ..HERE };
        let sealed = cipher.seal(&SecretBytes::new(bytes.clone()), place).unwrap();
        prop_assert_eq!(cipher.unseal(&sealed, place), Ok(SecretBytes::new(bytes)));
    }

    #[test]
    fn any_flipped_bit_is_noticed(at in 0_usize..48, bit in 0_u8..8) {
        let cipher = cipher(&[("k1", 1)]);
        let sealed = cipher.seal(&secret(), HERE).unwrap();
        let mut bytes = BASE64URL_NOPAD.decode(&sealed.as_column().as_bytes()["v1.k1.".len()..]).unwrap();
        bytes[at] ^= 1 << bit;
        let flipped = column(format!("v1.k1.{}", BASE64URL_NOPAD.encode(&bytes)));
        prop_assert_eq!(cipher.unseal(&flipped, HERE), Err(CipherError::Altered));
    }

    #[test]
    fn any_changed_character_is_noticed(at in 0_usize..70, to in "[ -~é]") {
        let cipher = cipher(&[("k1", 1)]);
        let text = cipher.seal(&secret(), HERE).unwrap().as_column().to_owned();
        let (before, rest) = text.split_at(at);
        prop_assume!(!rest.starts_with(&to));
        let changed = [before, &to, &rest[1..]].concat();
        prop_assert!(cipher.unseal(&column(changed), HERE).is_err());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        prop_assert!(cipher(&[("k1", 1)]).unseal(&column(text), HERE).is_err());
    }
}
