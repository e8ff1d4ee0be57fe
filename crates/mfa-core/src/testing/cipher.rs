//! Cipher and digests for tests, without real encryption.

use data_encoding::HEXLOWER;

use sha2::{Digest, Sha256};

use crate::{
    CipherError, DigestPurpose, KeyId, KeyedDigest, KeyedDigests, SealContext, Sealed, SecretBytes,
    SecretCipher,
};

/// Cipher for tests. It binds a value to its context and hides nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestCipher;

fn prefix(place: SealContext) -> String {
    format!("test:{}:{}:", place.user, place.column.as_str())
}

impl SecretCipher for TestCipher {
    fn seal(&self, secret: &SecretBytes, place: SealContext) -> Result<Sealed, CipherError> {
        Ok(Sealed::from_column(prefix(place) + &HEXLOWER.encode(secret.expose())))
    }

    fn unseal(&self, sealed: &Sealed, place: SealContext) -> Result<SecretBytes, CipherError> {
        if !sealed.as_column().starts_with("test:") {
            return Err(CipherError::NotSealed);
        }
        let hex = sealed.as_column().strip_prefix(&prefix(place)).ok_or(CipherError::Altered)?;
        HEXLOWER.decode(hex.as_bytes()).map(SecretBytes::new).map_err(|_| CipherError::Altered)
    }

    fn is_current(&self, sealed: &Sealed) -> bool {
        sealed.as_column().starts_with("test:")
    }
}

/// Digests with a single key for tests: SHA-256 of purpose and message.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestDigests;

impl KeyedDigests for TestDigests {
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> KeyedDigest {
        let mut hash = Sha256::new();
        hash.update(purpose.as_str());
        hash.update([0]);
        hash.update(message);
        let key = KeyId::parse("test").unwrap_or_else(|_| unreachable!("a good name"));
        KeyedDigest { key, bytes: hash.finalize().into() }
    }

    fn digest_with_each_key(&self, purpose: DigestPurpose, message: &[u8]) -> Vec<KeyedDigest> {
        vec![self.digest(purpose, message)]
    }
}
