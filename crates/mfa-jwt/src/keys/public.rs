//! What may be told of a private key: its public half, as a JWK (RFC 7517).

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The public half of a private key, as a JWKS publishes it. There is no field for anything secret.
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

/// The public keys that access tokens may be signed under now (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

impl PublicKey {
    /// Of an Ed25519 key (RFC 8037 §2), whose bytes are given in base64url.
    pub(super) fn ed25519(x: String) -> Self {
        // RFC 7638 §3: the members that make the key, by name, without blanks.
        let kid = thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Self { kty: "OKP", crv: "Ed25519", x, y: None, usage: "sig", alg: "EdDSA", kid }
    }

    /// Of a P-256 key (RFC 7518 §6.2.1), whose coordinates are given in base64url.
    pub(super) fn p256(x: String, y: String) -> Self {
        let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
        Self { kty: "EC", crv: "P-256", x, y: Some(y), usage: "sig", alg: "ES256", kid }
    }

    /// Its name in the header's `kid`.
    pub fn id(&self) -> &str {
        &self.kid
    }

    /// Its algorithm, as `alg` writes it.
    pub const fn algorithm(&self) -> &'static str {
        self.alg
    }
}

impl KeySet {
    /// Of these keys.
    pub(crate) fn from_keys<'a>(keys: impl Iterator<Item = &'a PublicKey>) -> Self {
        Self { keys: keys.cloned().collect() }
    }

    /// The keys; the one that signs comes first where it is one of them.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }
}

fn thumbprint(members: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(members))
}
