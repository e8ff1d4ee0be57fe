//! Authenticator data (WebAuthn Level 3 §6.1).

use p256::ecdsa::SigningKey;
use serde_cbor_2::Value;
use sha2::{Digest, Sha256};

/// Encodes the data of an assertion: RP ID hash, flags and counter.
pub(super) fn assertion_data(rp_id: &str, flags: u8, sign_count: u32) -> Vec<u8> {
    encode(rp_id, flags, sign_count)
}

/// Encodes the data of a registration: the same with attested credential data (§6.5.2).
pub(super) fn registration_data(
    rp_id: &str,
    flags: u8,
    sign_count: u32,
    aaguid: [u8; 16],
    id: &[u8],
    key: &SigningKey,
) -> Vec<u8> {
    let mut data = encode(rp_id, flags | 1 << 6, sign_count);
    data.extend_from_slice(&aaguid);
    data.extend_from_slice(&u16::try_from(id.len()).unwrap_or(u16::MAX).to_be_bytes());
    data.extend_from_slice(id);
    data.extend_from_slice(&cose_key(key));
    data
}

fn encode(rp_id: &str, flags: u8, sign_count: u32) -> Vec<u8> {
    let mut data = Sha256::digest(rp_id.as_bytes()).to_vec();
    data.push(flags);
    data.extend_from_slice(&sign_count.to_be_bytes());
    data
}

/// Encodes the public key as `COSE_Key`.
fn cose_key(key: &SigningKey) -> Vec<u8> {
    let point = key.verifying_key().to_sec1_point(false);
    let bytes = |it: Option<&p256::FieldBytes>| Value::Bytes(it.map(|it| it.to_vec()).unwrap_or_default());
    let map = [
        (Value::Integer(1), Value::Integer(2)),
        (Value::Integer(3), Value::Integer(-7)),
        (Value::Integer(-1), Value::Integer(1)),
        (Value::Integer(-2), bytes(point.x())),
        (Value::Integer(-3), bytes(point.y())),
    ];
    serde_cbor_2::to_vec(&Value::Map(map.into())).unwrap_or_default()
}
