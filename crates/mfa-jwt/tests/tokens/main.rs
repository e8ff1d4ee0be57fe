//! Tests of the token service: the tokens that it issues, and those that it refuses.

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
