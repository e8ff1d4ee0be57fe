//! Passkeys and security keys as a second factor: the relying party of WebAuthn Level 3.
//!
//! - Settings: [`RelyingPartyConfig`], [`RelyingParty`].
//! - Challenges without stored state: [`Challenge`], [`ChallengeKey`], [`ChallengeBinding`].
//! - Options for the browser: [`CreationOptions`], [`RequestOptions`].
//! - Responses of the browser: [`RegistrationResponse`], [`AuthenticationResponse`].
//! - Verification: [`verify_registration`], [`verify_assertion`], [`counter_status`].
//! - What is stored: [`Credential`], [`UserHandle`].
//!
//! A registration takes these steps; a login takes the same ones with the other types:
//!
//! 1. [`Challenge::issue`] and [`CreationOptions::new`]: send the options, store nothing.
//! 2. [`RegistrationResponse::parse`]: a malformed response is the client's error.
//! 3. [`Challenge::verify`] with [`RegistrationResponse::challenge`]: rejects unknown and expired challenges.
//! 4. [`verify_registration`], then store [`Registered`].
//!
//! # What the caller does
//!
//! A response verifies as often as it is presented. The caller records [`Challenge::id`] as used until
//! [`Challenge::expires_at`], and compares the signature counter with [`counter_status`], both in the atomic decision
//! that grants the login. Only that decision counts, locks and records.
//!
//! # What this crate does not do
//!
//! It performs no I/O, reads no clock and draws no randomness: callers pass time, nonce and key in. It requests and
//! verifies no attestation, supports no login without a user name, and requires no user verification: a password is
//! the other factor. CBOR, COSE keys and signatures are handled by `webauthn-rs-core`, whose types appear in no public
//! signature.
//!
//! To add an algorithm: add it to [`SUPPORTED_ALGORITHMS`] and to the conversion in `cose.rs`, and change the
//! expectation of its published vector in `tests/w3c_vectors.rs`.

mod aaguid;
mod assertion;
mod base64url;
mod challenge;
mod client_data;
mod cose;
mod credential;
mod error;
mod library;
mod options;
mod registration;
mod relying_party;
mod response;
mod user_handle;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use aaguid::Aaguid;
pub use assertion::{Assertion, CounterStatus, counter_status, verify_assertion};
pub use challenge::{
    CHALLENGE_LIFETIME, Challenge, ChallengeBinding, ChallengeError, ChallengeId, ChallengeKey,
    ChallengePurpose,
};
pub use cose::{CosePublicKey, SUPPORTED_ALGORITHMS};
pub use credential::{Credential, CredentialId, CredentialIdError, MAX_CREDENTIAL_ID_BYTES};
pub use error::{MalformedResponse, PasskeyError, RejectReason};
pub use options::{CreationOptions, NoUsableCredential, RequestOptions, UserEntity};
pub use registration::{Registered, verify_registration};
pub use relying_party::{RelyingParty, RelyingPartyConfig, RelyingPartyError};
pub use response::{AuthenticationResponse, RegistrationResponse};
pub use user_handle::UserHandle;
