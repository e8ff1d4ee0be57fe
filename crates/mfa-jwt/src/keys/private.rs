//! Private keys for access tokens: `EdDSA` and ES256 (RFC 8037, RFC 7518 §3.4).

use std::fmt;

use josekit::jwk::{Ed25519, KeyPair};
use josekit::jws::{ES256, EdDSA, JwsSigner, JwsVerifier};
use mfa_core::SecretText;
use zeroize::Zeroizing;

use super::{PublicKey, TokenKey};
use crate::{IssueError, KeyError, TokenError};

/// Length of a signature in bytes, for both algorithms.
const SIGNATURE_BYTES: usize = 64;
/// Message that a loaded key signs, to verify that its halves match.
const PROBE: &[u8] = b"nova-mfa";

/// Asymmetric algorithms for access tokens, which services can verify without being able to issue them.
///
/// Exhaustive, so that each algorithm has a key type and a JWK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// Ed25519 (RFC 8037 §3.1). Deterministic: signing needs no randomness.
    EdDsa,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    Es256,
}

impl SigningAlgorithm {
    /// Returns the name for `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }
}

/// Private key for access tokens. Its kind determines the algorithm.
///
/// Its ID (`kid`) is its thumbprint (RFC 7638), so that all servers derive the same ID. `Debug` shows only the public
/// half.
pub struct PrivateKey {
    algorithm: SigningAlgorithm,
    public: PublicKey,
    signer: Box<dyn JwsSigner>,
    verifier: Box<dyn JwsVerifier>,
}

impl PrivateKey {
    /// Reads a key from PEM (PKCS#8, `-----BEGIN PRIVATE KEY-----`): Ed25519 for `EdDSA`, P-256 for ES256.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotPrivate`] for any other text or kind of key, [`KeyError::Unusable`] if the public half belongs
    /// to another key: reject the configuration.
    pub fn from_pem(pem: &SecretText) -> Result<Self, KeyError> {
        let pem = pem.expose().as_bytes();
        let key = match EdDSA.key_pair_from_pem(pem) {
            Ok(pair) if pair.curve() == Ed25519 => Self::ed25519(&pair),
            Ok(_) => return Err(KeyError::NotPrivate),
            Err(_) => Self::p256(pem),
        }?;
        key.prove()?;
        Ok(key)
    }

    /// Generates a key in PEM (PKCS#8) with the randomness of the cryptographic library.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unusable`] if the library had no randomness: try again later.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<SecretText, KeyError> {
        let pem = match algorithm {
            SigningAlgorithm::EdDsa => EdDSA.generate_key_pair(Ed25519).map(|it| it.to_pem_private_key()),
            SigningAlgorithm::Es256 => ES256.generate_key_pair().map(|it| it.to_pem_private_key()),
        };
        let pem = Zeroizing::new(pem.map_err(|_| KeyError::Unusable)?);
        let pem = std::str::from_utf8(&pem).map_err(|_| KeyError::Unusable)?;
        Ok(SecretText::new(pem.replace("\r\n", "\n")))
    }

    /// Returns the algorithm of the key.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Returns the public half.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn ed25519(pair: &josekit::jwk::alg::ed::EdKeyPair) -> Result<Self, KeyError> {
        let jwk = pair.to_jwk_public_key();
        let verifier = EdDSA.verifier_from_der(pair.to_der_public_key());
        let signer = EdDSA.signer_from_der(Zeroizing::new(pair.to_der_private_key()));
        Ok(Self {
            algorithm: SigningAlgorithm::EdDsa,
            public: PublicKey::ed25519(coordinate(&jwk, "x")?),
            signer: Box::new(signer.map_err(|_| KeyError::Unusable)?),
            verifier: Box::new(verifier.map_err(|_| KeyError::Unusable)?),
        })
    }

    fn p256(pem: &[u8]) -> Result<Self, KeyError> {
        let pair = ES256.key_pair_from_pem(pem).map_err(|_| KeyError::NotPrivate)?;
        let jwk = pair.to_jwk_public_key();
        let verifier = ES256.verifier_from_der(pair.to_der_public_key());
        let signer = ES256.signer_from_der(Zeroizing::new(pair.to_der_private_key()));
        Ok(Self {
            algorithm: SigningAlgorithm::Es256,
            public: PublicKey::p256(coordinate(&jwk, "x")?, coordinate(&jwk, "y")?),
            signer: Box::new(signer.map_err(|_| KeyError::Unusable)?),
            verifier: Box::new(verifier.map_err(|_| KeyError::Unusable)?),
        })
    }

    /// Checks that the halves match. PKCS#8 may contain the public half, and the library does not check it.
    fn prove(&self) -> Result<(), KeyError> {
        let signature = self.sign(PROBE).map_err(|_| KeyError::Unusable)?;
        self.verify(PROBE, &signature).map_err(|_| KeyError::Unusable)
    }
}

fn coordinate(jwk: &josekit::jwk::Jwk, name: &str) -> Result<String, KeyError> {
    let value = jwk.parameter(name).and_then(|it| it.as_str());
    value.map(str::to_owned).ok_or(KeyError::Unusable)
}

impl TokenKey for PrivateKey {
    fn id(&self) -> &str {
        self.public.id()
    }

    fn algorithm(&self) -> &'static str {
        self.algorithm.as_str()
    }

    fn public_key(&self) -> Option<&PublicKey> {
        Some(&self.public)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssueError> {
        self.signer.sign(message).map_err(|_| IssueError::Signing)
    }

    /// Verifies a signature. Several signatures can be valid for one message (ES256: `s` and its negative). Tokens
    /// are denied by their signed `jti`, so this creates no second identity.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        // Checked first, because the library accepts lengths that the standard does not allow.
        if signature.len() != SIGNATURE_BYTES {
            return Err(TokenError::Invalid);
        }
        self.verifier.verify(message, signature).map_err(|_| TokenError::Invalid)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
