//! Derived keys that are kept after their master key was removed.

use std::fmt;

use mfa_core::{CipherError, DigestPurpose, KeyId, SecretBytes};

use super::aes_gcm::AesGcmCipher;
use super::key_ring::KeyRing;
use super::labels::{AUDIT_LABEL, digest_label};

/// Use of a retained key: values that cannot be made again after a rotation, because their input is not stored or must
/// not be rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetainedUse {
    /// MACs of events.
    Audit,
    /// Tags of recovery codes.
    RecoveryTag,
}

/// Derived keys that are stored beside the data, sealed under the primary key, so that their masters can be removed.
///
/// A derived key reveals neither its master nor any other key derived from it. A rotation re-encrypts the secrets of the
/// rows. An old audit key can forge only events before the first event under the new key, whose MAC then no longer
/// matches.
#[derive(Default)]
pub struct RetainedKeys(Vec<(RetainedUse, KeyId, SecretBytes)>);

impl RetainedUse {
    /// Every use.
    pub const ALL: &[Self] = &[Self::Audit, Self::RecoveryTag];

    /// Whether the stored values of the installation include the key of a master, for this use.
    pub(crate) fn keeps(self, id: &KeyId, facts: &[(String, String)]) -> bool {
        let name = format!("{}{id}", self.prefix());
        facts.iter().any(|(it, _)| *it == name)
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Audit => AUDIT_LABEL,
            Self::RecoveryTag => digest_label(DigestPurpose::RecoveryTag),
        }
    }

    /// Prefix of the names of its stored values, before the key id.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Audit => "audit-key ",
            Self::RecoveryTag => "recovery-tag-key ",
        }
    }
}

impl RetainedKeys {
    /// Derives the keys of a ring that must be retained.
    pub(crate) fn derived(ring: &KeyRing) -> Self {
        let keys = RetainedUse::ALL.iter().flat_map(|usage| {
            ring.derived(usage.label()).into_iter().map(move |(id, key)| (*usage, id, key))
        });
        Self(keys.collect())
    }

    /// Reads a value of the installation if it is a retained key, and returns whether it was.
    ///
    /// # Errors
    ///
    /// [`CipherError`] if the value cannot be unsealed: its key is missing, or the value was altered.
    pub(crate) fn read(
        &mut self,
        name: &str,
        value: &str,
        cipher: &AesGcmCipher,
    ) -> Result<bool, CipherError> {
        for usage in RetainedUse::ALL {
            let id = name.strip_prefix(usage.prefix()).and_then(|id| KeyId::parse(id).ok());
            if let Some(id) = id {
                self.0.push((*usage, id, cipher.unseal_fact(value, name)?));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the names and values to store, sealed under the primary key.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: store nothing.
    pub(crate) fn facts(&self, cipher: &AesGcmCipher) -> Result<Vec<(String, String)>, CipherError> {
        let fact = |(usage, id, key): &(RetainedUse, KeyId, SecretBytes)| {
            let name = format!("{}{id}", usage.prefix());
            let value = cipher.seal_fact(key, &name)?;
            Ok((name, value))
        };
        self.0.iter().map(fact).collect()
    }

    /// Returns the keys of one use.
    pub(crate) fn keys_for(&self, usage: RetainedUse) -> impl Iterator<Item = (&KeyId, &SecretBytes)> {
        self.0.iter().filter(move |(it, ..)| *it == usage).map(|(_, id, key)| (id, key))
    }
}

impl fmt::Debug for RetainedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(usage, id, _)| (usage, id.as_str()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mfa_core::testing::SeededEntropy;
    use mfa_core::{KeyedDigests as _, SecretCipher as _};

    use super::*;
    use crate::crypto::{AuditKeys, DerivedDigests, MacCheck};

    fn ring(ids: &[(&str, u8)]) -> KeyRing {
        let key = |(id, byte): &(&str, u8)| (KeyId::parse(id).unwrap(), SecretBytes::new(vec![*byte; 32]));
        KeyRing::new(ids.iter().map(key).collect()).unwrap()
    }

    fn cipher(ring: &KeyRing) -> AesGcmCipher {
        AesGcmCipher::new(ring, Arc::new(SeededEntropy::default()))
    }

    #[test]
    fn what_a_key_made_is_read_after_its_master_has_gone() {
        let old = ring(&[("old", 1)]);
        let (id, mac) = AuditKeys::new(&old).mac(b"event");
        let tag = DerivedDigests::new(&old).digest(DigestPurpose::RecoveryTag, b"code");

        let both = ring(&[("new", 2), ("old", 1)]);
        let facts = RetainedKeys::derived(&both).facts(&cipher(&both)).unwrap();
        let new = ring(&[("new", 2)]);
        let mut retained = RetainedKeys::default();
        for (name, value) in &facts {
            assert!(retained.read(name, value, &cipher(&new)).unwrap(), "{name}");
        }
        let audit = AuditKeys::new(&new).with_retained(&retained);
        assert_eq!(audit.verify(&id, b"event", &mac), MacCheck::Genuine);
        assert_eq!(audit.mac(b"event").0.as_str(), "new", "an old key encrypts nothing new");
        let digests = DerivedDigests::new(&new).with_retained(&retained);
        assert!(digests.digest_with_each_key(DigestPurpose::RecoveryTag, b"code").contains(&tag));
        assert_eq!(digests.digest_with_each_key(DigestPurpose::PhoneNumber, b"n").len(), 1);
        assert_eq!(
            digests.digest_with_each_key(DigestPurpose::RecoveryTag, b"code").len(),
            2,
            "each key once"
        );
    }

    #[test]
    fn a_fact_stands_in_for_no_other_and_for_no_column() {
        let ring = ring(&[("k", 1)]);
        let cipher = cipher(&ring);
        let facts = RetainedKeys::derived(&ring).facts(&cipher).unwrap();
        let [(audit, sealed), (tag, _)] = facts.as_slice() else { panic!("two uses: {}", facts.len()) };
        let mut retained = RetainedKeys::default();
        assert_eq!(retained.read(tag, sealed, &cipher), Err(CipherError::Altered));
        assert_eq!(retained.read("canary", sealed, &cipher), Ok(false));
        assert_eq!(retained.read(audit, sealed, &cipher), Ok(true));
        let place = mfa_core::SealContext {
            user: mfa_core::UserId::new(1),
            column: mfa_core::SealedColumn::TotpSecret,
        };
        let column = mfa_core::Sealed::from_column(sealed.clone());
        assert_eq!(cipher.unseal(&column, place), Err(CipherError::Altered));
    }

    #[test]
    fn debug_names_keys_and_shows_none() {
        let shown = format!("{:?}", RetainedKeys::derived(&ring(&[("k1", 0x61)])));
        assert_eq!(shown, r#"[(Audit, "k1"), (RecoveryTag, "k1")]"#);
    }
}
