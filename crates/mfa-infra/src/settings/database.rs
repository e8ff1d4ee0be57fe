//! Which database, and how many connections to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mfa_core::SecretText;

use super::SettingsError;
use super::reader::SettingsReader;

/// The database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// `DATABASE_URL`.
    pub url: DatabaseUrl,
    /// `MFA_DATABASE_POOL`: connections for reads.
    pub pool: u32,
    /// `MFA_COMMITTERS`.
    pub committers: u32,
    /// `MFA_MAX_CLOCK_SKEW`: how far this process may be from the clock of `PostgreSQL`. `None`: not checked.
    pub max_clock_skew: Option<Duration>,
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file, made where there is none.
    Sqlite(PathBuf),
    /// A server: a `postgresql://` address, as libpq takes it.
    Postgres(SecretText),
}

/// What the database is called where nobody names one, as `config show` tells it.
pub(super) fn default_url(data_dir: &str) -> String {
    format!("sqlite://{}/nova-mfa.db", data_dir.trim_end_matches('/'))
}

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
        return Err(SettingsError::refused(
            "DATABASE_URL",
            format!("is not set, which {} refuses", environment.name()),
            "give postgresql://USER:PASSWORD@HOST/DATABASE, or sqlite:// and a path",
        ));
    };
    let cure = "give postgresql://USER:PASSWORD@HOST/DATABASE, or sqlite:// and a path";
    let refused = |problem: &str| Err(SettingsError::refused("DATABASE_URL", problem, cure));
    match text.split_once("://") {
        Some(("sqlite", path)) => {
            let is_path =
                !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '\0']) && path != ":memory:";
            if is_path {
                Ok(DatabaseUrl::Sqlite(reader.resolve(path)))
            } else {
                refused("has no path of a file after sqlite://")
            }
        }
        Some(("postgres" | "postgresql" | "postgresql+psycopg2", rest)) => {
            if rest.is_empty() || rest.contains('\0') {
                return refused("has nothing after postgresql://");
            }
            if reader.text("MFA_ENV").is_none() {
                return Err(SettingsError::refused(
                    "MFA_ENV",
                    "is not set while DATABASE_URL names a PostgreSQL server",
                    "set MFA_ENV=production, or MFA_ENV=development for a trial",
                ));
            }
            Ok(DatabaseUrl::Postgres(SecretText::new(format!("postgresql://{rest}"))))
        }
        _ => refused("is neither sqlite:// nor postgresql://"),
    }
}
