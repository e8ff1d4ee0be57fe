//! Key rotation: re-encryption of every row with the primary key while servers run, and release of older keys.

use std::time::Duration;

use futures::future::join_all;
use mfa_core::{CipherError, KeyId, SealedColumn, StoreError, UserId};
use mfa_flows::{FlowError, Flows, ResealOutcome};

use super::handle::{EncryptionKeys, Progress};
use super::heartbeat::RunningServer;
use super::key_manager::{is_key_check_value, is_key_check_value_of};
use super::status::KeyStatus;
use crate::crypto::{RetainedKeys, key_of};
use crate::database::KeyedTable;

/// Rows that one query searches.
const WINDOW: u32 = 2_000;
/// Rows that are re-encrypted concurrently: one group of the committer.
const CONCURRENCY: usize = 64;
/// Minimum pause after each group, so that a server on the same SQLite file gets to write.
const MIN_PAUSE: Duration = Duration::from_millis(5);
/// Attempts per row while the database does not answer.
const MAX_ATTEMPTS: u32 = 5;

/// Result of a rotation.
#[derive(Clone, Debug)]
pub struct RotationReport {
    /// Number of values that were re-encrypted.
    pub resealed: u64,
    /// Values that could not be unsealed; they are unchanged.
    pub unreadable: Vec<UnreadableValue>,
    /// Keys that can be removed from `MFA_ENCRYPTION_KEYS` from now on.
    pub released: Vec<KeyId>,
    /// Status after the rotation.
    pub status: KeyStatus,
}

/// Value that a rotation could not unseal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableValue {
    /// User of the row.
    pub user: UserId,
    /// Column and error; `None` if the whole row cannot be read.
    pub value: Option<(SealedColumn, CipherError)>,
}

/// Error that stopped a rotation. Re-encrypted values stay so; run the rotation again to continue.
///
/// Exhaustive, so that each error has a message.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// A running server lacks the primary key, or seals with another key.
    #[error(
        "a server (process {}, last seen {seconds} s ago) does not seal with the key {key}: give every server the \
         MFA_ENCRYPTION_KEYS of this command and restart it, then rotate",
        server.process
    )]
    ServerBehind {
        /// Primary key of this command.
        key: KeyId,
        /// Server.
        server: RunningServer,
        /// Seconds since its last heartbeat.
        seconds: u64,
    },
    /// The database did not answer.
    #[error("{0}. Rows that were re-encrypted stay re-encrypted: run the rotation again to continue")]
    Store(#[from] StoreError),
    /// A value could not be sealed.
    #[error("{0}. Rows that were re-encrypted stay re-encrypted: run the rotation again to continue")]
    Cipher(#[from] CipherError),
    /// A row could not be re-encrypted for another reason.
    #[error("{0}. Rows that were re-encrypted stay re-encrypted: run the rotation again to continue")]
    Refused(FlowError),
}

impl EncryptionKeys<'_> {
    /// Re-encrypts every value that another key sealed, stores the derived keys that must outlive their masters, and
    /// releases the keys that nothing is sealed with any more. Runs beside servers. After an interruption, run it again:
    /// it continues, because progress is in the rows.
    ///
    /// # Errors
    ///
    /// [`RotateError`]: values that were re-encrypted stay so.
    pub async fn rotate(&self, progress: Progress<'_>) -> Result<RotationReport, RotateError> {
        let Some(primary) = self.manager.primary() else { return Err(CipherError::UnknownKey.into()) };
        self.check_servers(primary).await?;
        let (mut resealed, mut unreadable) = (0_u64, Vec::new());
        let total = self.database.rows(KeyedTable::Users).await?;
        let (mut after, mut done) = (i64::MIN, 0_u64);
        while let Some(window) = self.database.window(KeyedTable::Users, after, WINDOW).await? {
            let users = self.database.sealed_otherwise(window, primary.clone()).await?;
            for group in users.chunks(CONCURRENCY) {
                let renewed = reseal(self.flows, group, &mut unreadable).await?;
                resealed = resealed.saturating_add(renewed);
            }
            done = done.saturating_add(window.rows);
            progress(done.min(total), total);
            after = window.last;
        }
        self.store_retained().await?;
        let mut status = self.status(&mut |_, _| ()).await?;
        // A server that seals with another key may have started meanwhile.
        self.check_servers(primary).await?;
        let released = self.release(&status).await?;
        for report in &mut status.keys {
            report.is_required = report.is_required && !released.contains(&report.id);
        }
        Ok(RotationReport { resealed, unreadable, released, status })
    }

    /// Rejects the rotation if a server runs whose primary key is another.
    async fn check_servers(&self, primary: &KeyId) -> Result<(), RotateError> {
        let now = self.clock.now();
        let running = self.running_servers().await?;
        match running.into_iter().find(|it| it.keys.first().map(String::as_str) != Some(primary.as_str())) {
            Some(server) => Err(RotateError::ServerBehind {
                key: primary.clone(),
                seconds: now.since(server.seen).as_secs(),
                server,
            }),
            None => Ok(()),
        }
    }

    /// Stores the audit key and recovery tag key of every master, sealed with the primary key.
    async fn store_retained(&self) -> Result<(), RotateError> {
        let manager = self.manager;
        let stored = self.database.facts().await?;
        let is_stored = |name: &str| stored.iter().any(|(it, value)| it == name && manager.is_current(value));
        // Keys of removed masters come first: they cannot be derived again.
        let mut wanted = manager.retained.facts(&manager.cipher)?;
        for value in RetainedKeys::derived(&manager.ring).facts(&manager.cipher)? {
            if wanted.iter().all(|(name, _)| *name != value.0) {
                wanted.push(value);
            }
        }
        for (name, value) in wanted {
            if !is_stored(&name) {
                self.database.put_fact(name, value).await?;
            }
        }
        Ok(())
    }

    /// Removes the key check values of the keys that nothing is sealed with, so that a start does not require them.
    async fn release(&self, status: &KeyStatus) -> Result<Vec<KeyId>, RotateError> {
        let mut released = Vec::new();
        let all = self.database.facts().await?;
        // Installation values sealed with a key, such as retained keys, need it too.
        let seals_installation_value = |id: &KeyId| {
            let others = all.iter().filter(|(name, _)| !is_key_check_value(name));
            others.filter_map(|(_, value)| key_of(value)).any(|key| key == *id)
        };
        for report in &status.keys {
            if report.is_primary
                || !report.is_required
                || report.blocking_values() > 0
                || seals_installation_value(&report.id)
            {
                continue;
            }
            for (name, value) in
                all.iter().filter(|(name, value)| is_key_check_value_of(&report.id, name, value))
            {
                let _removed = self.database.forget_fact(name.clone(), value.clone()).await?;
            }
            released.push(report.id.clone());
        }
        Ok(released)
    }
}

/// Re-encrypts the values of some users concurrently and returns how many.
async fn reseal(
    flows: &Flows,
    users: &[UserId],
    unreadable: &mut Vec<UnreadableValue>,
) -> Result<u64, RotateError> {
    let began = tokio::time::Instant::now();
    let outcomes = join_all(users.iter().map(|user| reseal_one(flows, *user))).await;
    let mut renewed = 0_u64;
    for (user, outcome) in users.iter().zip(outcomes) {
        match outcome {
            Ok(resealed) => {
                renewed = renewed.saturating_add(u64::from(resealed.renewed));
                let values = resealed.unreadable.into_iter();
                unreadable.extend(values.map(|value| UnreadableValue { user: *user, value: Some(value) }));
            }
            Err(FlowError::Store(error)) if error.kind().is_of_row() => {
                unreadable.push(UnreadableValue { user: *user, value: None });
            }
            Err(FlowError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(RotateError::Refused(error)),
        }
    }
    // The pause is as long as the work: half of the time is left to servers.
    tokio::time::sleep(began.elapsed().max(MIN_PAUSE)).await;
    Ok(renewed)
}

async fn reseal_one(flows: &Flows, user: UserId) -> Result<ResealOutcome, FlowError> {
    let mut attempts = 0_u32;
    loop {
        attempts = attempts.saturating_add(1);
        match flows.reseal(user).await {
            // Re-encryption is idempotent, so an unknown outcome is retried as well.
            Err(FlowError::Store(error)) if !error.kind().is_of_row() && attempts < MAX_ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(200).saturating_mul(attempts)).await;
            }
            Err(error) => return Err(error),
            // A user who no longer exists needs no key.
            Ok(resealed) => return Ok(resealed.unwrap_or_default()),
        }
    }
}
