//! The adapters of NOVA MFA, and the one place that wires them.
//!
//! Each folder stands for one technology: `database/` (Diesel on SQLite and PostgreSQL), `crypto/` (AES-256-GCM,
//! Argon2id, bcrypt, the clock and the randomness of the operating system), `memory/` (rate limits in this process), `redis/`
//! (rate limits that several servers share), `sms/` (OVH, Twilio and the outbox of development), `telemetry/` (the JSON
//! log), `metrics/` (OpenMetrics), `audit/` (the trail as a whole: verified, exported, ended) and `settings/` (where every
//! value comes from).
//!
//! It refuses to hold rules: what is allowed is decided in `mfa-core` and the factor crates.
//!
//! # Embedding
//!
//! A backend opens the product once, on a thread that may block, and keeps it. Here it has a folder of its own with an
//! SQLite file; the URL of a PostgreSQL database goes in the same place.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use mfa_core::{Clock, Origin, SecretText};
//! use mfa_flows::{AcceptedStages, AdminCall, LoginOutcome, NewUserRequest};
//! use mfa_infra::Mfa;
//! use mfa_infra::settings::{Settings, Sources};
//! use mfa_totp::{PERIOD, Parameters, TimeStep, TotpCode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path().to_owned();
//! // `Sources::of_process()` reads the working folder and the environment; a backend may name its own instead.
//! let env = BTreeMap::from([("DATABASE_URL".to_owned(), "sqlite://mfa.db".to_owned())]);
//! let mfa = Mfa::open(Settings::load(&Sources { dir, env })?)?;
//! let flows = mfa.flows();
//! let origin = Origin::new("192.0.2.7".parse().ok(), Some("Firefox"), Some("request 1"));
//! let password = || SecretText::new("correct horse battery".to_owned());
//!
//! // `block_on` suits a program without a runtime. A handler that is async awaits `mfa.run(…)`, whose flow goes on to
//! // its end where the client hangs up.
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
//! // The password buys a pending token, which may enrol, because Ada must have a second factor and has none. The caller
//! // counts tries by address; the flow counts them by user.
//! mfa.block_on(flows.limit_logins(&origin))??;
//! let LoginOutcome::SecondFactorOwed { token, enrolment_required: true } =
//!     mfa.block_on(flows.login("ada", password(), &origin))??
//! else {
//!     return Err("an enforced user owes a second factor".into());
//! };
//! let call = flows.open(Some(token.token.expose()), AcceptedStages::Any, origin.clone())?;
//! let enrolment = mfa.block_on(flows.start_totp_enrolment(&call, None))??;
//! assert!(enrolment.provisioning.uri().expose().starts_with("otpauth://totp/NOVA:ada"));
//!
//! // Ada scans `enrolment.qr_svg`. This stands in for her phone:
//! let secret = mfa_totp::import_secret(enrolment.provisioning.secret().expose())?;
//! let shown_at = |time| TimeStep::at(time).code(&secret, Parameters::default()).expect("a time after 1970");
//! let now = flows.now();
//!
//! // What she types is text; whatever is not six digits is no code, and costs no try.
//! let typed = shown_at(now).to_text();
//! let code = TotpCode::parse(typed.expose())?;
//! mfa.block_on(flows.limit_code_checks(Some(call.token.user), &origin))??;
//! mfa.block_on(flows.confirm_totp_enrolment(&call, code))??;
//!
//! // The next login. The code that confirmed the enrolment is spent, so it takes the next one.
//! mfa.block_on(flows.limit_logins(&origin))??;
//! let LoginOutcome::SecondFactorOwed { token, enrolment_required: false } =
//!     mfa.block_on(flows.login("ada", password(), &origin))??
//! else {
//!     return Err("an enrolled user owes a second factor".into());
//! };
//! let call = flows.open(Some(token.token.expose()), AcceptedStages::SecondFactor, origin.clone())?;
//! let next = shown_at(now.plus(PERIOD));
//! mfa.block_on(flows.limit_code_checks(Some(call.token.user), &origin))??;
//! let granted = mfa.block_on(flows.verify_totp(&call, next.clone()))??;
//! assert_eq!(granted.method.as_str(), "totp");
//!
//! // `granted.token` is an access token with `mfa_ok: true`; the pending one and the code are spent.
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
pub mod memory;
pub mod metrics;
mod mfa;
pub mod redis;
pub mod settings;
pub mod sms;
pub mod telemetry;

pub use mfa::{
    AuditOperations, DatabaseHandle, DemoUser, EncryptionKeys, KeyReport, KeyStatus, MetricsExporter, Mfa,
    OpenError, PageCipher, PartState, Progress, Readiness, RotateError, RotationReport, RunningServer,
    TaskCancelled, UnreadableValue,
};
