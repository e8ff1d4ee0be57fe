//! Stateless challenges: authenticated by a MAC instead of stored.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use mfa_core::{Timestamp, TokenId, UserId};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::base64url;

/// Lifetime of a challenge, and the timeout that the options give the browser.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_mins(5);

const DOMAIN: &[u8] = b"nova-mfa webauthn challenge v1";
const NONCE_BYTES: usize = 16;
const EXPIRY_BYTES: usize = 8;
const MAC_BYTES: usize = 32;
const CHALLENGE_BYTES: usize = NONCE_BYTES + EXPIRY_BYTES + MAC_BYTES;

/// Key that authenticates challenges: 32 bytes, used for nothing else. Erased when dropped.
#[derive(Clone)]
pub struct ChallengeKey(Zeroizing<[u8; 32]>);

impl ChallengeKey {
    /// Wraps the key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for ChallengeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Ceremony that a challenge is for.
///
/// Exhaustive, because each purpose has its own number in the MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengePurpose {
    /// Registration of a passkey.
    Register,
    /// Second factor of a login.
    Login,
    /// Step-up of a session that has two factors.
    StepUp,
}

impl ChallengePurpose {
    const fn code(self) -> u8 {
        match self {
            Self::Register => 1,
            Self::Login => 2,
            Self::StepUp => 3,
        }
    }
}

/// Purpose, user and token that a challenge is bound to. Both calls of a ceremony derive it from the caller's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeBinding {
    /// Ceremony.
    pub purpose: ChallengePurpose,
    /// User of the token.
    pub user: UserId,
    /// ID of the token that asked for the challenge.
    pub token: TokenId,
}

/// ID of a challenge in the list of used ones: the first 16 bytes of its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChallengeId([u8; 16]);

impl ChallengeId {
    /// Returns the 16 bytes of the ID.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Error of checking a challenge.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The challenge was not issued with this key for this purpose, user and token.
    #[error("the challenge is unknown")]
    Unknown,
    /// The challenge was issued for this binding more than [`CHALLENGE_LIFETIME`] ago.
    #[error("the challenge has expired")]
    Expired,
}

/// WebAuthn challenge that this service issued: nonce, expiry and MAC, 56 bytes.
///
/// Purpose, user and token enter the MAC but not the bytes, so the challenge reveals nothing about them. Nothing is
/// stored, so a second request does not invalidate the challenge of the first one. A challenge verifies until it
/// expires: record its [`id`](Self::id) when it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    bytes: Vec<u8>,
    expires_at: Timestamp,
}

impl Challenge {
    /// Issues a challenge that expires after [`CHALLENGE_LIFETIME`], rounded down to a second.
    ///
    /// The nonce is 16 fresh random bytes (WebAuthn Level 3 §13.4.3).
    pub fn issue(key: &ChallengeKey, nonce: [u8; 16], binding: ChallengeBinding, now: Timestamp) -> Self {
        let expires_at = Timestamp::from_seconds(now.plus(CHALLENGE_LIFETIME).seconds());
        let mut bytes = Vec::with_capacity(CHALLENGE_BYTES);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&expires_at.seconds().to_be_bytes());
        let tag = mac(key, binding, &bytes).map(|mac| mac.finalize().into_bytes());
        bytes.extend_from_slice(&tag.unwrap_or_default());
        Self { bytes, expires_at }
    }

    /// Checks that a challenge was issued for this binding and has not expired.
    ///
    /// The MAC is compared in constant time.
    ///
    /// # Errors
    ///
    /// [`ChallengeError::Unknown`] or [`ChallengeError::Expired`]: ask the user to start again.
    pub fn verify(
        key: &ChallengeKey,
        bytes: &[u8],
        binding: ChallengeBinding,
        now: Timestamp,
    ) -> Result<Self, ChallengeError> {
        let (message, tag) =
            bytes.split_at_checked(NONCE_BYTES + EXPIRY_BYTES).ok_or(ChallengeError::Unknown)?;
        let mac = mac(key, binding, message).ok_or(ChallengeError::Unknown)?;
        mac.verify_slice(tag).map_err(|_| ChallengeError::Unknown)?;
        let expiry = message.last_chunk::<EXPIRY_BYTES>().ok_or(ChallengeError::Unknown)?;
        let expires_at = Timestamp::from_seconds(i64::from_be_bytes(*expiry));
        if now >= expires_at {
            return Err(ChallengeError::Expired);
        }
        Ok(Self { bytes: bytes.to_vec(), expires_at })
    }

    /// Returns the bytes that the authenticator signs.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the ID under which the challenge is recorded as used.
    pub fn id(&self) -> ChallengeId {
        let mut id = [0_u8; 16];
        for (to, from) in id.iter_mut().zip(Sha256::digest(&self.bytes)) {
            *to = from;
        }
        ChallengeId(id)
    }

    /// Returns when the challenge expires. A record of its use can be deleted then.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    pub(crate) fn to_base64url(&self) -> String {
        base64url::encode(&self.bytes)
    }

    /// Creates a challenge of a published test vector.
    #[cfg(test)]
    pub(crate) fn from_vector(bytes: Vec<u8>) -> Self {
        Self { bytes, expires_at: Timestamp::FAR_FUTURE }
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Returns the MAC over the binding and the message. Every part has a fixed length, so no two inputs are the same.
///
/// `None` never occurs: HMAC accepts keys of any length. `issue` would then make a challenge that never verifies.
fn mac(key: &ChallengeKey, binding: ChallengeBinding, message: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.0.as_slice()).ok()?;
    mac.update(DOMAIN);
    mac.update(&[binding.purpose.code()]);
    mac.update(&binding.user.value().to_be_bytes());
    mac.update(binding.token.bytes());
    mac.update(message);
    Some(mac)
}
