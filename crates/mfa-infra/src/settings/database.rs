//! Settings of the database connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mfa_core::SecretText;

use super::authorities;
use super::error::SettingsError;
use super::layers::WHOLE_PATH;
use super::reader::SettingsReader;
use crate::database::connection_uri;
use crate::quote;

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
    let Some((scheme, rest)) = text.split_once("://") else {
        return invalid("is neither sqlite:// nor postgresql://");
    };
    // A scheme has no case (RFC 3986 §3.1).
    let scheme = scheme.to_ascii_lowercase();
    let (kind, driver) = scheme.split_once('+').unwrap_or((&scheme, ""));
    match kind {
        "sqlite" if SQLITE_DRIVERS.contains(&driver) => sqlite_url(reader, rest),
        "postgres" | "postgresql" if POSTGRES_DRIVERS.contains(&driver) => {
            if rest.is_empty() || rest.contains('\0') {
                return invalid("has nothing after postgresql://");
            }
            if rest.contains("%00") {
                return invalid("contains %00, a character that PostgreSQL accepts nowhere");
            }
            if !is_percent_encoded(rest) {
                return Err(SettingsError::invalid(
                    "DATABASE_URL",
                    "contains a blank, or a % that does not begin a percent-encoded character",
                    "percent-encode the password: % is %25, a blank is %20, @ is %40, / is %2F, : is %3A",
                ));
            }
            if reader.text("MFA_ENV").is_none() {
                return Err(SettingsError::invalid(
                    "MFA_ENV",
                    "is not set while DATABASE_URL names a PostgreSQL server",
                    "set MFA_ENV=production, or MFA_ENV=development to try it out",
                ));
            }
            let rest = if driver == "asyncpg" { without_asyncpg(rest) } else { rest.to_owned() };
            postgres_url(reader, format!("postgresql://{rest}"))
        }
        "sqlite" | "postgres" | "postgresql" => {
            let is_word =
                driver.len() <= 20 && driver.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
            let driver = if is_word { format!(" {driver:?}") } else { String::new() };
            invalid(&format!("names the unknown driver{driver}"))
        }
        _ => invalid("is neither sqlite:// nor postgresql://"),
    }
}

/// Checks the URI of a server as libpq reads it, and adds the file of `SSL_CERT_FILE` if the server's certificate is
/// verified.
fn postgres_url(reader: &SettingsReader<'_>, uri: String) -> Result<DatabaseUrl, SettingsError> {
    connection_uri::check(&uri)
        .map_err(|error| SettingsError::invalid("DATABASE_URL", error.problem, error.remedy))?;
    let mut uri = uri;
    if connection_uri::needs_authorities(&uri)
        && let Some(file) = authorities::read(reader)?
        // The variable of the process ranks below the variables and files of libpq.
        && !reader.is_in_environment(authorities::NAME)
    {
        uri = connection_uri::with_parameter(&uri, "sslrootcert", &file.display().to_string());
    }
    Ok(DatabaseUrl::Postgres(SecretText::new(uri)))
}

fn sqlite_url(reader: &SettingsReader<'_>, path: &str) -> Result<DatabaseUrl, SettingsError> {
    // `SQLAlchemy` writes a relative path after three slashes.
    let relative = path.strip_prefix('/').filter(|it| it.starts_with("./") || it.starts_with("../"));
    let path = relative.unwrap_or(path);
    let refuse = |problem: &str, remedy: &str| Err(SettingsError::invalid("DATABASE_URL", problem, remedy));
    if path.contains(['?', ';', '&']) {
        return refuse(
            "has parameters, which are not supported for SQLite",
            "remove what follows the name of the file",
        );
    }
    if path.trim_start_matches('/') == ":memory:" {
        return refuse(
            "names a database in memory, which is lost at each restart",
            "give the path of a file, such as sqlite://data/nova-mfa.db",
        );
    }
    if path.trim_start_matches('/').starts_with('~') {
        return refuse("has a path that starts with ~, which only a shell replaces", WHOLE_PATH);
    }
    let is_path = !path.is_empty() && !path.ends_with('/') && !path.contains('\0');
    if !is_path {
        return Err(SettingsError::invalid("DATABASE_URL", "has no file path after sqlite://", REMEDY));
    }
    let folder_exists = |path: &Path| path.parent().is_some_and(Path::is_dir);
    if let Some(meant) = path.strip_prefix('/').filter(|it| folder_exists(&reader.resolve(it)))
        && !folder_exists(Path::new(path))
        && meant.contains('/')
    {
        return Err(SettingsError::invalid(
            "DATABASE_URL",
            format!("names {}, whose folder does not exist", quote::full_path(Path::new(path))),
            format!(
                "write sqlite://{} for the path in the working folder",
                quote::full_path(Path::new(meant))
            ),
        ));
    }
    let file = reader.resolve(path);
    if file.is_dir() {
        let problem = format!("names {path}, which is a folder");
        return Err(SettingsError::invalid("DATABASE_URL", problem, "add the name of a file to it"));
    }
    Ok(DatabaseUrl::Sqlite(file))
}

/// Returns whether there is no blank, and each `%` is followed by two hexadecimal digits (RFC 3986 §2.1). The error of
/// libpq would quote the text around it, which is usually the password.
fn is_percent_encoded(url: &str) -> bool {
    !url.contains(|c: char| c.is_whitespace() || c.is_control())
        && url.split('%').skip(1).all(|after| {
            let digits = after.as_bytes().get(..2).unwrap_or_default();
            digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
        })
}

/// Drivers that `SQLAlchemy` names in the scheme of a PostgreSQL URL; empty for none.
const POSTGRES_DRIVERS: [&str; 10] = [
    "",
    "psycopg2",
    "psycopg",
    "psycopg_async",
    "psycopg2cffi",
    "asyncpg",
    "aiopg",
    "pg8000",
    "pygresql",
    "pypostgresql",
];
/// The same for SQLite.
const SQLITE_DRIVERS: [&str; 3] = ["", "pysqlite", "aiosqlite"];

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
