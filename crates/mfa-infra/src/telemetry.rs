//! The log: JSON, one object a line, in the file of `MFA_LOG_FILE`.
//!
//! A line is made in three steps. The caller's thread gives it its time and hands it to a queue; a thread of the queue
//! masks what has the name of a secret and writes the JSON; the file escapes what could fool a terminal and
//! appends the line in one write.
//!
//! There are two queues, and so two threads. One holds security events and the server's own messages: whoever finds
//! it full waits. The other holds access lines: whoever finds it full drops the line, which is counted, and told in
//! the log once there is room. Neither can crowd out the other.

mod handle;
mod json_lines;
mod log_file;
mod queues;
mod redaction;
mod security_log;

pub use handle::{Telemetry, TelemetryError};
pub use log_file::LogTarget;
