//! Settings of the log and of audit retention.

use std::time::Duration;

use slog::Level;

use super::error::SettingsError;
use super::reader::SettingsReader;
use crate::telemetry::LogTarget;

/// Log file, log level and audit retention.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// Destination of the log (`MFA_LOG_FILE`).
    pub target: LogTarget,
    /// Minimum level of log messages (`MFA_LOG_LEVEL`).
    pub level: Level,
    /// Days for which audit events are kept in the database (`MFA_AUDIT_DAYS`).
    pub audit_days: u32,
}

impl LogSettings {
    /// Returns the time for which audit events are kept in the database.
    pub fn audit_retention(&self) -> Duration {
        Duration::from_hours(u64::from(self.audit_days).saturating_mul(24))
    }

    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            target: match reader.required("MFA_LOG_FILE")? {
                "-" | "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => LogTarget::Stdout,
                "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => LogTarget::Stderr,
                path => LogTarget::File(reader.resolve(path)),
            },
            level: match reader.required("MFA_LOG_LEVEL")?.to_ascii_lowercase().as_str() {
                "critical" => Level::Critical,
                "error" => Level::Error,
                "warning" | "warn" => Level::Warning,
                "info" => Level::Info,
                "debug" => Level::Debug,
                "trace" => Level::Trace,
                _ => {
                    let remedy = "use critical, error, warning, info, debug or trace";
                    return Err(reader.invalid("MFA_LOG_LEVEL", remedy));
                }
            },
            audit_days: reader.number("MFA_AUDIT_DAYS", 1, 36_500)?,
        })
    }
}
