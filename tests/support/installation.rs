//! What a server is started from: a working folder, a database and settings.

use std::collections::BTreeMap;
use std::path::Path;

use mfa_core::SecretText;
use mfa_infra::database::DatabaseLocation;
use tempfile::TempDir;

use crate::{PgDatabase, operator};

/// The `JWT_SECRET_KEY` of every installation.
pub const JWT_SECRET: &str = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
/// The key in the `MFA_ENCRYPTION_KEYS` of every installation.
pub const ENCRYPTION_KEY: &str = "1Jm2sVq0yXo5h8Z3kBtC7nEwPfRdUgLiA4aMbWcYxDk=";

/// A folder, a database and settings of one test's own. They are gone with this value, and stay as they are over any
/// number of starts until then.
#[derive(Debug)]
pub struct Installation {
    /// For messages.
    pub name: &'static str,
    location: DatabaseLocation,
    settings: BTreeMap<String, String>,
    folder: TempDir,
    postgres: Option<PgDatabase>,
}

impl Installation {
    /// On an embedded database. Limits by address and by user name are out of the way unless these settings say
    /// otherwise.
    pub fn sqlite(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("the system's temporary directory takes one more");
        let location = DatabaseLocation::Sqlite(folder.path().join("data/nova-mfa.db"));
        let url = "sqlite://data/nova-mfa.db".to_owned();
        Self { name: "SQLite", location, settings: all(&url, settings), folder, postgres: None }
    }

    /// The same on the PostgreSQL server.
    pub fn postgres(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("the system's temporary directory takes one more");
        let database = PgDatabase::create();
        let url = database.url().to_owned();
        let location = DatabaseLocation::Postgres(SecretText::new(url.clone()));
        Self { name: "PostgreSQL", location, settings: all(&url, settings), folder, postgres: Some(database) }
    }

    /// On a database that is there already and stays.
    pub fn postgres_at(url: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("the system's temporary directory takes one more");
        let location = DatabaseLocation::Postgres(SecretText::new(url.to_owned()));
        Self { name: "PostgreSQL", location, settings: all(url, settings), folder, postgres: None }
    }

    /// One of each.
    pub fn each(settings: &[(&str, &str)]) -> [Self; 2] {
        [Self::sqlite(settings), Self::postgres(settings)]
    }

    /// Changes a setting for the starts to come.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a setting away for the starts to come.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.settings.remove(name);
        self
    }

    /// The environment of a server.
    pub const fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// The working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database on the PostgreSQL server.
    pub fn database(&self) -> &PgDatabase {
        self.postgres.as_ref().expect("this test is for PostgreSQL")
    }

    /// Runs SQL as an operator would.
    pub fn sql(&self, statements: &str) {
        operator::run(&self.location, statements);
    }

    /// What a query for one whole number answers.
    pub fn number(&self, query: &str) -> i64 {
        operator::number(&self.location, query)
    }

    /// All that the database holds: the bytes of its files, or the rows of its tables as text.
    pub fn stored_bytes(&self) -> Vec<u8> {
        match &self.location {
            DatabaseLocation::Sqlite(path) => {
                let folder = path.parent().expect("a file lies in a folder");
                files(folder).into_iter().flatten().collect()
            }
            DatabaseLocation::Postgres(_) => operator::dump(&self.location).join("\n").into_bytes(),
        }
    }

    /// What the log holds.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("logs/mfa.log")).expect("a log in UTF-8")
    }
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|it| std::fs::read(it.expect("an entry").path()).expect("a file")).collect()
}

fn all(url: &str, settings: &[(&str, &str)]) -> BTreeMap<String, String> {
    let encryption = format!("test:{ENCRYPTION_KEY}");
    let usual = [
        ("MFA_ENV", "development"),
        ("MFA_BIND", "127.0.0.1:0"),
        ("DATABASE_URL", url),
        ("JWT_SECRET_KEY", JWT_SECRET),
        ("MFA_ENCRYPTION_KEYS", &encryption),
        ("MFA_RATE_LIMIT_MAX", "100000"),
        ("MFA_RECOVERY_RATE_MAX", "100000"),
        ("LOGIN_RATE_USER_MAX", "100000"),
        ("LOGIN_RATE_IP_MAX", "100000"),
    ];
    let settings = usual.iter().chain(settings);
    settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
