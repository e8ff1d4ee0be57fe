//! PostgreSQL database of a single test.

use std::hash::{BuildHasher as _, RandomState};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use url::Url;

use crate::postgres_url;

/// Empty database with a random name, dropped with this value even if connections are open.
#[derive(Debug)]
pub struct PgDatabase {
    name: String,
    url: String,
}

impl PgDatabase {
    /// Creates a database on the server of [`postgres_url`].
    pub fn create() -> Self {
        Self::create_with("")
    }

    /// Creates a database with these options of `CREATE DATABASE`.
    pub fn create_with(options: &str) -> Self {
        // Each `RandomState` has random keys.
        let random = RandomState::new().hash_one(std::process::id());
        let name = format!("mfa_test_{random:016x}");
        let mut url = Url::parse(&postgres_url()).expect("MFA_TEST_DATABASE_URL is a URL");
        url.set_path(&name);
        // template1 cannot be copied while it has connections; template0 accepts none.
        on_server(&format!("CREATE DATABASE {name} TEMPLATE template0 {options}"))
            .unwrap_or_else(|error| panic!("cannot create a database for the test: {error}"));
        Self { name, url: url.into() }
    }

    /// Returns the URL for `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Rejects new connections and terminates the open ones, as if the server were down.
    pub fn refuse_connections(&self) {
        let name = &self.name;
        let statements = [
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        ];
        for statement in statements {
            on_server(&statement)
                .unwrap_or_else(|error| panic!("cannot refuse connections to {name}: {error}"));
        }
    }

    /// Accepts connections again.
    pub fn allow_connections(&self) {
        on_server(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name))
            .unwrap_or_else(|error| panic!("cannot allow connections to {}: {error}", self.name));
    }

    /// Opens a connection.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).expect("the owner can connect to the database")
    }
}

impl Drop for PgDatabase {
    fn drop(&mut self) {
        // Not a panic: during the unwinding of a failed test, a second panic would hide the first.
        if let Err(error) = on_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("cannot drop the test database {}: {error}", self.name);
        }
    }
}

fn on_server(statement: &str) -> Result<(), String> {
    // Initializes OpenSSL before libpq does, as mfa-infra does: this may be the first connection of the process.
    openssl_sys::init();
    let mut server = PgConnection::establish(&postgres_url()).map_err(|error| error.to_string())?;
    server.batch_execute(statement).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_is_separate_and_dropped_with_open_connections() {
        let [first, second] = [PgDatabase::create(), PgDatabase::create()];
        let url = first.url().to_owned();
        let mut connection = first.connect();
        connection.batch_execute("CREATE TABLE here (id INTEGER)").unwrap();
        assert!(second.connect().batch_execute("SELECT id FROM here").is_err());

        drop(first);
        assert!(connection.batch_execute("SELECT id FROM here").is_err());
        assert!(PgConnection::establish(&url).is_err());
    }
}
