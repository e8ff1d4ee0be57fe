//! Where the log goes, and how long the audit is kept.

use std::time::Duration;

use slog::Level;

use super::SettingsError;
use super::reader::SettingsReader;
use crate::telemetry::LogTarget;

/// Log and audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `MFA_LOG_FILE`.
    pub target: LogTarget,
    /// `MFA_LOG_LEVEL`: this and what is graver.
    pub level: Level,
    /// `MFA_AUDIT_DAYS`: how long events stay in the database.
    pub audit_days: u32,
}

impl LogSettings {
    /// How long events stay in the database.
    pub fn audit_kept(&self) -> Duration {
        Duration::from_hours(u64::from(self.audit_days).saturating_mul(24))
    }

    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            target: match reader.defaulted("MFA_LOG_FILE")? {
                "-" => LogTarget::Stdout,
                path => LogTarget::File(reader.resolve(path)),
            },
            level: match reader.defaulted("MFA_LOG_LEVEL")?.to_ascii_lowercase().as_str() {
                "critical" => Level::Critical,
                "error" => Level::Error,
                "warning" | "warn" => Level::Warning,
                "info" => Level::Info,
                "debug" => Level::Debug,
                "trace" => Level::Trace,
                _ => {
                    let cure = "give critical, error, warning, info, debug or trace";
                    return Err(reader.wrong("MFA_LOG_LEVEL", cure));
                }
            },
            audit_days: reader.number("MFA_AUDIT_DAYS", 1, 36_500)?,
        })
    }
}
