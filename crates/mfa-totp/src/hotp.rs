//! HOTP: code from a secret and a counter (RFC 4226 §5).

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use mfa_core::SecretBytes;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use crate::{Algorithm, Parameters, TotpCode};

/// Computes the code of a secret at this counter (RFC 4226 §5.3, with the hash functions of RFC 6238 §1.2).
pub fn hotp(secret: &SecretBytes, counter: u64, parameters: Parameters) -> TotpCode {
    let message = counter.to_be_bytes();
    let digest = match parameters.algorithm {
        Algorithm::Sha1 => digest::<Hmac<Sha1>>(secret, message),
        Algorithm::Sha256 => digest::<Hmac<Sha256>>(secret, message),
        Algorithm::Sha512 => digest::<Hmac<Sha512>>(secret, message),
    };
    TotpCode::truncated(dynamic_truncation(&digest), parameters.digits)
}

fn digest<M: Mac + KeyInit>(secret: &SecretBytes, message: [u8; 8]) -> Zeroizing<Vec<u8>> {
    let keyed: Result<M, InvalidLength> = M::new_from_slice(secret.expose());
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 §3)")]
    let mut mac = keyed.expect("HMAC takes a key of any length");
    mac.update(&message);
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

/// Returns the 31 bits at the offset given by the last four bits (RFC 4226 §5.3). The shortest digest has 20 bytes
/// and the largest offset is 15, so four bytes are always available.
fn dynamic_truncation(digest: &[u8]) -> u32 {
    let place = digest.last().map_or(0, |last| usize::from(last & 0x0f));
    let bytes = digest.get(place..).and_then(|rest| rest.first_chunk::<4>());
    bytes.map_or(0, |four| u32::from_be_bytes(*four) & 0x7fff_ffff)
}
