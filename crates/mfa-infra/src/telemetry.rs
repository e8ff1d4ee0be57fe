//! Structured log: one JSON object per line, in the file of `MFA_LOG_FILE`.
//!
//! A line is written in three steps. The calling thread adds the time and puts the record in a queue. The thread of the
//! queue masks values with the name of a secret and serialises the JSON. The log file escapes characters that could
//! control a terminal, and appends the line in one write.
//!
//! There are two queues with one thread each, so that neither can displace the other. One is for security events and
//! server messages: if it is full, the caller waits. The other is for access lines: if it is full, the line is dropped
//! and counted, and the log reports the number once there is room.

mod handle;
mod json_lines;
mod log_file;
mod queues;
mod redaction;
mod security_log;

pub use handle::{Telemetry, TelemetryError};
pub use log_file::LogTarget;
