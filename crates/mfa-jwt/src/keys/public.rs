//! Public keys as JWK and JWKS (RFC 7517).

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Public half of a private key, as a JWKS publishes it. It has no field for secret values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
}

/// JWK set of the public keys that verify access tokens (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

impl PublicKey {
    /// Creates the JWK of an Ed25519 key (RFC 8037 §2) from its base64url bytes.
    pub(super) fn ed25519(x: String) -> Self {
        // RFC 7638 §3: the required members in lexicographic order, without white space.
        let kid = thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Self { kty: "OKP", crv: "Ed25519", x, y: None, usage: "sig", alg: "EdDSA", kid }
    }

    /// Creates the JWK of a P-256 key (RFC 7518 §6.2.1) from its base64url coordinates.
    pub(super) fn p256(x: String, y: String) -> Self {
        let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
        Self { kty: "EC", crv: "P-256", x, y: Some(y), usage: "sig", alg: "ES256", kid }
    }

    /// Returns the key ID for the header's `kid`.
    pub fn id(&self) -> &str {
        &self.kid
    }

    /// Returns the algorithm for the header's `alg`.
    pub const fn algorithm(&self) -> &'static str {
        self.alg
    }
}

impl KeySet {
    /// Creates a set of these keys.
    pub(crate) fn from_keys<'a>(keys: impl Iterator<Item = &'a PublicKey>) -> Self {
        Self { keys: keys.cloned().collect() }
    }

    /// Returns the keys. The signing key, if it is among them, comes first.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }
}

fn thumbprint(members: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(members))
}
