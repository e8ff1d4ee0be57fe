//! Keys of the audit chain.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use mfa_core::{KeyId, SecretBytes};
use sha2::Sha256;

use super::key_ring::KeyRing;
use super::labels::AUDIT_LABEL;
use super::retained::{RetainedKeys, RetainedUse};

/// Keys that make and verify the MACs of audit events with HMAC-SHA256 (RFC 2104). Each key has an id.
pub struct AuditKeys {
    in_use: (KeyId, Hmac<Sha256>),
    older: Vec<(KeyId, Hmac<Sha256>)>,
}

/// Result of verifying a MAC.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MacCheck {
    /// The message has not changed since the MAC was made.
    Genuine,
    /// The message or the MAC was altered.
    Altered,
    /// The key that made the MAC is not in the ring.
    UnknownKey,
}

impl AuditKeys {
    /// Derives the audit keys of a ring.
    pub fn new(ring: &KeyRing) -> Self {
        Self::from_keys(ring.derived(AUDIT_LABEL).into_iter())
    }

    /// Adds keys of removed masters, so that MACs made with them still verify.
    #[must_use]
    pub fn with_retained(mut self, retained: &RetainedKeys) -> Self {
        for (id, key) in retained.keys_for(RetainedUse::Audit) {
            if self.in_use.0 != *id && self.older.iter().all(|(known, _)| known != id) {
                self.older.push((id.clone(), prepared(key)));
            }
        }
        self
    }

    #[expect(clippy::expect_used, reason = "a KeyRing has at least one key")]
    fn from_keys(keys: impl Iterator<Item = (KeyId, SecretBytes)>) -> Self {
        let mut keys = keys.map(|(id, key)| (id, prepared(&key)));
        let in_use = keys.next().expect("a ring is never empty");
        Self { in_use, older: keys.collect() }
    }

    /// Returns the MAC of a message under the primary key, and the id of that key.
    pub fn mac(&self, message: &[u8]) -> (KeyId, [u8; 32]) {
        let (id, key) = &self.in_use;
        (id.clone(), key.clone().chain_update(message).finalize().into_bytes().into())
    }

    /// Verifies the MAC of a message under the key with this id. Compares in constant time.
    pub fn verify(&self, key_id: &KeyId, message: &[u8], mac: &[u8]) -> MacCheck {
        let mut keys = std::iter::once(&self.in_use).chain(&self.older);
        let Some((_, key)) = keys.find(|(id, _)| id == key_id) else { return MacCheck::UnknownKey };
        match key.clone().chain_update(message).verify_slice(mac) {
            Ok(()) => MacCheck::Genuine,
            Err(_) => MacCheck::Altered,
        }
    }
}

impl fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditKeys").field("in_use", &self.in_use.0.as_str()).finish_non_exhaustive()
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn prepared(key: &SecretBytes) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.expose()).expect("HMAC takes any key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ids: &[(&str, u8)]) -> KeyRing {
        let key = |(id, byte): &(&str, u8)| (KeyId::parse(id).unwrap(), SecretBytes::new(vec![*byte; 32]));
        KeyRing::new(ids.iter().map(key).collect()).unwrap()
    }

    #[test]
    fn the_mac_is_hmac_sha256_under_the_first_derived_key() {
        let (id, mac) = AuditKeys::new(&ring(&[("k1", 0x0b), ("k2", 0x42)])).mac(b"seq=1|login|success");
        assert_eq!(id.as_str(), "k1");
        let hex = data_encoding::HEXLOWER.encode(&mac);
        assert_eq!(
            hex, "41a350cfdd3d5e06aa37753471e1b67268e51e4060d546529f884c3262ff27c5",
            "computed with Python's hmac"
        );
    }

    #[test]
    fn a_mac_stands_for_its_message_and_its_key_alone() {
        let keys = AuditKeys::new(&ring(&[("k1", 1), ("k2", 2)]));
        let (id, mac) = keys.mac(b"message");
        assert_eq!(keys.verify(&id, b"message", &mac), MacCheck::Genuine);
        assert_eq!(keys.verify(&id, b"messagf", &mac), MacCheck::Altered);
        assert_eq!(keys.verify(&id, b"message", &mac[..31]), MacCheck::Altered, "a cut MAC");
        assert_eq!(keys.verify(&id, b"message", &[]), MacCheck::Altered);
        assert_eq!(keys.verify(&KeyId::parse("k2").unwrap(), b"message", &mac), MacCheck::Altered);
        assert_eq!(keys.verify(&KeyId::parse("k3").unwrap(), b"message", &mac), MacCheck::UnknownKey);
    }

    #[test]
    fn after_a_rotation_older_macs_still_verify() {
        let (id, mac) = AuditKeys::new(&ring(&[("old", 1)])).mac(b"message");
        let rotated = AuditKeys::new(&ring(&[("new", 2), ("old", 1)]));
        assert_eq!(rotated.verify(&id, b"message", &mac), MacCheck::Genuine);
        assert_eq!(rotated.mac(b"message").0.as_str(), "new");
    }
}
