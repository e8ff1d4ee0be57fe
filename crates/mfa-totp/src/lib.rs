//! The authenticator app as a second factor: HOTP and TOTP (RFC 4226, RFC 6238), and all rules around them.
//!
//! Codes ([`TotpCode`], [`hotp`]), time steps and the window ([`TimeStep`], [`check_code`]), shared secrets
//! ([`generate_secret`], [`import_secret`], [`base32`]), what an app is given to read ([`Provisioning`],
//! [`qr_png_data_uri`], [`qr_svg`]), why good codes are refused ([`diagnose_drift`],
//! [`explain_refused_code`]), and the rules over an account:
//! [`begin_enrolment`], [`confirm_enrolment`], [`verify`]. The last two answer with a [`FactorResult`](mfa_core::FactorResult) and
//! belong inside the closures of [`mfa_core::confirm`] and [`mfa_core::verify_factor`], which alone count, lock and record.
//!
//! It refuses to read a clock, to draw randomness and to do I/O: time, chance and the cipher are handed in. It refuses
//! a window of more than one step each way, a code of fewer than six digits, a secret of fewer than 128 bits, any
//! spelling of a code but ASCII digits, and any code of a step that is not newer than the last one used. It makes no
//! [`VerifiedFactor`](mfa_core::VerifiedFactor) and knows of no lock.
//!
//! To add a hash function: a variant of [`Algorithm`], its name and its HMAC in `hotp.rs`, and its published vectors in
//! `tests/`. To add another kind of code (one bound to a challenge, say): a crate of its own beside this one, whose
//! rules answer with a `FactorResult` too.

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
pub use enrolment::{ENROLMENT_LIFETIME, EnrolmentError, begin_enrolment, confirm_enrolment};
pub use hotp::hotp;
pub use label::LabelError;
pub use otpauth::{OtpauthError, read_otpauth};
pub use parameters::{Algorithm, Digits, Parameters};
pub use provisioning::Provisioning;
pub use qr::{QrError, qr_png_data_uri, qr_svg};
pub use secret::{SECRET_BYTES, SecretImportError, base32, generate_secret, import_secret};
pub use time_step::{PERIOD, TimeStep};
pub use verification::{VerifyError, verify};
pub use window::{CodeCheck, check_code};
