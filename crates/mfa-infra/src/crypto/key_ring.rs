//! Master keys, and the keys derived from them.

use std::fmt;

use hkdf::Hkdf;
use mfa_core::{KeyId, SecretBytes};
use sha2::Sha256;

/// Master keys. The first is the primary key; the others still read what was written under them.
///
/// A master key never seals or signs anything directly: see [`KeyRing::derived`].
pub struct KeyRing(Vec<(KeyId, SecretBytes)>);

impl KeyRing {
    /// Length of master keys and of derived keys in bytes.
    pub const KEY_LEN: usize = 32;

    /// Creates a ring. The first key is the primary key.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] if there is no key, a key is not 32 bytes long, or an id or a key occurs twice.
    pub fn new(keys: Vec<(KeyId, SecretBytes)>) -> Result<Self, KeyRingError> {
        if keys.is_empty() {
            return Err(KeyRingError::Empty);
        }
        let mut earlier: Vec<&(KeyId, SecretBytes)> = Vec::with_capacity(keys.len());
        for entry in &keys {
            let (id, key) = entry;
            if key.len() != Self::KEY_LEN {
                return Err(KeyRingError::Length { id: id.clone(), bytes: key.len() });
            }
            if earlier.iter().any(|(other, _)| other == id) {
                return Err(KeyRingError::SameId(id.clone()));
            }
            if let Some((other, _)) = earlier.iter().find(|(_, other)| other == key) {
                return Err(KeyRingError::SameKey(other.clone(), id.clone()));
            }
            earlier.push(entry);
        }
        Ok(Self(keys))
    }

    /// Returns the ids of the keys, the primary key first.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &KeyId> {
        self.0.iter().map(|(id, _)| id)
    }

    /// Derives the key of a label from each master key, in the order of the ring: HKDF-SHA256 (RFC 5869) without salt,
    /// with `label|key id` as info.
    ///
    /// Without the master key, the keys of two labels are unrelated. No [`KeyId`] contains `|`, so label and id cannot
    /// be confused.
    pub fn derived(&self, label: &'static str) -> Vec<(KeyId, SecretBytes)> {
        self.0.iter().map(|(id, master)| (id.clone(), derive(master, label, id))).collect()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyRing").field(&self.0.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>()).finish()
    }
}

#[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes, this asks for 32")]
fn derive(master: &SecretBytes, label: &str, id: &KeyId) -> SecretBytes {
    let mut key = vec![0_u8; KeyRing::KEY_LEN];
    Hkdf::<Sha256>::new(None, master.expose())
        .expand_multi_info(&[label.as_bytes(), b"|", id.as_str().as_bytes()], &mut key)
        .expect("32 bytes are fewer than 255 blocks");
    SecretBytes::new(key)
}

/// Reason why keys do not form a ring. Contains key ids, never keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// There is no key.
    #[error("no encryption key is configured: set at least one key of 32 bytes")]
    Empty,
    /// A key has the wrong length.
    #[error("encryption key {id} has {bytes} bytes: generate one of 32 bytes")]
    Length {
        /// Id of the key.
        id: KeyId,
        /// Length of the key in bytes.
        bytes: usize,
    },
    /// Two keys have the same id.
    #[error("encryption key id {0} occurs twice: give each key its own id")]
    SameId(KeyId),
    /// Two ids have the same key: a rotation kept the old key under a new id.
    #[error("encryption keys {0} and {1} are the same key: generate a new one for the first")]
    SameKey(KeyId, KeyId),
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::crypto::labels::{AUDIT_LABEL, SEAL_LABEL};

    fn key(id: &str, byte: u8) -> (KeyId, SecretBytes) {
        (KeyId::parse(id).unwrap(), SecretBytes::new(vec![byte; 32]))
    }

    #[test]
    fn derived_keys_are_those_that_hkdf_gives_elsewhere() {
        // Computed with Python's hmac by RFC 5869, independently of this code.
        let ring = KeyRing::new(vec![key("k1", 0x0b), key("k2", 0x42)]).unwrap();
        let hex = |label| -> Vec<String> {
            ring.derived(label).iter().map(|(_, it)| HEXLOWER.encode(it.expose())).collect()
        };
        assert_eq!(
            hex(SEAL_LABEL),
            [
                "fd2e0fc448981a22d77712165451e44874d03a6d00c806768f68342f5217882d",
                "c18a988cb282738faee9ad78217de415e604d89d2c6ea82c24b0c831d428d94a"
            ]
        );
        assert_eq!(
            hex(AUDIT_LABEL),
            [
                "4f9d37ef7beaa2c82e8bc32b159eef8a54a7e5028f18858768a01c3fa769a586",
                "2cfa351fa3005087eb7845acd96a8eb5a3a5e4b573801b3c60e5c697bf08dd29"
            ]
        );
    }

    #[test]
    fn no_two_derived_keys_are_equal_and_none_is_a_master_key() {
        let masters = vec![key("k1", 1), key("k2", 2), key("k3", 3)];
        let ring = KeyRing::new(masters.clone()).unwrap();
        let labels = [SEAL_LABEL, AUDIT_LABEL, "nova-mfa/seal/v2", "nova-mfa/seal/v1|k1"];
        let mut all: Vec<_> =
            labels.into_iter().flat_map(|label| ring.derived(label)).chain(masters).collect();
        while let Some((id, one)) = all.pop() {
            assert!(all.iter().all(|(_, other)| *other != one), "{id}");
        }
    }

    #[test]
    fn a_ring_that_could_mislead_is_refused() {
        assert_eq!(KeyRing::new(vec![]).unwrap_err(), KeyRingError::Empty);
        let short = (KeyId::parse("s").unwrap(), SecretBytes::new(vec![7; 31]));
        assert!(matches!(KeyRing::new(vec![short]), Err(KeyRingError::Length { bytes: 31, .. })));
        assert!(matches!(KeyRing::new(vec![key("a", 1), key("a", 2)]), Err(KeyRingError::SameId(_))));
        assert!(matches!(KeyRing::new(vec![key("a", 1), key("b", 1)]), Err(KeyRingError::SameKey(..))));
    }

    #[test]
    fn debug_shows_names_and_no_key() {
        let ring = KeyRing::new(vec![key("k1", 0x61)]).unwrap();
        assert_eq!(format!("{ring:?}"), r#"KeyRing(["k1"])"#);
    }
}
