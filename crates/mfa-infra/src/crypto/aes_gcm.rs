//! Encryption of columns: AES-256-GCM with the row and column as associated data.

use std::fmt;
use std::sync::Arc;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Nonce, Payload};
use data_encoding::BASE64URL_NOPAD;
use mfa_core::{CipherError, Entropy, KeyId, SealContext, Sealed, SecretBytes, SecretCipher};

use super::key_ring::KeyRing;
use super::labels::SEAL_LABEL;

/// Version of the format: first in the text, last in the associated data.
const FORMAT: &str = "v1";
const NONCE_LEN: usize = 12;
const KEY_CHECK_TEXT: &[u8] = b"nova-mfa canary";
/// Not of the form `table|user|column|version`, so that no value of a column passes as the key check value.
const KEY_CHECK_CONTEXT: &str = "canary|v1";

/// Cipher for columns: AES-256-GCM (NIST SP 800-38D) under keys derived from a [`KeyRing`].
///
/// A sealed value is the text `v1.<key id>.<base64url of nonce and ciphertext>`. The associated data names table,
/// user, column and version (`users|42|totp_secret|v1`): a value copied to another row or column does not unseal.
/// Nonces are 96 random bits, so one key may seal at most 2^32 values (SP 800-38D, 8.3); rotate long before.
pub struct AesGcmCipher {
    keys: Vec<(KeyId, Aes256Gcm)>,
    entropy: Arc<dyn Entropy>,
}

impl AesGcmCipher {
    /// Derives the keys from a ring. The first key seals, all keys unseal.
    pub fn new(ring: &KeyRing, entropy: Arc<dyn Entropy>) -> Self {
        let keys = ring.derived(SEAL_LABEL).into_iter().map(|(id, key)| (id, prepared(&key))).collect();
        Self { keys, entropy }
    }

    /// Returns a known text sealed with the primary key: the key check value. Store it beside the data,
    /// [check](Self::check_key_check_value) it at every start, and make a new one when keys are rotated.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: store nothing.
    pub fn key_check_value(&self) -> Result<String, CipherError> {
        self.seal_for(KEY_CHECK_TEXT, KEY_CHECK_CONTEXT)
    }

    /// Checks that the ring contains the key that sealed this key check value.
    ///
    /// # Errors
    ///
    /// [`CipherError`] if the data was sealed with other keys: do not start.
    pub fn check_key_check_value(&self, key_check_value: &str) -> Result<(), CipherError> {
        let text = self.unseal_from(key_check_value, KEY_CHECK_CONTEXT)?;
        if text.expose() == KEY_CHECK_TEXT { Ok(()) } else { Err(CipherError::Altered) }
    }

    /// Seals a value of the installation, bound to its name.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: store nothing.
    pub(crate) fn seal_fact(&self, secret: &SecretBytes, name: &str) -> Result<String, CipherError> {
        self.seal_for(secret.expose(), &value_context(name))
    }

    /// Unseals a value of the installation of this name.
    ///
    /// # Errors
    ///
    /// [`CipherError`] as for a column.
    pub(crate) fn unseal_fact(&self, text: &str, name: &str) -> Result<SecretBytes, CipherError> {
        self.unseal_from(text, &value_context(name))
    }

    /// Seals state that a browser carries between pages, bound to its name.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: send nothing.
    pub(crate) fn seal_for_page(&self, secret: &SecretBytes, name: &str) -> Result<String, CipherError> {
        self.seal_for(secret.expose(), &page_context(name))
    }

    /// Unseals the page state of this name.
    ///
    /// # Errors
    ///
    /// [`CipherError`] as for a column.
    pub(crate) fn unseal_for_page(&self, text: &str, name: &str) -> Result<SecretBytes, CipherError> {
        self.unseal_from(text, &page_context(name))
    }

    fn seal_for(&self, secret: &[u8], context: &str) -> Result<String, CipherError> {
        let (id, cipher) = self.keys.first().ok_or(CipherError::UnknownKey)?;
        let mut nonce = Nonce::<Aes256Gcm>::default();
        self.entropy.fill(&mut nonce).map_err(|_| CipherError::NoEntropy)?;
        let payload = Payload { msg: secret, aad: context.as_bytes() };
        // Fails only for messages of 64 GiB.
        let ciphertext = cipher.encrypt(&nonce, payload).map_err(|_| CipherError::Altered)?;
        let mut body = nonce.to_vec();
        body.extend_from_slice(&ciphertext);
        Ok(format!("{FORMAT}.{id}.{}", BASE64URL_NOPAD.encode(&body)))
    }

    fn unseal_from(&self, text: &str, context: &str) -> Result<SecretBytes, CipherError> {
        let (id, body) = parse(text).ok_or(CipherError::NotSealed)?;
        let (_, cipher) = self.keys.iter().find(|(known, _)| *known == id).ok_or(CipherError::UnknownKey)?;
        let (nonce, ciphertext) = body.split_first_chunk::<NONCE_LEN>().ok_or(CipherError::Altered)?;
        let payload = Payload { msg: ciphertext, aad: context.as_bytes() };
        cipher.decrypt(nonce.into(), payload).map(SecretBytes::new).map_err(|_| CipherError::Altered)
    }
}

impl SecretCipher for AesGcmCipher {
    fn seal(&self, secret: &SecretBytes, context: SealContext) -> Result<Sealed, CipherError> {
        self.seal_for(secret.expose(), &associated_data(context)).map(Sealed::from_column)
    }

    fn unseal(&self, sealed: &Sealed, context: SealContext) -> Result<SecretBytes, CipherError> {
        self.unseal_from(sealed.as_column(), &associated_data(context))
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

/// Associated data of page state; not of the form `table|user|column|version` either.
fn page_context(name: &str) -> String {
    format!("page|{name}|{FORMAT}")
}

/// Associated data of a value of the installation.
fn value_context(name: &str) -> String {
    format!("mfa_meta|{name}|value|{FORMAT}")
}

/// Associated data of a column.
fn associated_data(context: SealContext) -> String {
    format!("users|{}|{}|{FORMAT}", context.user, context.column.as_str())
}

/// Returns the id of the key that sealed a text; `None` if the text is not sealed.
pub(crate) fn key_of(text: &str) -> Option<KeyId> {
    parse(text).map(|(id, _)| id)
}

/// Splits a sealed text into the key id and the encrypted bytes. Base64 is decoded strictly: one value has one text.
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
