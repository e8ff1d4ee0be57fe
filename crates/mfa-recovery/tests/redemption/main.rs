//! Tests of redeeming a recovery code, from the typed text to the used code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests may")]
#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test, as it should")]

mod attempts;
mod legacy;
mod single_use;
mod support;
