//! TOTP (authenticator apps) as a second factor: HOTP and TOTP (RFC 4226, RFC 6238) and their rules.
//!
//! - Codes: [`TotpCode`], [`hotp`].
//! - Time steps and the acceptance window: [`TimeStep`], [`check_code`].
//! - Secrets: [`generate_secret`], [`import_secret`], [`base32`], [`read_otpauth`].
//! - Data for the app: [`Provisioning`], [`qr_png_data_uri`], [`qr_svg`].
//! - Diagnosis of clock drift: [`diagnose_drift`], [`explain_refused_code`].
//! - Rules of an account: [`begin_enrolment`], [`begin_addition`], [`confirm_enrolment`], [`verify`].
//!
//! Call [`confirm_enrolment`] and [`verify`] in the closures of [`mfa_core::confirm`] and
//! [`mfa_core::verify_factor`]. Only those count, lock and record. This crate creates no
//! [`VerifiedFactor`](mfa_core::VerifiedFactor).
//!
//! It performs no I/O, reads no clock and draws no randomness: callers pass time, entropy and cipher in. It supports
//! no window of more than one step each way, no code of fewer than six digits and no secret of fewer than 128 bits.
//! It rejects any spelling but ASCII digits, and any code of a step that is not newer than the last one used.
//!
//! To add a hash function: add a variant to [`Algorithm`] in `mfa-core`, its name and its HMAC in `hotp.rs`, and its published
//! vectors in `tests/`. To add another kind of code, such as one bound to a challenge: add a crate whose check
//! returns a [`FactorResult`](mfa_core::FactorResult).

mod clock_drift;
mod code;
mod enrolment;
mod hotp;
mod label;
mod otpauth;
mod parameters;
mod provisioning;
mod qr;
mod secret;
mod time_step;
mod verification;
mod window;

pub use clock_drift::{ClockDrift, diagnose_drift, explain_refused_code, explain_refused_enrolment};
pub use code::{TotpCode, TotpCodeError};
pub use enrolment::{ENROLMENT_LIFETIME, EnrolmentError, begin_addition, begin_enrolment, confirm_enrolment};
pub use hotp::hotp;
pub use label::LabelError;
pub use otpauth::{ImportedSecret, OtpauthError, read_otpauth};
pub use parameters::{Algorithm, Digits, Parameters, Period};
pub use provisioning::Provisioning;
pub use qr::{QrError, qr_png_data_uri, qr_svg};
pub use secret::{SECRET_BYTES, SecretImportError, base32, generate_secret, import_secret};
pub use time_step::{PERIOD, TimeStep};
pub use verification::{VerifyError, verify};
pub use window::{CodeCheck, check_code};
