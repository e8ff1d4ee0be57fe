//! A software authenticator, for tests only: its keys follow from a seed.

mod authenticator_data;
mod options;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{base64url, library};
use authenticator_data::{assertion_data, registration_data};
use options::{CreationMembers, RequestMembers};

/// Browser and authenticator in one: answers WebAuthn options in JSON with responses in JSON.
///
/// It holds ES256 credentials that follow from the seed, so tests are repeatable. The fields are knobs for responses
/// that deviate. It checks what a browser checks of the options, except that the origin may use the RP ID.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent knobs")]
pub struct SoftwareAuthenticator {
    /// Signature counter of the next response.
    pub sign_count: u32,
    /// Whether each response adds one to `sign_count`. Off for a synced passkey, which stays at 0.
    pub counts: bool,
    /// UP flag.
    pub user_present: bool,
    /// UV flag.
    pub user_verified: bool,
    /// BE flag.
    pub backup_eligible: bool,
    /// BS flag.
    pub backed_up: bool,
    /// Whether one bit of the signature is flipped.
    pub bad_signature: bool,
    /// Value of `crossOrigin` in the client data.
    pub cross_origin: bool,
    /// RP ID that is hashed instead of the one in the options.
    pub rp_id: Option<String>,
    /// Challenge that is signed instead of the one in the options, in base64url.
    pub challenge: Option<String>,
    /// User handle that assertions have. Set by [`register`](Self::register).
    pub user_handle: Option<Vec<u8>>,
    /// Authenticator extension outputs, a map in CBOR (§9.5). Empty: none.
    pub extensions: Vec<u8>,
    /// AAGUID of new credentials.
    pub aaguid: [u8; 16],
    seed: u64,
    credentials: u32,
}

/// Error for options that a browser or authenticator refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticatorError {
    /// The options are not in the JSON form of WebAuthn Level 3.
    #[error("the options are malformed")]
    Malformed,
    /// The authenticator holds one of the excluded credentials (`InvalidStateError`).
    #[error("a credential of this authenticator is excluded")]
    Excluded,
    /// The authenticator holds none of the allowed credentials (`NotAllowedError`).
    #[error("no allowed credential is on this authenticator")]
    NoCredential,
    /// ES256 is not among the requested algorithms (`NotSupportedError`).
    #[error("the options do not offer ES256")]
    NoAlgorithm,
}

impl SoftwareAuthenticator {
    /// Creates an authenticator without credentials: a security key with a counter that verifies its user.
    pub fn new(seed: u64) -> Self {
        Self {
            sign_count: 1,
            counts: true,
            user_present: true,
            user_verified: true,
            backup_eligible: false,
            backed_up: false,
            bad_signature: false,
            cross_origin: false,
            rp_id: None,
            challenge: None,
            user_handle: None,
            extensions: Vec::new(),
            aaguid: *b"software-authen.",
            seed,
            credentials: 0,
        }
    }

    /// Creates the authenticator of a synced passkey: backed up, with a counter that stays at 0.
    pub fn synced(seed: u64) -> Self {
        Self { sign_count: 0, counts: false, backup_eligible: true, backed_up: true, ..Self::new(seed) }
    }

    /// Registers a credential, as `navigator.credentials.create()` on a page of this origin.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`] if a browser would refuse the options.
    pub fn register(&mut self, options: &str, origin: &str) -> Result<String, AuthenticatorError> {
        let options = CreationMembers::parse(options).ok_or(AuthenticatorError::Malformed)?;
        if !options.algorithms.contains(&-7) {
            return Err(AuthenticatorError::NoAlgorithm);
        }
        if self.find(&options.excluded).is_some() {
            return Err(AuthenticatorError::Excluded);
        }
        let index = self.credentials;
        let (id, key) = (self.credential_id(index), self.key(index).ok_or(AuthenticatorError::Malformed)?);
        let rp_id = self.rp_id.as_ref().unwrap_or(&options.rp_id);
        let mut data = registration_data(rp_id, self.flags(), self.sign_count, self.aaguid, &id, &key);
        data.extend_from_slice(&self.extensions);
        let client_data = self.client_data("webauthn.create", &options.challenge, origin);
        let object = library::without_attestation(&data).ok_or(AuthenticatorError::Malformed)?;
        self.credentials = index.saturating_add(1);
        self.user_handle = Some(options.user_handle);
        self.advance();
        let text = base64url::encode(&id);
        Ok(json!({
            "id": text,
            "rawId": text,
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": base64url::encode(client_data.as_bytes()),
                "attestationObject": base64url::encode(&object),
                "authenticatorData": base64url::encode(&data),
                "publicKeyAlgorithm": -7,
                "transports": ["usb", "nfc"],
            },
        })
        .to_string())
    }

    /// Signs a challenge, as `navigator.credentials.get()` on a page of this origin.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`] if a browser would refuse the options.
    pub fn authenticate(&mut self, options: &str, origin: &str) -> Result<String, AuthenticatorError> {
        let options = RequestMembers::parse(options).ok_or(AuthenticatorError::Malformed)?;
        let index = self.find(&options.allowed).ok_or(AuthenticatorError::NoCredential)?;
        let key = self.key(index).ok_or(AuthenticatorError::Malformed)?;
        let rp_id = self.rp_id.as_ref().unwrap_or(&options.rp_id);
        let mut data = assertion_data(rp_id, self.flags(), self.sign_count);
        data.extend_from_slice(&self.extensions);
        let client_data = self.client_data("webauthn.get", &options.challenge, origin);
        let signed = [data.as_slice(), Sha256::digest(client_data.as_bytes()).as_slice()].concat();
        let signature: Signature = key.sign(&signed);
        let mut signature = signature.to_der().as_bytes().to_vec();
        if let Some(last) = signature.last_mut().filter(|_| self.bad_signature) {
            *last ^= 1;
        }
        self.advance();
        let text = base64url::encode(&self.credential_id(index));
        Ok(json!({
            "id": text,
            "rawId": text,
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url::encode(client_data.as_bytes()),
                "authenticatorData": base64url::encode(&data),
                "signature": base64url::encode(&signature),
                "userHandle": self.user_handle.as_deref().map(base64url::encode),
            },
        })
        .to_string())
    }

    fn client_data(&self, kind: &str, challenge: &str, origin: &str) -> String {
        let challenge = self.challenge.as_deref().unwrap_or(challenge);
        json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": self.cross_origin})
            .to_string()
    }

    /// Returns the flags without AT, which registrations add (§6.1).
    fn flags(&self) -> u8 {
        u8::from(self.user_present)
            | u8::from(self.user_verified) << 2
            | u8::from(self.backup_eligible) << 3
            | u8::from(self.backed_up) << 4
            | u8::from(!self.extensions.is_empty()) << 7
    }

    fn advance(&mut self) {
        if self.counts {
            self.sign_count = self.sign_count.saturating_add(1);
        }
    }

    fn find(&self, ids: &[Vec<u8>]) -> Option<u32> {
        (0..self.credentials).find(|index| ids.contains(&self.credential_id(*index)))
    }

    fn credential_id(&self, index: u32) -> Vec<u8> {
        self.derive("credential id", index)
    }

    fn key(&self, index: u32) -> Option<SigningKey> {
        SigningKey::from_slice(&self.derive("private key", index)).ok()
    }

    fn derive(&self, label: &str, index: u32) -> Vec<u8> {
        Sha256::new()
            .chain_update(label)
            .chain_update(self.seed.to_be_bytes())
            .chain_update(index.to_be_bytes())
            .finalize()
            .to_vec()
    }
}
