//! Which servers run, and with which keys: so that nothing is sealed with a key that one of them cannot read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::{Clock, Entropy, EntropyError, KeyId, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::database::Database;

/// What a server's fact is called, before its number.
const PREFIX: &str = "server ";
/// How often a server says that it runs.
const EVERY: Duration = Duration::from_secs(30);
/// After how long without a word it is taken for ended.
const SILENT_FOR: Duration = Duration::from_secs(100);

/// A server that runs, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// The number of its process.
    pub process: u32,
    /// The names of its keys, the one that seals first.
    pub keys: Vec<String>,
    /// When it last said so.
    pub seen: Timestamp,
}

/// This server's word that it runs.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    name: String,
    keys: Vec<String>,
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    ended: AtomicBool,
}

impl Heartbeat {
    /// Of a server that is about to start.
    ///
    /// # Errors
    ///
    /// [`EntropyError`]: it has no name to be told apart by.
    pub(crate) fn new(
        keys: &[KeyId],
        database: Arc<dyn Database>,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self, EntropyError> {
        let mut number = [0_u8; 8];
        entropy.fill(&mut number)?;
        let name = format!("{PREFIX}{}", HEXLOWER.encode(&number));
        let keys = keys.iter().map(|id| id.as_str().to_owned()).collect();
        Ok(Self { name, keys, database, clock, ended: AtomicBool::new(false) })
    }

    /// Says once that it runs.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    pub(crate) async fn record(&self) -> Result<(), StoreError> {
        let server =
            RunningServer { process: std::process::id(), keys: self.keys.clone(), seen: self.clock.now() };
        let value = serde_json::json!(server).to_string();
        self.database.put_fact(self.name.clone(), value).await
    }

    /// Says so again and again.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            tokio::time::sleep(EVERY).await;
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            // A database that is away is readiness's to tell; the last word stands meanwhile.
            drop(self.record().await);
        }
    }

    /// Says that it runs no more. Where that cannot be said, silence says so a little later.
    pub(crate) async fn deregister(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let Ok(facts) = self.database.facts().await else { return };
        for (name, value) in facts.into_iter().filter(|(name, _)| *name == self.name) {
            drop(self.database.forget_fact(name, value).await);
        }
    }
}

/// The servers that run at `now`; forgets those that have long been silent.
pub(in crate::mfa) async fn servers(
    database: &dyn Database,
    facts: Vec<(String, String)>,
    now: Timestamp,
) -> Result<Vec<RunningServer>, StoreError> {
    let mut running = Vec::new();
    for (name, value) in facts.into_iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        match serde_json::from_str::<RunningServer>(&value) {
            Ok(server) if now.since(server.seen) <= SILENT_FOR => running.push(server),
            Ok(_) | Err(_) => drop(database.forget_fact(name, value).await?),
        }
    }
    Ok(running)
}
