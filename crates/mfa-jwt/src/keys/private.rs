//! `EdDSA` and ES256: a private key signs, and whoever likes may have the public one (RFC 8037, RFC 7518 §3.4).

use std::fmt;

use josekit::jwk::{Ed25519, KeyPair};
use josekit::jws::{ES256, EdDSA, JwsSigner, JwsVerifier};
use mfa_core::SecretText;
use zeroize::Zeroizing;

use super::{PublicKey, TokenKey};
use crate::{IssueError, KeyError, TokenError};

/// Bytes of a signature, by either algorithm.
const SIGNATURE_BYTES: usize = 64;
/// What a key signs when it is read, to show that its two halves belong together.
const PROBE: &[u8] = b"nova-mfa";

/// What access tokens may be signed with, so that those who verify them cannot make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// Ed25519 (RFC 8037 §3.1): signs always alike, and needs no randomness to.
    EdDsa,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    Es256,
}

impl SigningAlgorithm {
    /// As `alg` writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }
}

/// A private key for access tokens, of the one algorithm that follows from its kind.
///
/// Its name (`kid`) is its thumbprint (RFC 7638), so that two servers call one key alike without being told. `Debug`
/// shows the public half alone.
pub struct PrivateKey {
    algorithm: SigningAlgorithm,
    public: PublicKey,
    signer: Box<dyn JwsSigner>,
    verifier: Box<dyn JwsVerifier>,
}

impl PrivateKey {
    /// Reads a key from PEM (PKCS#8, `-----BEGIN PRIVATE KEY-----`): Ed25519 is for `EdDSA`, P-256 for ES256.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotPrivate`] for any other text and any other kind of key, [`KeyError::Unusable`] for one whose
    /// public half is that of another key: do not start.
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

    /// A new key in PEM (PKCS#8), from the randomness of the cryptographic library.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unusable`]: it had none.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<SecretText, KeyError> {
        let pem = match algorithm {
            SigningAlgorithm::EdDsa => EdDSA.generate_key_pair(Ed25519).map(|it| it.to_pem_private_key()),
            SigningAlgorithm::Es256 => ES256.generate_key_pair().map(|it| it.to_pem_private_key()),
        };
        let pem = Zeroizing::new(pem.map_err(|_| KeyError::Unusable)?);
        let pem = std::str::from_utf8(&pem).map_err(|_| KeyError::Unusable)?;
        Ok(SecretText::new(pem.replace("\r\n", "\n")))
    }

    /// The one algorithm that it signs by.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Its public half.
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

    /// PKCS#8 may hold the public half too, and nobody has checked that it is that of the private one.
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

    /// A second signature may fit one message (ES256: `s` and its negative). A token is known by its `jti`, which is
    /// signed, so its other spelling is spent and revoked with it.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        // Before the library looks at it: it takes lengths that the standard does not.
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
