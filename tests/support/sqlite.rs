//! SQLite database of a single test.

use std::path::Path;

use tempfile::TempDir;

/// Data directory for a SQLite database, removed with this value.
#[derive(Debug)]
pub struct SqliteDatabase {
    directory: TempDir,
}

impl SqliteDatabase {
    /// Creates the directory. The first connection creates the database file.
    pub fn create() -> Self {
        Self { directory: tempfile::tempdir().expect("the system's temporary directory takes one more") }
    }

    /// Returns the URL for `DATABASE_URL`.
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.directory.path().join("nova-mfa.db").display())
    }

    /// Returns the directory, for `MFA_DATA_DIR`.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_in_its_directory_and_removed_with_it() {
        let database = SqliteDatabase::create();
        let directory = database.directory().to_owned();
        assert!(directory.is_dir());
        assert_eq!(database.url(), format!("sqlite://{}/nova-mfa.db", directory.display()));

        drop(database);
        assert!(!directory.exists());
    }
}
