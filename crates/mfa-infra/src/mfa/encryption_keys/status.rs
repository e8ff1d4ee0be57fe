//! Status of each key: how many values need it, and whether it can be removed.

use std::collections::BTreeMap;

use mfa_core::{KeyId, StoreError};

use super::handle::{EncryptionKeys, Progress};
use super::key_manager::{KeyManager, is_key_check_value, is_key_check_value_of};
use crate::crypto::{RetainedUse, key_of};
use crate::database::{KeyUsage, KeyedTable, KeyedValue};

/// Rows that one query counts.
const WINDOW: u32 = 5_000;

/// Status of all keys.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    /// Keys of the ring in its order, then those that only the data names.
    pub keys: Vec<KeyReport>,
    /// Number of plaintext values that should be sealed.
    pub unsealed: u64,
}

/// Status of one key.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct KeyReport {
    /// Key id.
    pub id: KeyId,
    /// Whether it is in `MFA_ENCRYPTION_KEYS`.
    pub in_ring: bool,
    /// Whether it is the primary key, which seals new values.
    pub is_primary: bool,
    /// Whether a start without it is rejected: it has sealed values, and no rotation has counted since that none is left.
    pub is_required: bool,
    /// Whether its derived audit key and recovery tag key are stored, so that it can be removed although events and
    /// recovery codes need those.
    pub is_retained: bool,
    /// Number of values of each kind that need it, in the order of [`KeyedValue::ALL`].
    pub usage: Vec<(KeyedValue, u64)>,
}

impl KeyReport {
    /// Returns how many values need the master key itself: sealed values, pending SMS codes, access passes, and what its derived keys
    /// verify if those are not stored.
    pub fn blocking_values(&self) -> u64 {
        let blocks = |kind: KeyedValue| match kind {
            KeyedValue::Sealed(_) | KeyedValue::SmsCode | KeyedValue::AccessPass => true,
            KeyedValue::RecoveryTag | KeyedValue::Event => !self.is_retained,
        };
        self.usage.iter().filter(|(kind, _)| blocks(*kind)).map(|(_, count)| count).sum()
    }

    /// Returns whether it can be removed from `MFA_ENCRYPTION_KEYS`.
    pub fn is_removable(&self) -> bool {
        self.in_ring && !self.is_primary && !self.is_required && self.blocking_values() == 0
    }

    /// Returns how many sealed values need it.
    pub fn sealed(&self) -> u64 {
        let sealed = self.usage.iter().filter(|(kind, _)| matches!(kind, KeyedValue::Sealed(_)));
        sealed.map(|(_, count)| count).sum()
    }
}

/// Number of values by key and kind.
#[derive(Debug, Default)]
struct KeyTally {
    by_key: BTreeMap<String, BTreeMap<usize, u64>>,
    unsealed: u64,
}

impl KeyTally {
    fn add(&mut self, usages: Vec<KeyUsage>) {
        for usage in usages {
            let Some(key) = usage.key else {
                self.unsealed = self.unsealed.saturating_add(usage.count);
                continue;
            };
            let kind = KeyedValue::ALL.iter().position(|kind| *kind == usage.kind).unwrap_or_default();
            let count = self.by_key.entry(key.as_str().to_owned()).or_default().entry(kind).or_default();
            *count = count.saturating_add(usage.count);
        }
    }
}

impl EncryptionKeys<'_> {
    /// Counts the values that each key is needed for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: count again.
    pub async fn status(&self, progress: Progress<'_>) -> Result<KeyStatus, StoreError> {
        let users = self.database.rows(KeyedTable::Users).await?;
        let total = users.saturating_add(self.database.rows(KeyedTable::Events).await?);
        let (mut tally, mut done) = (KeyTally::default(), 0_u64);
        for table in [KeyedTable::Users, KeyedTable::Events] {
            let mut after = i64::MIN;
            while let Some(window) = self.database.window(table, after, WINDOW).await? {
                tally.add(self.database.keys_needed(table, window, self.clock.now()).await?);
                done = done.saturating_add(window.rows);
                progress(done.min(total), total);
                after = window.last;
            }
        }
        let values = self.database.facts().await?;
        Ok(report(self.manager, &tally, &values))
    }
}

/// Returns the status that these counts and installation values mean.
fn report(manager: &KeyManager, tally: &KeyTally, values: &[(String, String)]) -> KeyStatus {
    let in_ring = manager.ids();
    let mut ids = in_ring.clone();
    let counted = tally.by_key.keys().filter_map(|id| KeyId::parse(id).ok());
    let check_values = values.iter().filter(|(name, _)| is_key_check_value(name));
    for id in counted.chain(check_values.filter_map(|(_, value)| key_of(value))) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let keys = ids.into_iter().map(|id| {
        let counts = tally.by_key.get(id.as_str());
        let usage = KeyedValue::ALL
            .iter()
            .enumerate()
            .filter_map(|(place, kind)| counts.and_then(|it| it.get(&place)).map(|count| (*kind, *count)));
        KeyReport {
            usage: usage.collect(),
            in_ring: in_ring.contains(&id),
            is_primary: manager.primary() == Some(&id),
            is_required: values.iter().any(|(name, value)| is_key_check_value_of(&id, name, value)),
            is_retained: RetainedUse::ALL.iter().all(|usage| usage.keeps(&id, values)),
            id,
        }
    });
    KeyStatus { keys: keys.collect(), unsealed: tally.unsealed }
}
