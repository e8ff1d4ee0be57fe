//! The custody of keys: which ones the data needs, and when one may go.
//!
//! For each key that has sealed something there is a fact `key <id>`: a known text, sealed with it (the *canary*). It is
//! written before the key seals anything else, and goes only once [`KeyManager::rotate`] has counted that nothing sealed
//! with it is left. So a start reads a few facts and knows whether the ring will do; it counts no rows.

mod heartbeat;
mod rotate;
mod status;

use std::fmt;
use std::sync::Arc;

use mfa_core::{CipherError, Clock, KeyId, SecretCipher};
use mfa_flows::Flows;
use tokio::runtime::Runtime;

use super::OpenError;
use crate::crypto::{AesGcmCipher, KeyRing, RetainedKeys, key_of};
use crate::database::Database;

pub use heartbeat::RunningServer;
pub use rotate::{RotateError, RotationReport, UnreadableValue};
pub use status::{KeyReport, KeyStatus};

pub(super) use heartbeat::{Heartbeat, servers};

/// What the canaries of keys are called, before the name of the key.
const KEY_CHECK_VALUE: &str = "key ";
/// The one canary of the first version.
const FIRST_CANARY: &str = "canary";

/// How far long work has come: so many of about so many rows.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Keys and the data that they belong to.
pub(super) struct KeyManager {
    ring: KeyRing,
    cipher: Arc<AesGcmCipher>,
    retained: RetainedKeys,
    key_check_value: String,
}

/// What the work of custody stands on.
#[derive(Clone)]
pub(super) struct KeyDependencies {
    pub(super) database: Arc<dyn Database>,
    pub(super) flows: Arc<Flows>,
    pub(super) clock: Arc<dyn Clock>,
}

impl KeyManager {
    /// Checks that the ring holds every key that the data was sealed with, and leaves a canary of the first one.
    ///
    /// # Errors
    ///
    /// [`OpenError::KeysMissing`], [`OpenError::WrongKey`]: do not start.
    pub(super) fn open(
        ring: KeyRing,
        cipher: Arc<AesGcmCipher>,
        database: &dyn Database,
        runtime: &Runtime,
    ) -> Result<Self, OpenError> {
        let facts = runtime.block_on(database.facts())?;
        let mut missing = Vec::new();
        let mut retained = RetainedKeys::default();
        for (name, value) in &facts {
            let read = if is_canary(name) {
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
        let Some(first) = ring.ids().next() else {
            return Err(OpenError::Unusable("there is no encryption key".to_owned()));
        };
        let fresh = cipher.key_check_value().map_err(|error| OpenError::Unusable(error.to_string()))?;
        // Another process may have left one meanwhile, and with another key of that name.
        let key_check_value = database.fact(&format!("{KEY_CHECK_VALUE}{first}"), &fresh)?;
        cipher.check_key_check_value(&key_check_value).map_err(|_| wrong_key(&key_check_value))?;
        Ok(Self { ring, cipher, retained, key_check_value })
    }

    /// The keys of masters that have gone and that still read something.
    pub(super) const fn retained(&self) -> &RetainedKeys {
        &self.retained
    }

    /// A text that the key in use has sealed.
    pub(super) fn key_check_value(&self) -> &str {
        &self.key_check_value
    }

    /// The names of the keys, the one that seals first.
    pub(super) fn ids(&self) -> Vec<KeyId> {
        self.ring.ids().cloned().collect()
    }

    /// The key that seals.
    fn first(&self) -> Option<&KeyId> {
        self.ring.ids().next()
    }
}

impl fmt::Debug for KeyManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custody")
            .field("ring", &self.ring)
            .field("retained", &self.retained)
            .finish_non_exhaustive()
    }
}

fn is_canary(name: &str) -> bool {
    name == FIRST_CANARY || name.starts_with(KEY_CHECK_VALUE)
}

/// The key that a canary's text names is in the ring and does not read it.
fn wrong_key(key_check_value: &str) -> OpenError {
    key_of(key_check_value).map_or_else(
        || {
            OpenError::Unusable(
                "mfa_meta holds a canary that no key has made: restore it from the backup".to_owned(),
            )
        },
        OpenError::WrongKey,
    )
}

/// Names of keys, for a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNames(Vec<KeyId>);

impl fmt::Display for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(KeyId::as_str).collect();
        f.write_str(&names.join(", "))
    }
}

/// Whether a value is sealed with the key in use.
fn is_current(cipher: &AesGcmCipher, value: &str) -> bool {
    cipher.is_current(&mfa_core::Sealed::from_column(value.to_owned()))
}
