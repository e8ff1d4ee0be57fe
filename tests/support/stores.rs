//! Account stores of a single test, on every adapter.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::{MemoryAccounts, RecordingEventSink};
use mfa_core::{Accounts, KeyId, NewUser, PasswordDigest, SecretBytes, SecretText, Timestamp, UserId, Users};
use mfa_infra::crypto::{AuditKeys, KeyRing, OsEntropy};
use mfa_infra::database::{Database, DatabaseDependencies, DatabaseLocation, DatabaseOptions};
use mfa_infra::metrics::StoreMetrics;
use tokio::runtime::Runtime;

use crate::{PgDatabase, SqliteDatabase, operator};

/// Start of the manual clocks.
pub const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Open database of a single test, with its schema.
#[derive(Debug)]
pub struct TestStore {
    /// Name of the database, for messages.
    pub name: &'static str,
    /// Open database.
    pub database: Arc<dyn Database>,
    /// Logged events.
    pub log: Arc<RecordingEventSink>,
    /// Location of the database.
    pub location: DatabaseLocation,
    /// Runtime for the futures of the test.
    pub runtime: Runtime,
    guard: Guard,
}

/// Database or folder, removed with the store.
#[derive(Debug)]
struct Guard {
    _folder: Option<SqliteDatabase>,
    postgres: Option<PgDatabase>,
}

impl From<SqliteDatabase> for Guard {
    fn from(folder: SqliteDatabase) -> Self {
        Self { _folder: Some(folder), postgres: None }
    }
}

impl From<PgDatabase> for Guard {
    fn from(database: PgDatabase) -> Self {
        Self { _folder: None, postgres: Some(database) }
    }
}

impl TestStore {
    /// Creates a SQLite store.
    pub fn sqlite() -> Self {
        Self::sqlite_with(&DatabaseOptions::default())
    }

    /// Creates a SQLite store with these options.
    pub fn sqlite_with(options: &DatabaseOptions) -> Self {
        let guard = SqliteDatabase::create();
        let location = DatabaseLocation::Sqlite(guard.directory().join("nova-mfa.db"));
        Self::open("SQLite", location, guard.into(), options)
    }

    /// Creates a PostgreSQL store.
    pub fn postgres() -> Self {
        Self::postgres_with(&DatabaseOptions::default())
    }

    /// Creates a PostgreSQL store with these options.
    pub fn postgres_with(options: &DatabaseOptions) -> Self {
        let guard = PgDatabase::create();
        let location = DatabaseLocation::Postgres(SecretText::new(guard.url().to_owned()));
        Self::open("PostgreSQL", location, guard.into(), options)
    }

    /// Creates a PostgreSQL store in a database prepared by this SQL.
    pub fn postgres_over(sql: &str) -> Self {
        use diesel::connection::SimpleConnection as _;
        let guard = PgDatabase::create();
        guard.connect().batch_execute(sql).expect("the SQL runs");
        let location = DatabaseLocation::Postgres(SecretText::new(guard.url().to_owned()));
        Self::open("PostgreSQL", location, guard.into(), &DatabaseOptions::default())
    }

    /// Creates a store on each database.
    pub fn each() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    fn open(name: &'static str, location: DatabaseLocation, guard: Guard, options: &DatabaseOptions) -> Self {
        let runtime = Runtime::new().expect("the system starts threads");
        let log = Arc::new(RecordingEventSink::default());
        let database = open_database(&location, options, &log, &runtime);
        Self { name, database, log, location, runtime, guard }
    }

    /// Opens the same database again, as a second process would.
    pub fn reopen(&self) -> Arc<dyn Database> {
        open_database(&self.location, &DatabaseOptions::default(), &self.log, &self.runtime)
    }

    /// Returns the store as its port.
    pub fn accounts(&self) -> Arc<dyn Accounts> {
        self.database.clone()
    }

    /// Runs SQL with a client separate from the store.
    pub fn sql(&self, statements: &str) {
        operator::run(&self.location, statements);
    }

    /// Returns the result of a query for one integer.
    pub fn number(&self, query: &str) -> i64 {
        operator::number(&self.location, query)
    }

    /// Opens a PostgreSQL connection, which can hold locks.
    pub fn postgres_connection(&self) -> diesel::PgConnection {
        self.guard.postgres.as_ref().expect("this test is for PostgreSQL").connect()
    }

    /// Adds a user with this name.
    pub fn add_user(&self, name: &str) -> UserId {
        self.runtime.block_on(add_user(self.database.as_ref(), name))
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        self.database.stop(Duration::from_secs(5));
    }
}

fn open_database(
    location: &DatabaseLocation,
    options: &DatabaseOptions,
    log: &Arc<RecordingEventSink>,
    runtime: &Runtime,
) -> Arc<dyn Database> {
    let around = DatabaseDependencies {
        audit: Arc::new(AuditKeys::new(&test_keys())),
        entropy: Arc::new(OsEntropy),
        log: log.clone(),
        metrics: StoreMetrics::default(),
        runtime: runtime.handle().clone(),
    };
    location.open(options, around).expect("the database of a test opens")
}

/// Returns fixed encryption keys.
pub fn test_keys() -> KeyRing {
    let id = KeyId::parse("test").expect("a good name");
    KeyRing::new(vec![(id, SecretBytes::new(vec![7; 32]))]).expect("a good key")
}

/// Adds a user with this name to any store.
pub async fn add_user(users: &(impl Users + ?Sized), name: &str) -> UserId {
    let user = NewUser {
        email: format!("{name}@example.com"),
        username: name.to_owned(),
        full_name: Some(format!("{name} Example")),
        digest: PasswordDigest::from_column("test:password".to_owned()),
        is_superuser: false,
        mfa_enforced: false,
        created_at: NOON,
    };
    users.insert(user).await.expect("an unused name")
}

/// Runs a test on every adapter of the two ports: memory, `SQLite` and PostgreSQL.
pub fn on_every_adapter(suite: impl Fn(&'static str, Arc<dyn Accounts>, Arc<dyn Users>, &Runtime)) {
    let memory = Arc::new(MemoryAccounts::default());
    suite("memory", memory.clone(), memory, &Runtime::new().expect("the system starts threads"));
    for store in TestStore::each() {
        suite(store.name, store.database.clone(), store.database.clone(), &store.runtime);
    }
}
