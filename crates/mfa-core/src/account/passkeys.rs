//! Passkeys and security keys of an account, and what logins change in an authenticator.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Sealed, Timestamp};

/// Passkeys of an account. Their static data is in the column `mfa_authenticators`, what a login changes in
/// [`AuthenticatorUse`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasskeyState {
    /// User handle (WebAuthn Level 3 §14.6.1) in base64url, the same for all passkeys of the user. `None` before the first
    /// registration.
    pub handle: Option<String>,
    /// Sealed random value for the column `totp_secret` of an account with passkeys and without an app: NOVA and earlier
    /// versions of this service then still see a second factor. Nobody knows the value, so it verifies no code.
    pub placeholder: Option<Sealed>,
    /// The passkeys, in the order of their registration.
    pub keys: Vec<Passkey>,
}

/// Registered passkey or security key: its static data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// ID of the authenticator, unique for the user.
    pub id: String,
    /// Name that the user sees.
    pub name: String,
    /// Time of the registration.
    #[serde(rename = "at")]
    pub created_at: Timestamp,
    /// Credential ID in base64url, unique for the user.
    #[serde(rename = "cid")]
    pub credential_id: String,
    /// Credential in the stored form of `mfa-passkey`.
    #[serde(rename = "cred")]
    pub credential: Value,
    /// Fields written by other versions, preserved unchanged.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// State of an authenticator that logins change. Kept small, because each verification writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthenticatorUse {
    /// Time of the last successful verification.
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Signature counter of a passkey; 0 if it has none.
    #[serde(rename = "n", skip_serializing_if = "is_zero")]
    pub counter: u32,
    /// Whether the passkey is backed up.
    #[serde(rename = "b", skip_serializing_if = "std::ops::Not::not")]
    pub backed_up: bool,
    /// Whether the counter went back once: the passkey may be cloned.
    #[serde(rename = "c", skip_serializing_if = "std::ops::Not::not")]
    pub clone_suspected: bool,
    /// Newest used time step of an authenticator app besides the first one.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub last_step: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl PasskeyState {
    /// Returns the passkey with this credential ID in base64url.
    pub fn by_credential_id(&self, id: &str) -> Option<&Passkey> {
        self.keys.iter().find(|key| key.credential_id == id)
    }
}
