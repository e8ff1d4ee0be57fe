//! Adapters of NOVA MFA (database, cryptography, settings, log, SMS providers), and their wiring into [`Mfa`].
//!
//! Each folder is one technology:
//!
//! - `database/`: Diesel on SQLite and PostgreSQL
//! - `crypto/`: AES-256-GCM, Argon2id, bcrypt, and the clock and randomness of the operating system
//! - `memory/`: rate limits in process memory
//! - `redis/`: rate limits shared by several servers
//! - `sms/`: OVH, Twilio, and the outbox file for development
//! - `settings/`: sources and validation of all settings
//! - `telemetry/`: the JSON log
//! - `tls`: certificate and key of the server
//! - `metrics/`: OpenMetrics
//! - `audit/`: verification, export and retention of the audit log
//! - `doctor/`: diagnosis of an installation
//! - `mfa/`: the wiring
//!
//! This crate contains no business rules: `mfa-core` and the factor crates decide what is allowed.
//!
//! To add an adapter, implement the port (a trait of `mfa-core` or `mfa-sms`) in a folder of its own, select it by a
//! setting, and construct it in `mfa/`. An adapter of a port with a contract suite (`mfa-contracts`) must pass it: add it
//! to `tests/contract`.
//!
//! # Embedding
//!
//! A backend calls [`Mfa::open`] once, on a thread that may block, and keeps the result. This example uses an SQLite
//! file; `DATABASE_URL` may also be the URL of a PostgreSQL database.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use mfa_core::{Clock, Origin, SecretText};
//! use mfa_flows::{AcceptedStages, AdminCall, LoginOutcome, NewUserRequest, TotpEnrolmentRequest};
//! use mfa_infra::Mfa;
//! use mfa_infra::settings::{Settings, Sources};
//! use mfa_totp::{PERIOD, Parameters, TimeStep, TotpCode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path().to_owned();
//! // `Sources::from_process()` reads the working directory and the environment; a backend may pass its own instead.
//! let env = BTreeMap::from([("DATABASE_URL".to_owned(), "sqlite://mfa.db".to_owned())]);
//! let mfa = Mfa::open(Settings::load(&Sources { dir, env })?)?;
//! let flows = mfa.flows();
//! let origin = Origin::new("192.0.2.7".parse().ok(), Some("Firefox"), Some("request 1"));
//! let password = || SecretText::new("correct horse battery".to_owned());
//!
//! // `block_on` is for a program without a runtime. An async handler awaits `mfa.run(…)`, whose flow completes even if
//! // the client disconnects.
//! let ada = NewUserRequest {
//!     email: "ada@example.com".to_owned(),
//!     username: "ada".to_owned(),
//!     full_name: None,
//!     password: password(),
//!     is_superuser: false,
//!     mfa_enforced: true,
//! };
//! let by = AdminCall { actor: "sign-up form".to_owned(), reason: None, origin: origin.clone() };
//! mfa.block_on(flows.create_user(&by, ada))??;
//!
//! // A correct password returns a pending token. It may enrol, because MFA is required and Ada has no second factor.
//! // The caller limits logins by address; the flow limits them by user.
//! mfa.block_on(flows.limit_logins(&origin))??;
//! let LoginOutcome::SecondFactorRequired { token, enrolment_required: true } =
//!     mfa.block_on(flows.login("ada", password(), &origin))??
//! else {
//!     return Err("a user with required MFA needs a second factor".into());
//! };
//! let call = flows.open(Some(token.token.expose()), AcceptedStages::Any, origin.clone())?;
//! let enrolment = mfa.block_on(flows.start_totp_enrolment(&call, TotpEnrolmentRequest::default()))??;
//! assert!(enrolment.provisioning.uri().expose().starts_with("otpauth://totp/NOVA:ada"));
//!
//! // Ada scans `enrolment.qr_svg`. This code replaces her authenticator app:
//! let secret = mfa_totp::import_secret(enrolment.provisioning.secret().expose())?;
//! let shown_at = |time| TimeStep::at(time).code(&secret, Parameters::default()).expect("a time after 1970");
//! let now = flows.now();
//!
//! // User input is text. Input that is not six digits is not a code and does not count as a try.
//! let typed = shown_at(now).to_text();
//! let code = TotpCode::parse(typed.expose())?;
//! mfa.block_on(flows.limit_code_checks(Some(call.token.user), &origin))??;
//! mfa.block_on(flows.confirm_totp_enrolment(&call, code))??;
//!
//! // The next login. The code that confirmed the enrolment is used, so this login needs the next one.
//! mfa.block_on(flows.limit_logins(&origin))??;
//! let LoginOutcome::SecondFactorRequired { token, enrolment_required: false } =
//!     mfa.block_on(flows.login("ada", password(), &origin))??
//! else {
//!     return Err("an enrolled user needs a second factor".into());
//! };
//! let call = flows.open(Some(token.token.expose()), AcceptedStages::SecondFactor, origin.clone())?;
//! let next = shown_at(now.plus(PERIOD));
//! mfa.block_on(flows.limit_code_checks(Some(call.token.user), &origin))??;
//! let granted = mfa.block_on(flows.verify_totp(&call, next.clone()))??.access()?;
//! assert_eq!(granted.method.as_str(), "totp");
//!
//! // `granted.token` is an access token with `mfa_ok: true`; the pending token and the code are used.
//! assert!(mfa.block_on(flows.verify_totp(&call, next))?.is_err());
//!
//! mfa.stop(std::time::Duration::from_secs(10));
//! # Ok(())
//! # }
//! ```

pub mod audit;
mod clock;
pub mod crypto;
pub mod database;
pub mod doctor;
mod encrypted_pem;
pub mod mail;
pub mod memory;
pub mod metrics;
mod mfa;
mod new_file;
mod outbox_file;
mod quote;
pub mod redis;
pub mod settings;
pub mod sms;
pub mod telemetry;
pub mod tls;

pub use mfa::{
    AuditOperations, DatabaseHandle, DemoUser, EncryptionKeys, KeyReport, KeyStatus, MetricsExporter, Mfa,
    OpenError, PageCipher, PartState, Progress, Readiness, RotateError, RotationReport, RunningServer,
    TaskCancelled, UnreadableValue,
};
