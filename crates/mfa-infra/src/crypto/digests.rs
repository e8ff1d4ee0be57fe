//! Keyed digests under keys derived from the master keys.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use mfa_core::{DigestPurpose, KeyId, KeyedDigest, KeyedDigests, SecretBytes};
use sha2::Sha256;

use super::key_ring::KeyRing;
use super::labels::digest_label;
use super::retained::{RetainedKeys, RetainedUse};

/// Keyed digests with HMAC-SHA256 (RFC 2104). Each purpose has its own keys, derived under its own label.
pub struct DerivedDigests {
    recovery_tag: PurposeKeys,
    sms_code: PurposeKeys,
    phone_number: PurposeKeys,
    passkey_challenge: PurposeKeys,
    access_pass: PurposeKeys,
}

/// Keys of one purpose, in the order of the ring.
struct PurposeKeys {
    newest: Key,
    older: Vec<Key>,
}

struct Key {
    id: KeyId,
    prepared: Hmac<Sha256>,
}

impl DerivedDigests {
    /// Derives the keys from a ring.
    pub fn new(ring: &KeyRing) -> Self {
        let keys = |purpose| PurposeKeys::from_keys(ring.derived(digest_label(purpose)).into_iter());
        Self {
            recovery_tag: keys(DigestPurpose::RecoveryTag),
            sms_code: keys(DigestPurpose::SmsCode),
            phone_number: keys(DigestPurpose::PhoneNumber),
            passkey_challenge: keys(DigestPurpose::PasskeyChallenge),
            access_pass: keys(DigestPurpose::AccessPass),
        }
    }

    /// Adds keys of removed masters, so that recovery tags made with them are still found.
    #[must_use]
    pub fn with_retained(mut self, retained: &RetainedKeys) -> Self {
        let PurposeKeys { newest, older } = &mut self.recovery_tag;
        for (id, key) in retained.keys_for(RetainedUse::RecoveryTag) {
            if newest.id != *id && older.iter().all(|known| known.id != *id) {
                older.push(Key::new(id.clone(), key));
            }
        }
        self
    }

    const fn keys(&self, purpose: DigestPurpose) -> &PurposeKeys {
        match purpose {
            DigestPurpose::RecoveryTag => &self.recovery_tag,
            DigestPurpose::SmsCode => &self.sms_code,
            DigestPurpose::PhoneNumber => &self.phone_number,
            DigestPurpose::PasskeyChallenge => &self.passkey_challenge,
            DigestPurpose::AccessPass => &self.access_pass,
        }
    }
}

impl KeyedDigests for DerivedDigests {
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> KeyedDigest {
        self.keys(purpose).newest.digest(message)
    }

    fn digest_with_each_key(&self, purpose: DigestPurpose, message: &[u8]) -> Vec<KeyedDigest> {
        let PurposeKeys { newest, older } = self.keys(purpose);
        std::iter::once(newest).chain(older).map(|key| key.digest(message)).collect()
    }
}

impl fmt::Debug for DerivedDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest = self.recovery_tag.newest.id.as_str();
        f.debug_struct("DerivedDigests").field("newest", &newest).finish_non_exhaustive()
    }
}

impl PurposeKeys {
    #[expect(clippy::expect_used, reason = "a KeyRing has at least one key")]
    fn from_keys(keys: impl Iterator<Item = (KeyId, SecretBytes)>) -> Self {
        let mut keys = keys.map(|(id, key)| Key::new(id, &key));
        let newest = keys.next().expect("a ring is never empty");
        Self { newest, older: keys.collect() }
    }
}

impl Key {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn new(id: KeyId, key: &SecretBytes) -> Self {
        Self { id, prepared: Hmac::new_from_slice(key.expose()).expect("HMAC takes any key") }
    }

    fn digest(&self, message: &[u8]) -> KeyedDigest {
        let bytes = self.prepared.clone().chain_update(message).finalize().into_bytes().into();
        KeyedDigest { key: self.id.clone(), bytes }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use data_encoding::HEXLOWER;

    use super::*;
    use crate::crypto::AuditKeys;

    fn ring(ids: &[(&str, u8)]) -> KeyRing {
        let key = |(id, byte): &(&str, u8)| (KeyId::parse(id).unwrap(), SecretBytes::new(vec![*byte; 32]));
        KeyRing::new(ids.iter().map(key).collect()).unwrap()
    }

    #[test]
    fn a_digest_is_hmac_sha256_under_the_derived_key_of_its_purpose() {
        // Computed with Python's hmac by RFC 5869 and RFC 2104, independently of this code.
        let digests = DerivedDigests::new(&ring(&[("k1", 0x0b), ("k2", 0x42)]));
        for (purpose, expected) in [
            (DigestPurpose::RecoveryTag, "3432457afd212f70c41acbc0e2974e7b2a1fa0d30c51e79936825a112bf064ed"),
            (DigestPurpose::SmsCode, "73fe9c8103355af19365af6d6350793475b045f50d9629fe2a2a1a36833e010b"),
            (DigestPurpose::PhoneNumber, "167c7f5ab4f209a1a4dade86c1e561c69f255978f5cb349f3d7f5c764177cb1f"),
        ] {
            let digest = digests.digest(purpose, b"message");
            assert_eq!(digest.key.as_str(), "k1");
            assert_eq!(HEXLOWER.encode(&digest.bytes), expected, "{purpose:?}");
        }
    }

    #[test]
    fn every_purpose_has_a_label_and_keys_of_its_own() {
        let ring = ring(&[("k1", 1), ("k2", 2)]);
        let digests = DerivedDigests::new(&ring);
        let mut seen = HashSet::from([AuditKeys::new(&ring).mac(b"message").1]);
        for purpose in DigestPurpose::ALL {
            assert_eq!(digest_label(*purpose), format!("nova-mfa/digest/{}/v1", purpose.as_str()));
            for digest in digests.digest_with_each_key(*purpose, b"message") {
                assert!(seen.insert(digest.bytes), "{purpose:?} {}", digest.key);
            }
        }
        assert_eq!(seen.len(), 1 + 2 * DigestPurpose::ALL.len());
    }

    #[test]
    fn after_a_rotation_new_digests_take_the_new_key_and_older_ones_are_still_found() {
        let purpose = DigestPurpose::RecoveryTag;
        let before = DerivedDigests::new(&ring(&[("old", 1)])).digest(purpose, b"message");
        let rotated = DerivedDigests::new(&ring(&[("new", 2), ("old", 1)]));
        let after = rotated.digest(purpose, b"message");
        assert_eq!(after.key.as_str(), "new");
        assert_ne!(after.bytes, before.bytes);
        assert_eq!(rotated.digest_with_each_key(purpose, b"message"), [after, before], "the newest first");
    }

    #[test]
    fn debug_names_the_newest_key_and_shows_none() {
        let digests = DerivedDigests::new(&ring(&[("k2", 0x61), ("k1", 0x62)]));
        assert_eq!(format!("{digests:?}"), r#"DerivedDigests { newest: "k2", .. }"#);
    }
}
