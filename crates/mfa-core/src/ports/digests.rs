//! Port for keyed digests, for lookups and for short secrets.

use std::fmt;

use crate::KeyId;

/// Keyed digests (HMAC-SHA256) with a separate key for each purpose.
///
/// Synchronous, because decisions call it.
pub trait KeyedDigests: Send + Sync + fmt::Debug {
    /// Computes the digest of a message with the newest key.
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> KeyedDigest;

    /// Computes the digest of a message with each active key, newest first, to find what an older key digested.
    fn digest_with_each_key(&self, purpose: DigestPurpose, message: &[u8]) -> Vec<KeyedDigest>;
}

/// Purpose of a keyed digest. Each purpose has its own key.
///
/// Exhaustive, so that each purpose has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestPurpose {
    /// Tag that selects a recovery code in a set without revealing it.
    RecoveryTag,
    /// SMS code.
    SmsCode,
    /// Phone number, for budgets and statistics.
    PhoneNumber,
    /// Keys of WebAuthn challenges, and user handles.
    PasskeyChallenge,
    /// Access pass.
    AccessPass,
}

impl DigestPurpose {
    /// All purposes.
    pub const ALL: &[Self] =
        &[Self::RecoveryTag, Self::SmsCode, Self::PhoneNumber, Self::PasskeyChallenge, Self::AccessPass];

    /// Returns the name from which the keys of this purpose are derived.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecoveryTag => "recovery-tag",
            Self::SmsCode => "sms-code",
            Self::PhoneNumber => "phone-number",
            Self::PasskeyChallenge => "passkey-challenge",
            Self::AccessPass => "access-pass",
        }
    }
}

/// Keyed digest with the ID of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedDigest {
    /// ID of the key.
    pub key: KeyId,
    /// The digest.
    pub bytes: [u8; 32],
}
