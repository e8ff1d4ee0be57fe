//! Secrets in a column: AES-256-GCM, bound to their place.

use std::fmt;
use std::sync::Arc;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Nonce, Payload};
use data_encoding::BASE64URL_NOPAD;
use mfa_core::{CipherError, Entropy, KeyId, SealContext, Sealed, SecretBytes, SecretCipher};

use super::KeyRing;
use super::key_ring::SEAL_LABEL;

/// The version of the format, first in the text and last in the associated data.
const FORMAT: &str = "v1";
const NONCE_LEN: usize = 12;
const CANARY_TEXT: &[u8] = b"nova-mfa canary";
/// Not of the form `table|user|column|version`: no column's value can stand in for the canary.
const CANARY_PLACE: &str = "canary|v1";

/// Seals with AES-256-GCM (NIST SP 800-38D) under keys derived from a [`KeyRing`].
///
/// A sealed value is the text `v1.<key id>.<base64url of nonce and ciphertext>`. The associated data names table,
/// user, column and version (`users|42|totp_secret|v1`): a value copied to another row or column does not unseal.
/// Nonces are 96 random bits, so one key may seal 2^32 values before chance of a repeat matters (SP 800-38D, 8.3);
/// rotate long before.
pub struct AesGcmCipher {
    keys: Vec<(KeyId, Aes256Gcm)>,
    entropy: Arc<dyn Entropy>,
}

impl AesGcmCipher {
    /// The first key of the ring seals, all unseal.
    pub fn new(ring: &KeyRing, entropy: Arc<dyn Entropy>) -> Self {
        let keys = ring.derived(SEAL_LABEL).into_iter().map(|(id, key)| (id, prepared(&key))).collect();
        Self { keys, entropy }
    }

    /// A known text, sealed with the first key: keep it beside the data, and [check](Self::check_canary) it at every
    /// start. Make a new one when the keys are rotated.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: keep nothing.
    pub fn key_check_value(&self) -> Result<String, CipherError> {
        self.seal_for(CANARY_TEXT, CANARY_PLACE)
    }

    /// Whether the ring holds the key that sealed this canary.
    ///
    /// # Errors
    ///
    /// [`CipherError`]: these are not the keys that the data was sealed with, so do not start.
    pub fn check_key_check_value(&self, key_check_value: &str) -> Result<(), CipherError> {
        let text = self.unseal_from(key_check_value, CANARY_PLACE)?;
        if text.expose() == CANARY_TEXT { Ok(()) } else { Err(CipherError::Altered) }
    }

    /// Seals what is kept beside the rows, for a place of that name alone.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: keep nothing.
    pub(crate) fn seal_fact(&self, secret: &SecretBytes, name: &str) -> Result<String, CipherError> {
        self.seal_for(secret.expose(), &fact_place(name))
    }

    /// Unseals what was sealed for the place of that name.
    ///
    /// # Errors
    ///
    /// [`CipherError`] as for a column.
    pub(crate) fn unseal_fact(&self, text: &str, name: &str) -> Result<SecretBytes, CipherError> {
        self.unseal_from(text, &fact_place(name))
    }

    /// Seals what a browser carries from one page to the next, for a place of that name alone.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: hand nothing out.
    pub(crate) fn seal_for_page(&self, secret: &SecretBytes, name: &str) -> Result<String, CipherError> {
        self.seal_for(secret.expose(), &page_place(name))
    }

    /// Unseals what a browser brings to the place of that name.
    ///
    /// # Errors
    ///
    /// [`CipherError`] as for a column.
    pub(crate) fn unseal_for_page(&self, text: &str, name: &str) -> Result<SecretBytes, CipherError> {
        self.unseal_from(text, &page_place(name))
    }

    fn seal_for(&self, secret: &[u8], place: &str) -> Result<String, CipherError> {
        let (id, cipher) = self.keys.first().ok_or(CipherError::UnknownKey)?;
        let mut nonce = Nonce::<Aes256Gcm>::default();
        self.entropy.fill(&mut nonce).map_err(|_| CipherError::NoEntropy)?;
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        // Fails only for messages of 64 GiB.
        let ciphertext = cipher.encrypt(&nonce, payload).map_err(|_| CipherError::Altered)?;
        let mut body = nonce.to_vec();
        body.extend_from_slice(&ciphertext);
        Ok(format!("{FORMAT}.{id}.{}", BASE64URL_NOPAD.encode(&body)))
    }

    fn unseal_from(&self, text: &str, place: &str) -> Result<SecretBytes, CipherError> {
        let (id, body) = parse(text).ok_or(CipherError::NotSealed)?;
        let (_, cipher) = self.keys.iter().find(|(known, _)| *known == id).ok_or(CipherError::UnknownKey)?;
        let (nonce, ciphertext) = body.split_first_chunk::<NONCE_LEN>().ok_or(CipherError::Altered)?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        cipher.decrypt(nonce.into(), payload).map(SecretBytes::new).map_err(|_| CipherError::Altered)
    }
}

impl SecretCipher for AesGcmCipher {
    fn seal(&self, secret: &SecretBytes, place: SealContext) -> Result<Sealed, CipherError> {
        self.seal_for(secret.expose(), &associated_data(place)).map(Sealed::from_column)
    }

    fn unseal(&self, sealed: &Sealed, place: SealContext) -> Result<SecretBytes, CipherError> {
        self.unseal_from(sealed.as_column(), &associated_data(place))
    }

    fn is_current(&self, sealed: &Sealed) -> bool {
        key_of(sealed.as_column()).is_some_and(|id| self.keys.first().is_some_and(|(first, _)| *first == id))
    }
}

impl fmt::Debug for AesGcmCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_tuple("AesGcmCipher").field(&ids).finish()
    }
}

/// Not of the form `table|user|column|version` either.
fn page_place(name: &str) -> String {
    format!("page|{name}|{FORMAT}")
}

fn fact_place(name: &str) -> String {
    format!("mfa_meta|{name}|value|{FORMAT}")
}

fn associated_data(place: SealContext) -> String {
    format!("users|{}|{}|{FORMAT}", place.user, place.column.as_str())
}

/// The name of the key that sealed this text; `None` where it was never sealed.
pub(crate) fn key_of(text: &str) -> Option<KeyId> {
    parse(text).map(|(id, _)| id)
}

/// The key's name and the bytes under it. Base64 is read strictly: one value has one spelling.
fn parse(text: &str) -> Option<(KeyId, Vec<u8>)> {
    let (id, body) = text.strip_prefix(FORMAT)?.strip_prefix('.')?.split_once('.')?;
    Some((KeyId::parse(id).ok()?, BASE64URL_NOPAD.decode(body.as_bytes()).ok()?))
}

#[expect(clippy::expect_used, reason = "derived keys have the 32 bytes that AES-256 takes")]
fn prepared(key: &SecretBytes) -> Aes256Gcm {
    Aes256Gcm::new_from_slice(key.expose()).expect("a derived key has 32 bytes")
}

#[cfg(test)]
#[path = "aes_gcm/tests.rs"]
mod tests;
