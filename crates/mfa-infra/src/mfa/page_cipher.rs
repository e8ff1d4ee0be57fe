//! Encryption of state that a browser keeps between pages.

use mfa_core::{CipherError, SecretBytes};

use crate::crypto::AesGcmCipher;

/// Cipher for state in a browser. The browser cannot read it; every server of the installation can.
#[derive(Clone, Copy, Debug)]
pub struct PageCipher<'a> {
    pub(super) cipher: &'a AesGcmCipher,
}

impl PageCipher<'_> {
    /// Seals a value for one purpose; it cannot be unsealed under another `name`.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: send nothing to the browser.
    pub fn seal(&self, secret: &SecretBytes, name: &str) -> Result<String, CipherError> {
        self.cipher.seal_for_page(secret, name)
    }

    /// Unseals a value that a browser sent for this purpose.
    ///
    /// # Errors
    ///
    /// [`CipherError`]: it was not sealed under this `name`.
    pub fn unseal(&self, text: &str, name: &str) -> Result<SecretBytes, CipherError> {
        self.cipher.unseal_for_page(text, name)
    }
}
