//! Public keys in COSE form (RFC 9052 §7, RFC 9053), the form in which authenticators send them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_cbor_2::Value;
use webauthn_rs_core::proto::{COSEAlgorithm, COSEKey, COSEKeyType};

use crate::base64url;

/// COSE numbers of the algorithms that are offered and accepted, in order of preference.
///
/// ES256, and RS256 with 2048-bit keys (some TPMs). The library verifies no `EdDSA` signatures.
pub const SUPPORTED_ALGORITHMS: [i64; 2] = [-7, -257];

pub(crate) const LIBRARY_ALGORITHMS: [COSEAlgorithm; 2] = [COSEAlgorithm::ES256, COSEAlgorithm::RS256];

/// Largest accepted key, in bytes. A 2048-bit RSA key has 272.
const MAX_KEY_BYTES: usize = 512;

/// Public key of a credential: a `COSE_Key` in canonical CBOR (WebAuthn Level 3 §6.5.1), stored as base64url.
///
/// 77 bytes for ES256, 272 for RS256. It contains the required parameters only.
#[derive(Clone, PartialEq, Eq)]
pub struct CosePublicKey(Vec<u8>);

impl CosePublicKey {
    /// Returns the CBOR bytes.
    pub fn cose_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Encodes a key that the library has checked. Returns `None` for an algorithm that is not supported.
    pub(crate) fn from_library(key: &COSEKey) -> Option<Self> {
        if !LIBRARY_ALGORITHMS.contains(&key.type_) {
            return None;
        }
        let bytes = |it: &[u8]| Value::Bytes(it.to_vec());
        let parameters = match &key.key {
            COSEKeyType::EC_EC2(key) => vec![
                (1, Value::Integer(2)),
                (3, Value::Integer(-7)),
                (-1, Value::Integer(1)),
                (-2, bytes(&key.x)),
                (-3, bytes(&key.y)),
            ],
            COSEKeyType::RSA(key) => vec![
                (1, Value::Integer(3)),
                (3, Value::Integer(-257)),
                (-1, bytes(&key.n)),
                (-2, bytes(&key.e)),
            ],
            COSEKeyType::EC_OKP(_) => return None,
        };
        let map: BTreeMap<_, _> =
            parameters.into_iter().map(|(label, value)| (Value::Integer(label), value)).collect();
        serde_cbor_2::to_vec(&Value::Map(map)).ok().map(Self)
    }

    /// Decodes the key for the library, which checks the point or modulus. Returns `None` for a damaged key.
    pub(crate) fn to_library(&self) -> Option<COSEKey> {
        let value: Value = serde_cbor_2::from_slice(&self.0).ok()?;
        COSEKey::try_from(&value).ok().filter(is_consistent)
    }
}

/// Returns whether key type and curve are those of the algorithm. ES256 is used with P-256 only (§5.8.5).
pub(crate) fn is_consistent(key: &COSEKey) -> bool {
    use webauthn_rs_core::proto::ECDSACurve::SECP256R1;
    match (&key.type_, &key.key) {
        (COSEAlgorithm::ES256, COSEKeyType::EC_EC2(key)) => key.curve == SECP256R1,
        (COSEAlgorithm::RS256, COSEKeyType::RSA(_)) => true,
        _ => false,
    }
}

impl fmt::Debug for CosePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosePublicKey({} bytes)", self.0.len())
    }
}

impl Serialize for CosePublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for CosePublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        base64url::decode(&String::deserialize(deserializer)?)
            .map(Self)
            .filter(|key| key.0.len() <= MAX_KEY_BYTES && key.to_library().is_some())
            .ok_or_else(|| serde::de::Error::custom("not a supported COSE key in base64url"))
    }
}
