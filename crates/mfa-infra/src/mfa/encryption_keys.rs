//! Encryption keys: which ones the data needs, re-encryption, and when a key can be removed.
//!
//! For each key that has sealed a value, the installation stores `key <id>`: a known text sealed with it, the *key check
//! value*. It is written before the key seals anything else. It is removed only when [`EncryptionKeys::rotate`] has
//! counted that no value is sealed with the key any more. So a start reads a few values and knows whether the key ring is
//! complete, without counting rows.

mod handle;
mod heartbeat;
mod key_manager;
mod rotate;
mod status;

pub use handle::{EncryptionKeys, Progress};
pub use heartbeat::RunningServer;
pub use rotate::{RotateError, RotationReport, UnreadableValue};
pub use status::{KeyReport, KeyStatus};

pub(super) use heartbeat::Heartbeat;
pub(super) use key_manager::KeyManager;
