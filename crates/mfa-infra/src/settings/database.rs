//! Settings of the database connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mfa_core::SecretText;

use super::error::SettingsError;
use super::reader::SettingsReader;

/// Database connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseSettings {
    /// Database address (`DATABASE_URL`).
    pub url: DatabaseUrl,
    /// Number of connections for reads (`MFA_DATABASE_POOL`).
    pub pool: u32,
    /// Number of committer threads, which do all writes (`MFA_COMMITTERS`).
    pub committers: u32,
    /// Maximum difference between the clock of this process and that of `PostgreSQL` (`MFA_MAX_CLOCK_SKEW`); `None` if
    /// it is not checked.
    pub max_clock_skew: Option<Duration>,
}

/// Address of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseUrl {
    /// SQLite file, created if it does not exist.
    Sqlite(PathBuf),
    /// PostgreSQL server: a `postgresql://` connection URI for libpq.
    Postgres(SecretText),
}

/// Returns the default `DATABASE_URL`, as `config show` displays it.
pub(super) fn default_url(data_dir: &str) -> String {
    format!("sqlite://{}/nova-mfa.db", data_dir.trim_end_matches('/'))
}

const REMEDY: &str = "use postgresql://USER:PASSWORD@HOST/DATABASE, or sqlite:// and a file path";

impl DatabaseSettings {
    pub(super) fn read(reader: &SettingsReader<'_>, data_dir: &Path) -> Result<Self, SettingsError> {
        let skew = reader.seconds("MFA_MAX_CLOCK_SKEW", 0, 300)?;
        Ok(Self {
            url: url(reader, data_dir)?,
            pool: reader.number("MFA_DATABASE_POOL", 1, 1000)?,
            committers: reader.number("MFA_COMMITTERS", 1, 64)?,
            max_clock_skew: Some(skew).filter(|skew| !skew.is_zero()),
        })
    }
}

fn url(reader: &SettingsReader<'_>, data_dir: &Path) -> Result<DatabaseUrl, SettingsError> {
    let environment = reader.environment();
    let Some(text) = reader.text("DATABASE_URL") else {
        if environment.is_development() {
            return Ok(DatabaseUrl::Sqlite(data_dir.join("nova-mfa.db")));
        }
        return Err(SettingsError::invalid(
            "DATABASE_URL",
            format!("is required in {}", environment.name()),
            REMEDY,
        ));
    };
    let invalid = |problem: &str| Err(SettingsError::invalid("DATABASE_URL", problem, REMEDY));
    match text.split_once("://") {
        Some(("sqlite", path)) => {
            let is_path =
                !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '\0']) && path != ":memory:";
            if is_path {
                Ok(DatabaseUrl::Sqlite(reader.resolve(path)))
            } else {
                invalid("has no file path after sqlite://")
            }
        }
        Some(("postgres" | "postgresql" | "postgresql+psycopg2", rest)) => {
            if rest.is_empty() || rest.contains('\0') {
                return invalid("has nothing after postgresql://");
            }
            if reader.text("MFA_ENV").is_none() {
                return Err(SettingsError::invalid(
                    "MFA_ENV",
                    "is not set while DATABASE_URL names a PostgreSQL server",
                    "set MFA_ENV=production, or MFA_ENV=development to try it out",
                ));
            }
            Ok(DatabaseUrl::Postgres(SecretText::new(format!("postgresql://{rest}"))))
        }
        _ => invalid("is neither sqlite:// nor postgresql://"),
    }
}
