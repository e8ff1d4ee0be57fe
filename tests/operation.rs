//! Tests of operator commands while servers run.

mod nova;
mod otpauth;
mod rotation;
