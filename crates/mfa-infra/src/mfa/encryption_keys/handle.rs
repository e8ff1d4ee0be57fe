//! Handle to the encryption keys and the data that they protect.

use mfa_core::{Clock, StoreError};
use mfa_flows::Flows;

use super::heartbeat::{RunningServer, running_servers};
use super::key_manager::KeyManager;
use crate::database::{Database, KeyedTable};

/// Progress callback of long operations: rows done, and approximate total.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Encryption keys of this installation.
#[derive(Clone, Copy, Debug)]
pub struct EncryptionKeys<'a> {
    pub(in crate::mfa) manager: &'a KeyManager,
    pub(in crate::mfa) database: &'a dyn Database,
    pub(in crate::mfa) flows: &'a Flows,
    pub(in crate::mfa) clock: &'a dyn Clock,
}

impl EncryptionKeys<'_> {
    /// Returns the servers that run on this database. Each one records itself every 30 seconds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub async fn running_servers(&self) -> Result<Vec<RunningServer>, StoreError> {
        let values = self.database.facts().await?;
        running_servers(self.database, values, self.clock.now()).await
    }

    /// Returns approximately how many rows a table has.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub async fn approximate_rows(&self, table: KeyedTable) -> Result<u64, StoreError> {
        self.database.rows(table).await
    }
}
