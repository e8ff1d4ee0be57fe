//! Installation of a server: a working folder, a database and settings.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use mfa_core::SecretText;
use mfa_infra::database::DatabaseLocation;
use tempfile::TempDir;

use crate::{PgDatabase, operator};

/// `JWT_SECRET_KEY` of every installation.
pub const JWT_SECRET: &str = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
/// Key in the `MFA_ENCRYPTION_KEYS` of every installation.
pub const ENCRYPTION_KEY: &str = "1Jm2sVq0yXo5h8Z3kBtC7nEwPfRdUgLiA4aMbWcYxDk=";

/// Folder, database and settings of a single test. They survive restarts and are removed when the value is dropped.
#[derive(Debug)]
pub struct Installation {
    /// Name of the database, for messages.
    pub name: &'static str,
    location: DatabaseLocation,
    settings: BTreeMap<String, String>,
    folder: TempDir,
    postgres: Option<PgDatabase>,
}

impl Installation {
    /// Creates an installation on SQLite. Rate limits are high unless these settings lower them.
    pub fn sqlite(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("the system's temporary directory takes one more");
        let location = DatabaseLocation::Sqlite(folder.path().join("data/nova-mfa.db"));
        let url = "sqlite://data/nova-mfa.db".to_owned();
        Self { name: "SQLite", location, settings: environment(&url, settings), folder, postgres: None }
    }

    /// Creates an installation on a new PostgreSQL database.
    pub fn postgres(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("the system's temporary directory takes one more");
        let database = PgDatabase::create();
        let url = database.url().to_owned();
        let location = DatabaseLocation::Postgres(SecretText::new(url.clone()));
        Self {
            name: "PostgreSQL",
            location,
            settings: environment(&url, settings),
            folder,
            postgres: Some(database),
        }
    }

    /// Creates an installation on an existing PostgreSQL database, which is not dropped.
    pub fn postgres_at(url: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("the system's temporary directory takes one more");
        let location = DatabaseLocation::Postgres(SecretText::new(url.to_owned()));
        Self { name: "PostgreSQL", location, settings: environment(url, settings), folder, postgres: None }
    }

    /// Creates one installation on each database.
    pub fn each(settings: &[(&str, &str)]) -> [Self; 2] {
        [Self::sqlite(settings), Self::postgres(settings)]
    }

    /// Changes a setting for later starts.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Removes a setting for later starts.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.settings.remove(name);
        self
    }

    /// Returns the environment variables of a server.
    pub const fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// Returns the working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the PostgreSQL database.
    pub fn database(&self) -> &PgDatabase {
        self.postgres.as_ref().expect("this test is for PostgreSQL")
    }

    /// Runs SQL with a client separate from the server.
    pub fn sql(&self, statements: &str) {
        operator::run(&self.location, statements);
    }

    /// Returns the result of a query for one integer.
    pub fn number(&self, query: &str) -> i64 {
        operator::number(&self.location, query)
    }

    /// Returns the content of the database: the bytes of its files, or the rows of its tables as text.
    pub fn stored_bytes(&self) -> Vec<u8> {
        match &self.location {
            DatabaseLocation::Sqlite(path) => {
                let folder = path.parent().expect("a file lies in a folder");
                files(folder).into_iter().flatten().collect()
            }
            DatabaseLocation::Postgres(_) => operator::dump(&self.location).join("\n").into_bytes(),
        }
    }

    /// Returns the content of the log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("logs/mfa.log")).expect("a log in UTF-8")
    }

    /// Returns whether the log contains a text, waiting up to two seconds for its thread to write it.
    pub fn log_contains(&self, text: &str) -> bool {
        (0..100).any(|_| {
            let found = self.log().contains(text);
            if !found {
                std::thread::sleep(Duration::from_millis(20));
            }
            found
        })
    }
}

/// Reads every file of a folder. Starts again if SQLite removes one of its own files meanwhile, when the last connection
/// of a stopped server closes.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    loop {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let contents: Result<Vec<_>, _> =
            entries.map(|it| std::fs::read(it.expect("an entry").path())).collect();
        match contents {
            Ok(contents) => return contents,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("a file of the database cannot be read: {error}"),
        }
    }
}

fn environment(url: &str, settings: &[(&str, &str)]) -> BTreeMap<String, String> {
    let encryption = format!("test:{ENCRYPTION_KEY}");
    let defaults = [
        ("MFA_ENV", "development"),
        ("MFA_BIND", "127.0.0.1:0"),
        ("DATABASE_URL", url),
        ("JWT_SECRET_KEY", JWT_SECRET),
        ("MFA_ENCRYPTION_KEYS", &encryption),
        ("MFA_RATE_LIMIT_MAX", "100000"),
        ("MFA_RECOVERY_RATE_MAX", "100000"),
        ("MFA_REGENERATE_PER_HOUR", "100000"),
        ("LOGIN_RATE_USER_MAX", "100000"),
        ("LOGIN_RATE_IP_MAX", "100000"),
        // Tests of mails switch them on.
        ("MFA_NOTIFY", "off"),
    ];
    let settings = defaults.iter().chain(settings);
    settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
