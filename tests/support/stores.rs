//! Every store of accounts, opened for one test.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::{MemoryAccounts, RecordingEventSink};
use mfa_core::{Accounts, KeyId, NewUser, PasswordDigest, SecretBytes, SecretText, Timestamp, UserId, Users};
use mfa_infra::crypto::{AuditKeys, KeyRing, OsEntropy};
use mfa_infra::database::{Database, DatabaseDependencies, DatabaseLocation, DatabaseOptions};
use mfa_infra::metrics::StoreMetrics;
use tokio::runtime::Runtime;

use crate::{PgDatabase, SqliteDatabase, operator};

/// Noon of some day, for clocks that stand still.
pub const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A database of one test's own, open, with its schema.
#[derive(Debug)]
pub struct TestStore {
    /// For messages.
    pub name: &'static str,
    /// The open database.
    pub database: Arc<dyn Database>,
    /// What it told.
    pub log: Arc<RecordingEventSink>,
    /// Where it is.
    pub location: DatabaseLocation,
    /// What the test's futures run on.
    pub runtime: Runtime,
    guard: Guard,
}

/// Where the database lives; gone with it.
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
    /// An embedded one.
    pub fn sqlite() -> Self {
        Self::sqlite_with(&DatabaseOptions::default())
    }

    /// An embedded one, opened so.
    pub fn sqlite_with(options: &DatabaseOptions) -> Self {
        let guard = SqliteDatabase::create();
        let location = DatabaseLocation::Sqlite(guard.directory().join("nova-mfa.db"));
        Self::open("SQLite", location, guard.into(), options)
    }

    /// One on the PostgreSQL server.
    pub fn postgres() -> Self {
        Self::postgres_with(&DatabaseOptions::default())
    }

    /// One on the PostgreSQL server, opened so.
    pub fn postgres_with(options: &DatabaseOptions) -> Self {
        let guard = PgDatabase::create();
        let location = DatabaseLocation::Postgres(SecretText::new(guard.url().to_owned()));
        Self::open("PostgreSQL", location, guard.into(), options)
    }

    /// One on the PostgreSQL server, in whose database this SQL was run before.
    pub fn postgres_over(sql: &str) -> Self {
        use diesel::connection::SimpleConnection as _;
        let guard = PgDatabase::create();
        guard.connect().batch_execute(sql).expect("what stood there before");
        let location = DatabaseLocation::Postgres(SecretText::new(guard.url().to_owned()));
        Self::open("PostgreSQL", location, guard.into(), &DatabaseOptions::default())
    }

    /// One of each.
    pub fn each() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    fn open(name: &'static str, location: DatabaseLocation, guard: Guard, options: &DatabaseOptions) -> Self {
        let runtime = Runtime::new().expect("the system gives threads");
        let log = Arc::new(RecordingEventSink::default());
        let database = open_database(&location, options, &log, &runtime);
        Self { name, database, log, location, runtime, guard }
    }

    /// A second process's view of the same database.
    pub fn reopen(&self) -> Arc<dyn Database> {
        open_database(&self.location, &DatabaseOptions::default(), &self.log, &self.runtime)
    }

    /// The port.
    pub fn accounts(&self) -> Arc<dyn Accounts> {
        self.database.clone()
    }

    /// Runs SQL as an operator would, with a client of the operator's own.
    pub fn sql(&self, statements: &str) {
        operator::run(&self.location, statements);
    }

    /// What a query for one whole number answers.
    pub fn number(&self, query: &str) -> i64 {
        operator::number(&self.location, query)
    }

    /// A connection that holds what it locks, where the store is PostgreSQL.
    pub fn postgres_connection(&self) -> diesel::PgConnection {
        self.guard.postgres.as_ref().expect("this test is for PostgreSQL").connect()
    }

    /// Adds a user of that name.
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

/// Keys that are nobody's.
pub fn test_keys() -> KeyRing {
    let id = KeyId::parse("test").expect("a good name");
    KeyRing::new(vec![(id, SecretBytes::new(vec![7; 32]))]).expect("a good key")
}

/// Adds a user of that name to any store.
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
    users.insert(user).await.expect("a name that is free")
}

/// The same suite on every adapter of the two ports: memory, `SQLite`, PostgreSQL.
pub fn on_every_adapter(suite: impl Fn(&'static str, Arc<dyn Accounts>, Arc<dyn Users>, &Runtime)) {
    let memory = Arc::new(MemoryAccounts::default());
    suite("memory", memory.clone(), memory, &Runtime::new().expect("the system gives threads"));
    for store in TestStore::each() {
        suite(store.name, store.database.clone(), store.database.clone(), &store.runtime);
    }
}
