//! JSON Web Tokens of NOVA MFA: pending and access tokens, signing keys and strict verification.
//!
//! A [`TokenService`] issues and verifies tokens in JWS compact serialisation (RFC 7515, RFC 7519). Callers pass time
//! and entropy in. The crate performs no I/O and does not know whether a token is spent or revoked; the account does.
//!
//! It enforces:
//!
//! - Algorithm and key come from the key ring, never from the token. `jku`, `x5u` and `jwk` are ignored, and `crit`
//!   is rejected (RFC 8725 §3.1, §3.10).
//! - A token with a missing claim, a claim of the wrong JSON type or a duplicate member is rejected.
//! - `mfa_ok: true` needs a [`mfa_core::VerifiedFactor`], which only the verification of a second factor creates.
//!
//! Pending tokens use HS256. Access tokens use HS256, or `EdDSA` or ES256 with a [`PrivateKey`];
//! [`TokenService::public_keys`] returns the public halves for other services.
//!
//! To add an algorithm for access tokens: add a variant to [`SigningAlgorithm`] and load its keys in
//! `keys/private.rs`. For another kind of key, implement `TokenKey`.

mod assurance;
mod claims;
mod defect;
mod error;
mod issue;
mod jws;
mod keys;
mod legacy;
mod service;
mod strict_object;
mod token_type;
mod verify;

pub use defect::TokenDefect;
pub use error::{ConfigError, IssueError, KeyError, TokenError};
pub use issue::IssuedToken;
pub use keys::{
    KeySet, PrivateKey, PublicKey, SecretKey, SigningAlgorithm, TokenKeyRing, check_secret_strength,
};
pub use service::{TokenConfig, TokenService};
pub use token_type::{ACCESS_TOKEN_LIFETIME, ENROLMENT_LIFETIME};
pub use verify::TokenMetadata;
