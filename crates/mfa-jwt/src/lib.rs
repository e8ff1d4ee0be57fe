//! Tokens: which stages there are, what they claim, which keys sign them, and the one strict way to read them.
//!
//! A [`TokenService`] issues and reads compact JWS (RFC 7515, RFC 7519). Time and chance are handed in; nothing here
//! does I/O or knows whether a token is spent or revoked (the account does).
//!
//! It refuses:
//!
//! - to let a token say how it is verified: algorithm and key come from the ring, `jku`, `x5u` and `jwk` are not
//!   looked at, and `crit` is refused (RFC 8725 §3.1, §3.10);
//! - a token without one of its claims, or with one of the wrong JSON type, or with a name twice;
//! - to say `mfa_ok: true` without a [`mfa_core::VerifiedFactor`], which the guarded ceremony alone makes.
//!
//! Pending tokens are HS256. Access tokens are too, or `EdDSA` or ES256 by a [`PrivateKey`], whose public half
//! [`TokenService::public_keys`] gives to those who verify.
//!
//! To add an algorithm for access tokens: a variant of [`SigningAlgorithm`], and in `keys/private.rs` how its keys are
//! read. A kind of key of its own implements `TokenKey`.

mod assurance;
mod claims;
mod error;
mod issue;
mod jws;
mod keys;
mod service;
mod strict_object;
mod token_type;
mod verify;

pub use error::{ConfigError, IssueError, KeyError, TokenError};
pub use issue::IssuedToken;
pub use keys::{
    KeySet, PrivateKey, PublicKey, SecretKey, SigningAlgorithm, TokenKeyRing, check_secret_strength,
};
pub use service::{TokenConfig, TokenService};
pub use verify::TokenMetadata;
