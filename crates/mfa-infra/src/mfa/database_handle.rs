//! Database operations outside of the use cases.

use crate::database::{Database, DatabaseLocation, UserImportStore};

/// Database of this installation.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseHandle<'a> {
    pub(super) database: &'a dyn Database,
    pub(super) location: &'a DatabaseLocation,
}

impl<'a> DatabaseHandle<'a> {
    /// Returns the kind and place of the database, without credentials.
    pub fn name(&self) -> String {
        self.location.to_string()
    }

    /// Returns whether new decisions are rejected because too many are waiting.
    pub fn is_overloaded(&self) -> bool {
        self.database.is_full()
    }

    /// Returns the store for bulk imports of users.
    pub fn user_import(&self) -> &'a dyn UserImportStore {
        self.database
    }
}
