//! Tests of operator commands while servers run.

mod commands;
mod nova;
mod otpauth;
mod rotation;
