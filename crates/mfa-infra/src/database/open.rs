//! Opening of the database at a location.

use std::sync::Arc;

use super::error::OpenDatabaseError;
use super::location::DatabaseLocation;
use super::migrate::Migrations;
use super::options::{DatabaseDependencies, DatabaseOptions};
use super::port::Database;
use super::{postgres, sqlite};

impl DatabaseLocation {
    /// Opens the database after applying pending migrations.
    ///
    /// # Errors
    ///
    /// [`OpenDatabaseError`], whose text says what to do.
    pub fn open(
        &self,
        options: &DatabaseOptions,
        dependencies: DatabaseDependencies,
    ) -> Result<Arc<dyn Database>, OpenDatabaseError> {
        self.migrations().up()?;
        self.migrations().check_complete()?;
        Ok(match self {
            Self::Sqlite(path) => Arc::new(sqlite::open(path, options, dependencies)?),
            Self::Postgres(url) => Arc::new(postgres::open(url, options, dependencies)?),
        })
    }

    /// Returns the migrations of the database.
    pub fn migrations(&self) -> Migrations {
        Migrations::new(self.clone())
    }
}
