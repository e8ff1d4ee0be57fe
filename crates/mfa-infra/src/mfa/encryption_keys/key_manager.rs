//! Key ring, checked against the key check values of the installation.

use std::fmt;
use std::sync::Arc;

use mfa_core::{CipherError, KeyId, Sealed, SecretCipher as _};
use tokio::runtime::Runtime;

use crate::crypto::{AesGcmCipher, KeyRing, RetainedKeys, key_of};
use crate::database::Database;
use crate::mfa::error::{KeyNames, OpenError};

/// Prefix of the installation value of a key check value, before the key id.
const KEY_CHECK_VALUE: &str = "key ";
/// Name of the only key check value in the first version.
const FIRST_KEY_CHECK_VALUE: &str = "canary";

/// Key ring of this process.
pub(in crate::mfa) struct KeyManager {
    pub(super) ring: KeyRing,
    pub(super) cipher: Arc<AesGcmCipher>,
    pub(super) retained: RetainedKeys,
    key_check_value: String,
}

impl KeyManager {
    /// Checks that the ring holds every key that the data is sealed with, and stores a key check value of the primary key.
    ///
    /// # Errors
    ///
    /// [`OpenError::KeysMissing`], [`OpenError::WrongKey`]: do not start.
    pub(in crate::mfa) fn open(
        ring: KeyRing,
        cipher: Arc<AesGcmCipher>,
        database: &dyn Database,
        runtime: &Runtime,
    ) -> Result<Self, OpenError> {
        let values = runtime.block_on(database.facts())?;
        let mut missing = Vec::new();
        let mut retained = RetainedKeys::default();
        for (name, value) in &values {
            let read = if is_key_check_value(name) {
                cipher.check_key_check_value(value)
            } else {
                retained.read(name, value, &cipher).map(drop)
            };
            match read {
                Ok(()) => {}
                Err(CipherError::UnknownKey) => missing.extend(key_of(value)),
                Err(_) => return Err(wrong_key(value)),
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
            missing.dedup();
            return Err(OpenError::KeysMissing(KeyNames(missing)));
        }
        let Some(primary) = ring.ids().next() else {
            return Err(OpenError::Unusable("there is no encryption key".to_owned()));
        };
        let new_value = cipher.key_check_value().map_err(OpenError::unusable)?;
        // Another process may have stored one meanwhile, with a different key of the same id.
        let key_check_value = database.fact(&format!("{KEY_CHECK_VALUE}{primary}"), &new_value)?;
        cipher.check_key_check_value(&key_check_value).map_err(|_| wrong_key(&key_check_value))?;
        Ok(Self { ring, cipher, retained, key_check_value })
    }

    /// Returns the derived keys of removed master keys that still verify stored values.
    pub(in crate::mfa) const fn retained(&self) -> &RetainedKeys {
        &self.retained
    }

    /// Returns a text sealed with the primary key.
    pub(in crate::mfa) fn key_check_value(&self) -> &str {
        &self.key_check_value
    }

    /// Returns the key ids, the primary key first.
    pub(in crate::mfa) fn ids(&self) -> Vec<KeyId> {
        self.ring.ids().cloned().collect()
    }

    /// Returns the id of the primary key, which seals new values.
    pub(super) fn primary(&self) -> Option<&KeyId> {
        self.ring.ids().next()
    }

    /// Returns whether a value is sealed with the primary key.
    pub(super) fn is_current(&self, value: &str) -> bool {
        self.cipher.is_current(&Sealed::from_column(value.to_owned()))
    }
}

impl fmt::Debug for KeyManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyManager")
            .field("ring", &self.ring)
            .field("retained", &self.retained)
            .finish_non_exhaustive()
    }
}

/// Returns whether an installation value is a key check value.
pub(super) fn is_key_check_value(name: &str) -> bool {
    name == FIRST_KEY_CHECK_VALUE || name.starts_with(KEY_CHECK_VALUE)
}

/// Returns whether an installation value is the key check value of this key.
pub(super) fn is_key_check_value_of(id: &KeyId, name: &str, value: &str) -> bool {
    name.strip_prefix(KEY_CHECK_VALUE) == Some(id.as_str())
        || (name == FIRST_KEY_CHECK_VALUE && key_of(value).as_ref() == Some(id))
}

/// Returns the error of a key check value that the key of that id does not unseal.
fn wrong_key(key_check_value: &str) -> OpenError {
    key_of(key_check_value).map_or_else(
        || {
            OpenError::Unusable(
                "mfa_meta holds a key check value that names no key: restore it from the backup".to_owned(),
            )
        },
        OpenError::WrongKey,
    )
}
