//! Read-only inspection of a database for `doctor`.

mod facts;
mod odd_rows;
mod postgres;
mod rows;
mod sqlite;

use super::location::DatabaseLocation;

pub use facts::{
    DatabaseInspection, HotUpdateStats, PlaintextColumn, SharedAddress, UnreadableCodes, UnreadableColumn,
};

impl DatabaseLocation {
    /// Inspects the database. Blocks; takes no lock and writes nothing.
    ///
    /// # Errors
    ///
    /// Message, if the database cannot be reached or does not answer.
    pub fn examine(&self) -> Result<DatabaseInspection, String> {
        match self {
            Self::Sqlite(path) => sqlite::examine(path),
            Self::Postgres(url) => postgres::examine(url),
        }
    }
}

#[cfg(test)]
mod tests;
