//! What operators do while servers run.

mod nova;
mod otpauth;
mod rotation;
