//! The token service from outside: what it issues, and what it refuses of what others sign.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod arbitrary;
mod asymmetric;
mod claims;
mod forge;
mod headers;
mod issued;
mod legacy;
mod rotation;
mod times;
