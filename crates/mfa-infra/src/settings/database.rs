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
            // `SQLAlchemy` writes a relative path after three slashes.
            let relative = path.strip_prefix('/').filter(|it| it.starts_with("./") || it.starts_with("../"));
            let path = relative.unwrap_or(path);
            let is_path =
                !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '\0']) && path != ":memory:";
            if is_path {
                Ok(DatabaseUrl::Sqlite(reader.resolve(path)))
            } else {
                invalid("has no file path after sqlite://")
            }
        }
        Some((scheme, rest)) if is_postgres(scheme) => {
            if rest.is_empty() || rest.contains('\0') {
                return invalid("has nothing after postgresql://");
            }
            if !is_percent_encoded(rest) {
                return Err(SettingsError::invalid(
                    "DATABASE_URL",
                    "contains a % that does not begin a percent-encoded character",
                    "percent-encode the password: % is %25, @ is %40, / is %2F, : is %3A",
                ));
            }
            if reader.text("MFA_ENV").is_none() {
                return Err(SettingsError::invalid(
                    "MFA_ENV",
                    "is not set while DATABASE_URL names a PostgreSQL server",
                    "set MFA_ENV=production, or MFA_ENV=development to try it out",
                ));
            }
            let rest = if scheme.ends_with("+asyncpg") { without_asyncpg(rest) } else { rest.to_owned() };
            Ok(DatabaseUrl::Postgres(SecretText::new(format!("postgresql://{rest}"))))
        }
        _ => invalid("is neither sqlite:// nor postgresql://"),
    }
}

/// Returns whether each `%` is followed by two hexadecimal digits other than `00` (RFC 3986 §2.1). The error of libpq would
/// quote the text around it, which is usually the password.
fn is_percent_encoded(url: &str) -> bool {
    url.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit) && digits != b"00"
    })
}

/// Drivers that `SQLAlchemy` names in the scheme of a PostgreSQL URL.
const SQLALCHEMY_DRIVERS: [&str; 6] =
    ["psycopg2", "psycopg", "psycopg_async", "psycopg2cffi", "asyncpg", "pg8000"];

fn is_postgres(scheme: &str) -> bool {
    let driver = scheme.strip_prefix("postgresql+");
    matches!(scheme, "postgres" | "postgresql") || driver.is_some_and(|it| SQLALCHEMY_DRIVERS.contains(&it))
}

/// Translates the parameters of asyncpg: `ssl` has the values of `sslmode`, and its caches have no meaning here.
fn without_asyncpg(rest: &str) -> String {
    let Some((place, query)) = rest.split_once('?') else { return rest.to_owned() };
    let parameters = query.split('&').filter_map(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        match name {
            "ssl" => Some(parameter.replacen("ssl", "sslmode", 1)),
            "statement_cache_size" | "prepared_statement_cache_size" | "command_timeout" => None,
            _ => Some(parameter.to_owned()),
        }
    });
    let query = parameters.collect::<Vec<_>>().join("&");
    if query.is_empty() { place.to_owned() } else { format!("{place}?{query}") }
}
