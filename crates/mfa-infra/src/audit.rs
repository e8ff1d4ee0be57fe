//! Audit log as a whole: verification, export and retention.
//!
//! The events of each user form a hash chain: each event carries a MAC over itself and the MAC before it. Without the
//! key, nobody can alter or remove an event before the last one unnoticed. The last event is recorded in the user's row.
//! The log file proves it independently, because its lines contain the number and the MAC of each stored event.
//!
//! All operations read in batches, so that they do not block the server.

mod auditor;
mod chain_verifier;
mod export;
mod log_lines;
mod retention;

pub use auditor::{AuditReport, Auditor};
pub use chain_verifier::{ChainFinding, ChainFlaw};
pub use export::{ExportCursor, ExportPage, ExportedEvent};
pub use log_lines::LogComparisonError;
pub use retention::RetentionReport;
