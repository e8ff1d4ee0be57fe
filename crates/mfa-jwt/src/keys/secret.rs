//! Shared secrets for HS256: HMAC-SHA256 (RFC 7518 §3.2).

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use mfa_core::SecretText;
use sha2::Sha256;

use super::{TokenKey, check_secret_strength};
use crate::{IssueError, KeyError, TokenError};

/// Name of the algorithm for `alg`.
const ALGORITHM: &str = "HS256";
/// Message whose signature gives the key ID.
const ID_MESSAGE: &[u8] = b"kid";
/// Number of bytes of that signature in the key ID.
const ID_BYTES: usize = 8;

/// Shared secret for HS256: its UTF-8 bytes without base64 decoding, as Python libraries use it.
///
/// `Debug` shows only the key ID (`kid`).
pub struct SecretKey {
    id: String,
    /// HMAC that has read the key, to be copied for each message: OpenSSL would schedule the key again each time.
    keyed: Hmac<Sha256>,
}

impl SecretKey {
    /// Creates a key from a secret that is long enough and not guessable.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if [`check_secret_strength`] rejects the secret: reject the configuration.
    pub fn new(secret: &SecretText) -> Result<Self, KeyError> {
        check_secret_strength(secret)?;
        Self::from_bytes(secret.expose().as_bytes())
    }

    fn from_bytes(secret: &[u8]) -> Result<Self, KeyError> {
        let keyed = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| KeyError::Unusable)?;
        let digest = keyed.clone().chain_update(ID_MESSAGE).finalize().into_bytes();
        let id = BASE64URL_NOPAD.encode(digest.get(..ID_BYTES).ok_or(KeyError::Unusable)?);
        Ok(Self { id, keyed })
    }

    fn mac(&self, message: &[u8]) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(message)
    }
}

impl TokenKey for SecretKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn algorithm(&self) -> &'static str {
        ALGORITHM
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssueError> {
        Ok(self.mac(message).finalize().into_bytes().to_vec())
    }

    /// Compares the whole signature in constant time.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        self.mac(message).verify_slice(signature).map_err(|_| TokenError::Invalid)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use josekit::jws::{HS256, JwsSigner as _};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// josekit signs with OpenSSL.
        #[test]
        fn signatures_are_those_of_another_implementation(
            secret in proptest::collection::vec(any::<u8>(), 32..200),
            message in proptest::collection::vec(any::<u8>(), 0..500),
        ) {
            let expected = HS256.signer_from_bytes(&secret).unwrap().sign(&message).unwrap();
            let key = SecretKey::from_bytes(&secret).unwrap();
            prop_assert_eq!(key.sign(&message), Ok(expected.clone()));
            prop_assert_eq!(key.verify(&message, &expected), Ok(()));
        }
    }

    /// RFC 7515 appendix A.1.
    #[test]
    fn the_example_of_the_standard_verifies_and_is_signed_alike() {
        let secret = BASE64URL_NOPAD
            .decode(b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = BASE64URL_NOPAD.decode(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let key = SecretKey::from_bytes(&secret).unwrap();
        assert_eq!(key.sign(signed.as_bytes()), Ok(signature.clone()));
        assert_eq!(key.verify(signed.as_bytes(), &signature), Ok(()));
        for wrong in [&signature[..31], &[][..], &[0; 32]] {
            assert_eq!(key.verify(signed.as_bytes(), wrong), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn debug_shows_the_name_and_not_the_secret() {
        let secret = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
        let key = SecretKey::new(&SecretText::new(secret.into())).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains(key.id()));
        assert!(!shown.contains(&secret[..6]));
    }
}
