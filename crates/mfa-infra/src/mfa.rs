//! [`Mfa`]: every adapter that the settings name, connected to the use cases, without HTTP.
//!
//! `adapters.rs` creates the parts, one function per area, `open.rs` connects them, `instance.rs` holds them, and the
//! handles ([`EncryptionKeys`], [`AuditOperations`], [`MetricsExporter`], [`DatabaseHandle`], [`PageCipher`]) group what
//! operators and servers call.

mod adapters;
mod audit_retention;
mod clock_monitor;
mod database_handle;
mod demo;
mod encryption_keys;
mod error;
mod instance;
mod limits;
mod mail;
mod metrics_exporter;
mod open;
mod page_cipher;
mod password_kinds;
mod readiness;
mod readiness_check;
mod readiness_queries;
mod shared_check;
mod sms;
mod sms_monitor;
mod tokens;
mod uninterrupted_flow;

pub(crate) use limits::quotas;

pub use audit_retention::AuditOperations;
pub use database_handle::DatabaseHandle;
pub use demo::DemoUser;
pub use encryption_keys::{
    EncryptionKeys, KeyReport, KeyStatus, Progress, RotateError, RotationReport, RunningServer,
    UnreadableValue,
};
pub use error::{OpenError, TaskCancelled};
pub use instance::Mfa;
pub use metrics_exporter::MetricsExporter;
pub use page_cipher::PageCipher;
pub use readiness::{PartState, Readiness};
