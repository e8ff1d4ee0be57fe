//! Rotation: every row sealed anew with the key in use, while servers run, and older keys released.

use std::time::Duration;

use futures::future::join_all;
use mfa_core::{CipherError, KeyId, SealedColumn, StoreError, StoreErrorKind, UserId};
use mfa_flows::{FlowError, ResealOutcome};

use super::heartbeat::{RunningServer, servers};
use super::{
    FIRST_CANARY, KEY_CHECK_VALUE, KeyDependencies, KeyManager, KeyStatus, Progress, is_canary, is_current,
};
use crate::crypto::{RetainedKeys, key_of};
use crate::database::KeyedTable;

/// Rows that are looked through in one read.
const WINDOW: u32 = 2_000;
/// Rows that are sealed anew at once: a group of the committer.
const AT_ONCE: usize = 64;
/// The least pause after each of them, so that a server on the same SQLite file comes to its turn.
const PAUSE: Duration = Duration::from_millis(5);
/// How often a row is tried that the store gave no answer for.
const TRIES: u32 = 5;

/// What a rotation did.
#[derive(Clone, Debug)]
pub struct RotationReport {
    /// Values that were sealed anew.
    pub resealed: u64,
    /// What could not be read, and stays as it is.
    pub unreadable: Vec<UnreadableValue>,
    /// Keys that may be taken out of `MFA_ENCRYPTION_KEYS` from now on.
    pub released: Vec<KeyId>,
    /// How it is now.
    pub status: KeyStatus,
}

/// What a rotation left, because it could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableValue {
    /// Whose.
    pub user: UserId,
    /// Which column, and why; `None` where the row as a whole is not understood.
    pub value: Option<(SealedColumn, CipherError)>,
}

/// Why nothing more is sealed anew. What was stays so; rotate again to go on.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// A server would not be able to read what is sealed anew, or goes on sealing with another key.
    #[error(
        "a server (process {}, last seen {seconds} s ago) does not seal with the key {key}: give every server the \
         MFA_ENCRYPTION_KEYS of this command and restart it, then rotate",
        server.process
    )]
    ServerBehind {
        /// The key that this command seals with.
        key: KeyId,
        /// The server.
        server: RunningServer,
        /// How long ago it said that it runs.
        seconds: u64,
    },
    /// The store gave no answer.
    #[error("{0}; what was sealed anew stays so: rotate again to go on")]
    Store(#[from] StoreError),
    /// A value could not be sealed.
    #[error("{0}; what was sealed anew stays so: rotate again to go on")]
    Cipher(#[from] CipherError),
    /// A row was refused for a reason of its own.
    #[error("{0}; what was sealed anew stays so: rotate again to go on")]
    Refused(FlowError),
}

impl KeyManager {
    /// Seals every value anew that another key has sealed, keeps the derived keys that must outlive their masters, and
    /// releases the keys that nothing is sealed with any more. Run again after an end in the middle, it goes on where
    /// it was: what is done is in the rows.
    ///
    /// # Errors
    ///
    /// [`RotateError`]: what was sealed anew stays so.
    pub(in crate::mfa) async fn rotate(
        &self,
        ground: &KeyDependencies,
        progress: Progress<'_>,
    ) -> Result<RotationReport, RotateError> {
        let Some(first) = self.first().cloned() else { return Err(CipherError::UnknownKey.into()) };
        self.check_servers(ground, &first).await?;
        let (mut resealed, mut unreadable) = (0_u64, Vec::new());
        let database = ground.database.as_ref();
        let total = database.rows(KeyedTable::Users).await?;
        let (mut after, mut done) = (i64::MIN, 0_u64);
        while let Some(window) = database.window(KeyedTable::Users, after, WINDOW).await? {
            let users = database.sealed_otherwise(window, first.clone()).await?;
            for some in users.chunks(AT_ONCE) {
                let renewed = reseal(ground, some, &mut unreadable).await?;
                resealed = resealed.saturating_add(renewed);
            }
            done = done.saturating_add(window.rows);
            progress(done.min(total), total);
            after = window.last;
        }
        self.keep_retained(ground).await?;
        let status = self.status(ground, &mut |_, _| ()).await?;
        // A server may have come meanwhile that seals with another key.
        self.check_servers(ground, &first).await?;
        let released = self.release(ground, &status).await?;
        let mut status = status;
        for report in &mut status.keys {
            report.demanded = report.demanded && !released.contains(&report.id);
        }
        Ok(RotationReport { resealed, unreadable, released, status })
    }

    /// Refuses where a server runs whose first key is another.
    async fn check_servers(&self, ground: &KeyDependencies, first: &KeyId) -> Result<(), RotateError> {
        let database = ground.database.as_ref();
        let now = ground.clock.now();
        let running = servers(database, database.facts().await?, now).await?;
        match running.into_iter().find(|it| it.keys.first().map(String::as_str) != Some(first.as_str())) {
            Some(server) => Err(RotateError::ServerBehind {
                key: first.clone(),
                seconds: now.since(server.seen).as_secs(),
                server,
            }),
            None => Ok(()),
        }
    }

    /// Keeps the audit keys and the keys of recovery tags of every master, sealed under the key in use.
    async fn keep_retained(&self, ground: &KeyDependencies) -> Result<(), RotateError> {
        let database = ground.database.as_ref();
        let kept = database.facts().await?;
        let is_kept =
            |name: &str| kept.iter().any(|(it, value)| it == name && is_current(&self.cipher, value));
        // Those of masters that have gone come first: nobody can derive them again.
        let mut wanted = self.retained.facts(&self.cipher)?;
        for fact in RetainedKeys::derived(&self.ring).facts(&self.cipher)? {
            if wanted.iter().all(|(name, _)| *name != fact.0) {
                wanted.push(fact);
            }
        }
        for (name, value) in wanted {
            if !is_kept(&name) {
                database.put_fact(name, value).await?;
            }
        }
        Ok(())
    }

    /// Takes away the canaries of the keys that nothing is sealed with, so that a start does without them.
    async fn release(&self, ground: &KeyDependencies, status: &KeyStatus) -> Result<Vec<KeyId>, RotateError> {
        let database = ground.database.as_ref();
        let mut released = Vec::new();
        let all = database.facts().await?;
        // What is kept beside the rows counts too.
        let sealed_by = |id: &KeyId| {
            let beside = all.iter().filter(|(name, _)| !is_canary(name));
            beside.filter_map(|(_, value)| key_of(value)).any(|key| key == *id)
        };
        for report in &status.keys {
            if report.seals || !report.demanded || report.held_by() > 0 || sealed_by(&report.id) {
                continue;
            }
            let canaries = all.iter().filter(|(name, value)| {
                *name == format!("{KEY_CHECK_VALUE}{}", report.id)
                    || (name == FIRST_CANARY && key_of(value).as_ref() == Some(&report.id))
            });
            for (name, value) in canaries {
                let _gone = database.forget_fact(name.clone(), value.clone()).await?;
            }
            released.push(report.id.clone());
        }
        Ok(released)
    }
}

/// Seals the values of some users anew, at once; answers how many.
async fn reseal(
    ground: &KeyDependencies,
    users: &[UserId],
    unreadable: &mut Vec<UnreadableValue>,
) -> Result<u64, RotateError> {
    let began = tokio::time::Instant::now();
    let outcomes = join_all(users.iter().map(|user| reseal_one(ground, *user))).await;
    let mut renewed = 0_u64;
    for (user, outcome) in users.iter().zip(outcomes) {
        match outcome {
            Ok(resealed) => {
                renewed = renewed.saturating_add(u64::from(resealed.renewed));
                let values = resealed.unreadable.into_iter();
                unreadable.extend(values.map(|value| UnreadableValue { user: *user, value: Some(value) }));
            }
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Corrupt => {
                unreadable.push(UnreadableValue { user: *user, value: None });
            }
            Err(FlowError::Store(error)) => return Err(error.into()),
            Err(refusal) => return Err(RotateError::Refused(refusal)),
        }
    }
    // As long again as it took: half of the time is the servers'.
    tokio::time::sleep(began.elapsed().max(PAUSE)).await;
    Ok(renewed)
}

async fn reseal_one(ground: &KeyDependencies, user: UserId) -> Result<ResealOutcome, FlowError> {
    let mut tries = 0_u32;
    loop {
        tries = tries.saturating_add(1);
        match ground.flows.reseal(user).await {
            // Sealing anew is the same the second time, so an unknown outcome is tried again as well.
            Err(FlowError::Store(error)) if error.kind() != StoreErrorKind::Corrupt && tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(200).saturating_mul(tries)).await;
            }
            Err(refusal) => return Err(refusal),
            // A user who is gone needs no key.
            Ok(resealed) => return Ok(resealed.unwrap_or_default()),
        }
    }
}
