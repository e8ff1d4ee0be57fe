//! Schema migrations, embedded in the binary, up and down for both databases.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use mfa_core::SecretText;

use super::error::MigrationError;
use super::location::{DatabaseLocation, file_exists};
use super::required_schema::{self, MissingObject};
use super::zoneless::{self, ZonelessTimes};
use super::{postgres, sqlite};
use crate::new_file;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Advisory lock that serialises the migrations of servers that start at once: `nova-mfa` in ASCII.
const LOCK: i64 = 0x6e6f_7661_2d6d_6661;

/// Migrations of one database.
#[derive(Debug)]
pub struct Migrations {
    location: DatabaseLocation,
}

/// Applied and pending migrations of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Applied migrations, oldest first.
    pub applied: Vec<String>,
    /// Pending migrations, oldest first.
    pub pending: Vec<String>,
    /// Parts of the schema that are missing although every migration is applied. Another program removed them.
    pub missing: Vec<MissingObject>,
}

fn stopped(error: &(dyn std::error::Error + 'static)) -> MigrationError {
    MigrationError::stopped(error)
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> MigrationError {
    MigrationError::unreadable(error)
}

#[derive(QueryableByName)]
struct BoolRow {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    value: bool,
}

impl Migrations {
    pub(super) const fn new(location: DatabaseLocation) -> Self {
        Self { location }
    }

    /// Applies pending migrations. Several processes may do so at once.
    ///
    /// # Errors
    ///
    /// [`MigrationError`] with the cause.
    pub fn up(&self) -> Result<(), MigrationError> {
        match &self.location {
            DatabaseLocation::Sqlite(path) => {
                let mut connection = open_file(path)?;
                let foreign = required_schema::foreign_in_sqlite(&mut connection);
                if let [column, ..] = foreign.map_err(|error| unreadable(&error))?.as_slice() {
                    return Err(MigrationError::Stopped(format!(
                        "the table users in {} has the column {column} of another service. The migration from the Python \
                         service needs PostgreSQL: move NOVA's database there first (see docs/from-python.md)",
                        path.display()
                    )));
                }
                // Of two first starts at once, the second waits for the first and then has nothing to do.
                exclusively(&mut connection, |it| it.run_pending_migrations(SQLITE).map(drop))
            }
            DatabaseLocation::Postgres(url) => {
                let mut connection = open_server(url)?;
                // Diesel would first create its own table, a privilege that the role of a server does not need otherwise.
                if is_up_to_date(&mut connection)? {
                    return Ok(());
                }
                connection.run_pending_migrations(POSTGRES).map(drop).map_err(|error| stopped(&*error))
            }
        }
    }

    /// Reverts all migrations: removes exactly what they created. All MFA data is lost.
    ///
    /// # Errors
    ///
    /// [`MigrationError`] with the cause.
    pub fn down(&self) -> Result<(), MigrationError> {
        match &self.location {
            DatabaseLocation::Sqlite(path) => {
                let mut connection = open_file(path)?;
                exclusively(&mut connection, revert_all)
            }
            DatabaseLocation::Postgres(url) => {
                let mut connection = open_server(url)?;
                connection.revert_all_migrations(POSTGRES).map_err(|error| stopped(&*error))?;
                connection.batch_execute(DROP_LIST).map_err(|error| stopped(&error))
            }
        }
    }

    /// Returns the number of rows with values that only this product can read, and that existed before it: in columns of
    /// `users` that [`down`](Self::down) leaves, or imported from columns with other names.
    ///
    /// # Errors
    ///
    /// [`MigrationError`] if the database cannot be reached.
    pub fn sealed_left(&self) -> Result<u64, MigrationError> {
        match &self.location {
            // The migrations created all of these columns.
            DatabaseLocation::Sqlite(_) => Ok(0),
            DatabaseLocation::Postgres(url) => {
                sealed_left(&mut open_server(url)?).map_err(|error| unreadable(&error))
            }
        }
    }

    /// Returns the time columns of NOVA's table that have no time zone.
    ///
    /// # Errors
    ///
    /// [`MigrationError`] if the database cannot be reached.
    pub fn zoneless_times(&self) -> Result<Option<ZonelessTimes>, MigrationError> {
        match &self.location {
            DatabaseLocation::Sqlite(_) => Ok(None),
            DatabaseLocation::Postgres(url) => {
                zoneless::find(&mut open_server(url)?).map_err(|error| unreadable(&error))
            }
        }
    }

    /// Deletes encrypted values and recovery codes of this product from columns that [`down`](Self::down) leaves, so that
    /// no other program misreads them. Export them first.
    ///
    /// # Errors
    ///
    /// [`MigrationError`] if the database cannot be reached.
    pub fn delete_sealed(&self) -> Result<(), MigrationError> {
        match &self.location {
            DatabaseLocation::Sqlite(_) => Ok(()),
            DatabaseLocation::Postgres(url) => {
                delete_sealed(&mut open_server(url)?).map_err(|error| stopped(&error))
            }
        }
    }

    /// Returns the applied and pending migrations, and what the schema lacks. Only reads.
    ///
    /// # Errors
    ///
    /// [`MigrationError`] if the database cannot be reached.
    pub fn status(&self) -> Result<MigrationStatus, MigrationError> {
        match &self.location {
            DatabaseLocation::Sqlite(path) => {
                let mut connection = open_file(path)?;
                let pending = unapplied_to_sqlite(&mut connection)?;
                let all = SQLITE.migrations().map_err(|error| stopped(&*error))?;
                let missing = if pending.is_empty() {
                    required_schema::missing_in_sqlite(&mut connection).map_err(|error| unreadable(&error))?
                } else {
                    Vec::new()
                };
                Ok(status::<Sqlite>(&all, pending, missing))
            }
            DatabaseLocation::Postgres(url) => {
                let mut connection = open_server(url)?;
                let pending = unapplied_to_postgres(&mut connection)?;
                let all = POSTGRES.migrations().map_err(|error| stopped(&*error))?;
                let missing = if pending.is_empty() {
                    required_schema::missing_in_postgres(&mut connection)
                        .map_err(|error| unreadable(&error))?
                } else {
                    Vec::new()
                };
                Ok(status::<Pg>(&all, pending, missing))
            }
        }
    }

    /// Checks that the schema has every part that the applied migrations made.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Incomplete`] names what is missing.
    pub fn check_complete(&self) -> Result<(), MigrationError> {
        let missing = self.status()?.missing;
        if missing.is_empty() { Ok(()) } else { Err(MigrationError::Incomplete(missing)) }
    }
}

fn open_file(path: &Path) -> Result<SqliteConnection, MigrationError> {
    let unreachable =
        |path: &Path, error| MigrationError::Unreachable(format!("{}: {error}", path.display()));
    file_exists(path).map_err(MigrationError::Unreachable)?;
    if let Some(folder) = path.parent() {
        new_file::create_folder(folder, 0o777).map_err(|error| unreachable(folder, error))?;
    }
    // For its owner only. SQLite gives its log the same mode and owner.
    new_file::append(path, 0o600).map_err(|error| unreachable(path, error))?;
    sqlite::connect::connect(path).map_err(MigrationError::unreachable)
}

/// Connects and takes the lock, which the end of the connection releases.
fn open_server(url: &SecretText) -> Result<PgConnection, MigrationError> {
    let url = postgres::connect::with_timeouts(url).map_err(MigrationError::Unreachable)?;
    postgres::connect::reject_transaction_pooling(&url).map_err(MigrationError::Unreachable)?;
    let mut connection = postgres::connect::connect(&url).map_err(MigrationError::Unreachable)?;
    // Adding columns to a large table, or waiting for another server's migration, may take long.
    connection
        .batch_execute(&format!(
            "SET statement_timeout = 0; SET lock_timeout = '60s'; SELECT pg_advisory_lock({LOCK})"
        ))
        .map_err(|error| stopped(&error))?;
    Ok(connection)
}

/// Columns with encrypted values, and the condition for one in a row.
const SEALED: [(&str, &str); 5] = [
    ("totp_secret", "totp_secret LIKE 'v1.%'"),
    ("totp_pending_secret", "totp_pending_secret LIKE 'v1.%'"),
    ("phone_number", "phone_number LIKE 'v1.%'"),
    ("phone_pending", "phone_pending LIKE 'v1.%'"),
    ("recovery_codes", "recovery_codes::text LIKE '%\"digest\"%'"),
];

/// Returns the columns with values that only this product reads and that a migration down leaves, or that an import has
/// taken from columns with other names and emptied there.
fn kept_columns(connection: &mut PgConnection) -> diesel::QueryResult<Vec<(&'static str, &'static str)>> {
    let exists =
        "SELECT to_regclass('mfa_schema') IS NOT NULL AND to_regclass('mfa_meta') IS NOT NULL AS value";
    if !sql_query(exists).get_result::<BoolRow>(connection)?.value {
        return Ok(Vec::new());
    }
    let query = "SELECT attname::text AS name, (EXISTS (SELECT FROM mfa_schema \
                 WHERE object IN ('table users', 'column ' || attname))) AS is_ours FROM pg_attribute \
                 WHERE attrelid = to_regclass('users') AND attnum > 0 AND NOT attisdropped";
    let columns: Vec<Column> = sql_query(query).load(connection)?;
    let kept = |name: &str| columns.iter().any(|it| it.name == name && !it.is_ours);
    Ok(SEALED.into_iter().filter(|(name, _)| kept(name)).collect())
}

fn sealed_left(connection: &mut PgConnection) -> diesel::QueryResult<u64> {
    let mut conditions: Vec<_> =
        kept_columns(connection)?.into_iter().map(|(_, condition)| condition).collect();
    let mapped = "SELECT to_regclass('mfa_meta') IS NOT NULL AS value";
    if sql_query(mapped).get_result::<BoolRow>(connection)?.value {
        let mapped = "SELECT EXISTS (SELECT FROM mfa_meta WHERE name = $1) AS value";
        let mapped = sql_query(mapped).bind::<diesel::sql_types::Text, _>(postgres::IMPORT_MAP);
        if mapped.get_result::<BoolRow>(connection)?.value {
            // The only copies are in our columns.
            conditions = SEALED.iter().map(|(_, condition)| *condition).collect();
        }
    }
    if conditions.is_empty() {
        return Ok(0);
    }
    let rows = sql_query(format!("SELECT count(*) AS rows FROM users WHERE {}", conditions.join(" OR ")));
    Ok(u64::try_from(rows.get_result::<MigrationCount>(connection)?.rows).unwrap_or(0))
}

fn delete_sealed(connection: &mut PgConnection) -> diesel::QueryResult<()> {
    for (name, condition) in kept_columns(connection)? {
        // The placeholder of a passkey is left to the migration, which switches the flag of its app off too.
        let query = format!(
            "UPDATE users SET {name} = NULL, mfa_version = mfa_version + 1 WHERE {condition} \
             AND strpos(coalesce(to_jsonb(users) ->> 'mfa_authenticators', ''), {name}::text) = 0"
        );
        sql_query(query).execute(connection)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_ours: bool,
}

#[derive(QueryableByName)]
struct MigrationCount {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// Whether no migration is pending. Only reads.
fn is_up_to_date(connection: &mut PgConnection) -> Result<bool, MigrationError> {
    Ok(unapplied_to_postgres(connection)?.is_empty())
}

/// Returns the pending migrations of a PostgreSQL database. Only reads.
pub(super) fn unapplied_to_postgres(connection: &mut PgConnection) -> Result<Vec<String>, MigrationError> {
    let exists = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS value";
    let exists =
        sql_query(exists).get_result::<BoolRow>(connection).map_err(|error| unreadable(&error))?.value;
    let applied: Vec<Applied> = if exists {
        let query = sql_query("SELECT version::text FROM __diesel_schema_migrations");
        query.load(connection).map_err(|error| unreadable(&error))?
    } else {
        Vec::new()
    };
    let ours: Vec<Box<dyn Migration<Pg>>> = POSTGRES.migrations().map_err(|error| stopped(&*error))?;
    Ok(names_without(&ours, &applied))
}

/// Returns the pending migrations of an SQLite database. Only reads.
pub(super) fn unapplied_to_sqlite(connection: &mut SqliteConnection) -> Result<Vec<String>, MigrationError> {
    let exists =
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations') AS value";
    let exists =
        sql_query(exists).get_result::<BoolRow>(connection).map_err(|error| unreadable(&error))?.value;
    let applied: Vec<Applied> = if exists {
        let query = sql_query("SELECT version FROM __diesel_schema_migrations");
        query.load(connection).map_err(|error| unreadable(&error))?
    } else {
        Vec::new()
    };
    let ours: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(|error| stopped(&*error))?;
    Ok(names_without(&ours, &applied))
}

/// Returns the migrations of a new SQLite file.
pub(super) fn all_of_sqlite() -> Result<Vec<String>, String> {
    let ours: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(|error| error.to_string())?;
    Ok(names_without(&ours, &[]))
}

fn names_without<DB: diesel::backend::Backend>(
    ours: &[Box<dyn Migration<DB>>],
    applied: &[Applied],
) -> Vec<String> {
    let is_applied = |version: &str| applied.iter().any(|it| it.version == version);
    let missing = ours.iter().filter(|it| !is_applied(&it.name().version().to_string()));
    missing.map(|it| it.name().to_string()).collect()
}

type Migrate = fn(&mut SqliteConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Runs migrations in one write transaction, as SQLite has no advisory lock. Each migration is a savepoint.
fn exclusively(connection: &mut SqliteConnection, work: Migrate) -> Result<(), MigrationError> {
    connection.immediate_transaction(|it| Ok(work(it)?)).map_err(|Stopped(error)| stopped(&*error))
}

struct Stopped(Box<dyn std::error::Error + Send + Sync>);

impl From<Box<dyn std::error::Error + Send + Sync>> for Stopped {
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self(error)
    }
}

impl From<diesel::result::Error> for Stopped {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// Reverts all migrations, and drops `users` if they created it. SQL of SQLite cannot express that condition.
fn revert_all(connection: &mut SqliteConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connection.revert_all_migrations(SQLITE)?;
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'mfa_schema') AS value";
    if !sql_query(exists).get_result::<BoolRow>(connection)?.value {
        connection.batch_execute(DROP_LIST)?;
        return Ok(());
    }
    let ours = "SELECT EXISTS (SELECT 1 FROM mfa_schema WHERE object = 'table users') AS value";
    if sql_query(ours).get_result::<BoolRow>(connection)?.value {
        connection.batch_execute("DROP TABLE users")?;
    }
    connection.batch_execute("DROP TABLE mfa_schema")?;
    connection.batch_execute(DROP_LIST)?;
    Ok(())
}

fn status<DB: diesel::backend::Backend>(
    all: &[Box<dyn Migration<DB>>],
    pending: Vec<String>,
    missing: Vec<MissingObject>,
) -> MigrationStatus {
    let applied = names_without(all, &[]).into_iter().filter(|name| !pending.contains(name)).collect();
    MigrationStatus { applied, pending, missing }
}

/// Drops the table in which Diesel lists the applied migrations, once none is applied.
const DROP_LIST: &str = "DROP TABLE IF EXISTS __diesel_schema_migrations";
