//! Which key is needed by how many values, and which may go.

use std::collections::BTreeMap;

use mfa_core::{KeyId, StoreError};

use super::{FIRST_CANARY, KEY_CHECK_VALUE, KeyDependencies, KeyManager, Progress};
use crate::crypto::{RetainedUse, key_of};
use crate::database::{KeyUsage, KeyedTable, KeyedValue};

/// Rows that are counted in one read.
const WINDOW: u32 = 5_000;

/// The state of the keys.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    /// Each key of the ring, in its order, then those that only the data names.
    pub keys: Vec<KeyReport>,
    /// Values that should be sealed and are not.
    pub unsealed: u64,
}

/// What one key is needed for.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct KeyReport {
    /// Its name.
    pub id: KeyId,
    /// Whether it is in `MFA_ENCRYPTION_KEYS`.
    pub in_ring: bool,
    /// Whether it is the one that seals.
    pub seals: bool,
    /// Whether a start without it is refused: it has sealed, and no rotation has counted since that nothing is left.
    pub demanded: bool,
    /// Whether its audit key and its key of recovery tags are kept beside the data, so that it may go although events
    /// and codes need them.
    pub retained: bool,
    /// How many values of each kind need it, in the order of [`KeyedValue::ALL`].
    pub needed: Vec<(KeyedValue, u64)>,
}

impl KeyReport {
    /// How many sealed values and awaited codes need the master key itself.
    pub fn held_by(&self) -> u64 {
        let holds = |kind: KeyedValue| match kind {
            KeyedValue::Sealed(_) | KeyedValue::SmsCode => true,
            KeyedValue::RecoveryTag | KeyedValue::Event => !self.retained,
        };
        self.needed.iter().filter(|(kind, _)| holds(*kind)).map(|(_, count)| count).sum()
    }

    /// Whether it may be taken out of `MFA_ENCRYPTION_KEYS`.
    pub fn may_go(&self) -> bool {
        self.in_ring && !self.seals && !self.demanded && self.held_by() == 0
    }

    /// How many sealed values need it.
    pub fn sealed(&self) -> u64 {
        let sealed = self.needed.iter().filter(|(kind, _)| matches!(kind, KeyedValue::Sealed(_)));
        sealed.map(|(_, count)| count).sum()
    }
}

/// What was counted: by key, and what has none.
#[derive(Debug, Default)]
pub(super) struct KeyTally {
    pub(super) by_key: BTreeMap<String, BTreeMap<usize, u64>>,
    unsealed: u64,
}

impl KeyTally {
    fn add(&mut self, needs: Vec<KeyUsage>) {
        for need in needs {
            let Some(key) = need.key else {
                self.unsealed = self.unsealed.saturating_add(need.count);
                continue;
            };
            let place = KeyedValue::ALL.iter().position(|kind| *kind == need.kind).unwrap_or_default();
            let count = self.by_key.entry(key.as_str().to_owned()).or_default().entry(place).or_default();
            *count = count.saturating_add(need.count);
        }
    }
}

impl KeyManager {
    /// Counts what each key is needed for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: count again.
    pub(in crate::mfa) async fn status(
        &self,
        ground: &KeyDependencies,
        progress: Progress<'_>,
    ) -> Result<KeyStatus, StoreError> {
        let database = ground.database.as_ref();
        let users = database.rows(KeyedTable::Users).await?;
        let total = users.saturating_add(database.rows(KeyedTable::Events).await?);
        let (mut tally, mut done) = (KeyTally::default(), 0_u64);
        for table in [KeyedTable::Users, KeyedTable::Events] {
            let mut after = i64::MIN;
            while let Some(window) = database.window(table, after, WINDOW).await? {
                tally.add(database.keys_needed(table, window, ground.clock.now()).await?);
                done = done.saturating_add(window.rows);
                progress(done.min(total), total);
                after = window.last;
            }
        }
        let facts = database.facts().await?;
        Ok(self.report(&tally, &facts))
    }

    fn report(&self, tally: &KeyTally, facts: &[(String, String)]) -> KeyStatus {
        let mut ids = self.ids();
        let named = tally.by_key.keys().filter_map(|id| KeyId::parse(id).ok());
        let canaries = facts.iter().filter(|(name, _)| super::is_canary(name));
        for id in named.chain(canaries.filter_map(|(_, value)| key_of(value))) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let in_ring = self.ids();
        let keys = ids.into_iter().map(|id| {
            let counted = tally.by_key.get(id.as_str());
            let needed = KeyedValue::ALL.iter().enumerate().filter_map(|(place, kind)| {
                counted.and_then(|it| it.get(&place)).map(|count| (*kind, *count))
            });
            let demands = |(name, value): &(String, String)| {
                *name == format!("{KEY_CHECK_VALUE}{id}")
                    || (name == FIRST_CANARY && key_of(value).as_ref() == Some(&id))
            };
            KeyReport {
                needed: needed.collect(),
                in_ring: in_ring.contains(&id),
                seals: self.first() == Some(&id),
                demanded: facts.iter().any(demands),
                retained: RetainedUse::ALL.iter().all(|usage| usage.keeps(&id, facts)),
                id,
            }
        });
        KeyStatus { keys: keys.collect(), unsealed: tally.unsealed }
    }
}
