//! Cryptography: encryption of columns, password hashing, keyed digests, and the system's clock and randomness.
//!
//! A [`KeyRing`] holds the master keys. Each use has a key of its own, derived under its own label, so that no two
//! kinds of value are sealed or signed with the same bytes. A new use is a new label and a type that derives its key.

mod aes_gcm;
mod argon2id;
mod audit_keys;
mod digests;
mod key_ring;
mod labels;
mod retained;
mod slow_hasher;
mod stored_digest;
mod system;

pub use aes_gcm::AesGcmCipher;
pub(crate) use aes_gcm::key_of;
pub use audit_keys::{AuditKeys, MacCheck};
pub use digests::DerivedDigests;
pub use key_ring::{KeyRing, KeyRingError};
pub use retained::{RetainedKeys, RetainedUse};
pub use slow_hasher::{HasherLimits, SlowHasher};
pub use system::{OsEntropy, SystemClock};
