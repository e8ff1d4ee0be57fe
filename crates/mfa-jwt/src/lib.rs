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
//! - to say `mfa_ok: true` without a [`mfa_core::Verified`], which the guarded ceremony alone makes.
//!
//! To add an algorithm for access tokens (`EdDSA`, ES256): a file in `keys/` with a key that implements `TokenKey`, and
//! a constructor of [`KeyRing`] that puts such keys on the access side. Pending tokens stay HS256.

mod assurance;
mod claims;
mod error;
mod issue;
mod jws;
mod keys;
mod object;
mod read;
mod service;
mod token_type;

pub use error::{ConfigError, IssueError, KeyError, TokenError};
pub use issue::Issued;
pub use keys::{KeyRing, SecretKey, check_secret_strength};
pub use service::{TokenConfig, TokenService};
