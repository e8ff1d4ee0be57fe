//! Verification of second factors: the only code that turns a submitted code into a [`VerifiedFactor`].
//!
//! Every attempt takes the same steps: active user, lock, token, stage, step-up, factor, failure count, spending, event.
//! A factor's crate performs only its own step and returns a [`FactorResult`]. It cannot skip the lock, the count or the
//! event.

mod access_pass;
mod admission;
mod attempt;
mod authorization;
mod confirm;
mod passkey;
mod recording;
mod two_phase;
mod verify;

pub use access_pass::{AccessPassOutcome, verify_access_pass};
pub use attempt::{FactorAttempt, FactorResult, VerificationOutcome, VerifiedFactor};
pub use authorization::{DenyReason, Requirement, authorize};
pub use confirm::confirm;
pub use passkey::{PasskeyAttempt, authorize_passkey, verify_passkey};
pub use two_phase::{UnsettledAttempt, abandon_attempt, begin_attempt, settle_attempt};
pub use verify::verify_factor;

#[cfg(test)]
mod tests;
