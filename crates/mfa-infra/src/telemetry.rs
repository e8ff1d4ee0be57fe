//! Structured log: one JSON object per line, in the file of `MFA_LOG_FILE`.
//!
//! The calling thread adds the time, masks values with the name of a secret, serialises the JSON, escapes characters that
//! could control a terminal, and appends the line to a queue. The thread of the queue writes all waiting lines at once.
//!
//! There are two queues with one thread each, so that neither can displace the other. One is for security events and
//! server messages: if it is full, the caller waits. The other is for access lines: if it is full, the line is dropped
//! and counted, and the log reports the number once there is room.

mod handle;
mod json_lines;
mod log_file;
mod queue;
mod redaction;
mod security_log;

pub use handle::{Telemetry, TelemetryError};
pub use log_file::LogTarget;
