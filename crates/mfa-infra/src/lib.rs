//! The adapters of NOVA MFA, and the one place that wires them.
//!
//! Each folder stands for one technology: `database/` (Diesel on SQLite and PostgreSQL), `crypto/` (AES-256-GCM,
//! Argon2id, bcrypt, the clock and the randomness of the operating system), `memory/` (rate limits in this process),
//! `telemetry/` (the JSON log) and `settings/` (where every value comes from).
//!
//! It refuses to hold rules: what is allowed is decided in `mfa-core` and the factor crates.

mod clock;
pub mod crypto;
pub mod database;
pub mod memory;
mod mfa;
pub mod settings;
pub mod telemetry;

pub use mfa::{DemoUser, FlowLost, Mfa, OpenError, PartState, Readiness};
