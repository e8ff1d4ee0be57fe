//! Tests of operator commands while servers run.

mod commands;
mod embedding;
mod nova;
mod otpauth;
mod passkeys;
mod reasons;
mod rotation;
mod sessions;
