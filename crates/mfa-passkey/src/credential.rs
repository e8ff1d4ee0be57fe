//! A registered credential, as it is stored.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Aaguid, CosePublicKey, RelyingParty, base64url};

/// Largest credential ID, in bytes (WebAuthn Level 3 §4, "Credential ID").
pub const MAX_CREDENTIAL_ID_BYTES: usize = 1023;

const MAX_TRANSPORTS: usize = 8;
const MAX_TRANSPORT_CHARACTERS: usize = 32;

/// Credential ID: 1 to 1023 bytes that the authenticator chose, written as base64url.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(Vec<u8>);

/// Error for a credential ID that is empty, longer than 1023 bytes or not base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential ID is 1 to 1023 bytes of base64url")]
pub struct CredentialIdError;

impl CredentialId {
    /// Creates the ID from its bytes.
    ///
    /// # Errors
    ///
    /// [`CredentialIdError`] if there are no bytes or more than [`MAX_CREDENTIAL_ID_BYTES`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, CredentialIdError> {
        if (1..=MAX_CREDENTIAL_ID_BYTES).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(CredentialIdError)
        }
    }

    /// Parses base64url, with or without padding.
    ///
    /// # Errors
    ///
    /// [`CredentialIdError`] for any other text, and for an ID that is too long.
    pub fn parse(text: &str) -> Result<Self, CredentialIdError> {
        Self::from_bytes(base64url::decode(text).ok_or(CredentialIdError)?)
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialId({self})")
    }
}

impl Serialize for CredentialId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CredentialId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Static data of a registered credential. Its serde form is what is stored.
///
/// The state that logins change (counter, backup state, last use) is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Credential {
    /// Credential ID.
    pub id: CredentialId,
    /// Public key.
    pub public_key: CosePublicKey,
    /// RP ID at registration. Assertions are checked with it, whatever the setting is today.
    pub rp_id: String,
    /// Whether the credential can be backed up, thus synced (BE flag, WebAuthn Level 3 §6.1.3).
    pub backup_eligible: bool,
    /// Transports by which the browser reaches the authenticator, such as `internal` or `usb`.
    ///
    /// Unknown values are kept, as §5.2.1 asks. Values that are no short words are dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
    /// Model of the authenticator.
    #[serde(default, skip_serializing_if = "Aaguid::is_zero")]
    pub aaguid: Aaguid,
}

impl Credential {
    /// Returns whether browsers can use the credential: its RP ID is the current one.
    pub fn is_usable_with(&self, rp: &RelyingParty) -> bool {
        self.rp_id == rp.id()
    }
}

/// Returns the transports to store: words of lower-case ASCII, sorted, without duplicates, at most eight.
pub(crate) fn clean_transports(transports: Vec<String>) -> Vec<String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let mut words: Vec<_> = transports
        .into_iter()
        .filter(|it| (1..=MAX_TRANSPORT_CHARACTERS).contains(&it.len()) && it.bytes().all(fits))
        .collect();
    words.sort_unstable();
    words.dedup();
    words.truncate(MAX_TRANSPORTS);
    words
}
