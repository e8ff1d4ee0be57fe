//! Digests that only the holder of a key can make: for look-ups and for short secrets.

use std::fmt;

use crate::KeyId;

/// Keyed digests (HMAC-SHA256), each purpose under a key of its own.
///
/// Synchronous: it is called inside decisions.
pub trait KeyedDigests: Send + Sync + fmt::Debug {
    /// Digests a message under the newest key.
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> KeyedDigest;

    /// Digests a message under each live key, the newest first: for look-ups of what an older key digested.
    fn digest_with_each_key(&self, purpose: DigestPurpose, message: &[u8]) -> Vec<KeyedDigest>;
}

/// What a keyed digest is for. Digests of two purposes have nothing in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestPurpose {
    /// Which recovery code of a set may be meant, without saying which it is.
    RecoveryTag,
    /// A code that was sent by SMS.
    SmsCode,
    /// A phone number, for budgets and statistics.
    PhoneNumber,
}

impl DigestPurpose {
    /// Every purpose.
    pub const ALL: &[Self] = &[Self::RecoveryTag, Self::SmsCode, Self::PhoneNumber];

    /// Its name, from which its keys are derived.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecoveryTag => "recovery-tag",
            Self::SmsCode => "sms-code",
            Self::PhoneNumber => "phone-number",
        }
    }
}

/// A keyed digest, and the name of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedDigest {
    /// Which key made it.
    pub key: KeyId,
    /// The digest.
    pub bytes: [u8; 32],
}
