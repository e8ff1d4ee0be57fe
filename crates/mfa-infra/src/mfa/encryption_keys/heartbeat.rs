//! Heartbeats of running servers with their key ids, so that nothing is sealed with a key that one of them lacks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::{Clock, Entropy, EntropyError, KeyId, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::database::Database;

/// Prefix of the installation value of a server, before its random id.
const PREFIX: &str = "server ";
/// Interval between two heartbeats.
const INTERVAL: Duration = Duration::from_secs(30);
/// Age of the last heartbeat from which a server counts as stopped.
const EXPIRES_AFTER: Duration = Duration::from_secs(100);

/// Running server, as its last heartbeat describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Process id.
    pub process: u32,
    /// Key ids, the primary key first.
    pub keys: Vec<String>,
    /// Time of the last heartbeat.
    pub seen: Timestamp,
}

/// Heartbeat of this server.
#[derive(Debug)]
pub(in crate::mfa) struct Heartbeat {
    name: String,
    keys: Vec<String>,
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    stopped: AtomicBool,
}

impl Heartbeat {
    /// Creates the heartbeat of a server, with a random id.
    ///
    /// # Errors
    ///
    /// [`EntropyError`]: no id could be drawn.
    pub(in crate::mfa) fn new(
        keys: &[KeyId],
        database: Arc<dyn Database>,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self, EntropyError> {
        let mut id = [0_u8; 8];
        entropy.fill(&mut id)?;
        let name = format!("{PREFIX}{}", HEXLOWER.encode(&id));
        let keys = keys.iter().map(|id| id.as_str().to_owned()).collect();
        Ok(Self { name, keys, database, clock, stopped: AtomicBool::new(false) })
    }

    /// Stores one heartbeat.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub(in crate::mfa) async fn record(&self) -> Result<(), StoreError> {
        let server =
            RunningServer { process: std::process::id(), keys: self.keys.clone(), seen: self.clock.now() };
        let value = serde_json::json!(server).to_string();
        self.database.put_fact(self.name.clone(), value).await
    }

    /// Stores a heartbeat every 30 seconds.
    pub(in crate::mfa) async fn run(self: Arc<Self>) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            // Readiness reports a database that does not answer; the last heartbeat stays valid meanwhile.
            drop(self.record().await);
        }
    }

    /// Removes the heartbeat of a stopping server. If that fails, it expires.
    pub(in crate::mfa) async fn deregister(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        let Ok(values) = self.database.facts().await else { return };
        for (name, value) in values.into_iter().filter(|(name, _)| *name == self.name) {
            drop(self.database.forget_fact(name, value).await);
        }
    }
}

/// Returns the servers that run at `now`, and removes expired heartbeats.
pub(super) async fn running_servers(
    database: &dyn Database,
    values: Vec<(String, String)>,
    now: Timestamp,
) -> Result<Vec<RunningServer>, StoreError> {
    let mut running = Vec::new();
    for (name, value) in values.into_iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        match serde_json::from_str::<RunningServer>(&value) {
            Ok(server) if now.since(server.seen) <= EXPIRES_AFTER => running.push(server),
            Ok(_) | Err(_) => drop(database.forget_fact(name, value).await?),
        }
    }
    Ok(running)
}
