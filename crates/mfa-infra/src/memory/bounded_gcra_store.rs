//! State of a rate limit (GCRA) in bounded memory, one number per subject.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// Maximum number of subjects with their own state. Each needs eight bytes of key and eight of time, in a table that is
/// up to twice as large: 4.5 MB per rule.
pub(super) const MAX_SUBJECTS: usize = 200_000;
/// Maximum number of users with their own state, for rules whose subjects are users with a valid token: 1.1 MB per rule.
pub(super) const MAX_USERS: usize = 50_000;
/// Number of states shared by the subjects that find no free entry.
const SHARED_STATES: u64 = 1024;

/// Map from a subject's digest to its theoretical arrival time (TAT), the only number that GCRA stores.
///
/// **If it is full** (200 000 subjects have not regained their whole quota: a flood from many addresses), subjects with
/// a state keep it and stay limited. All others share one of 1024 states, selected by their digest. So a flood can
/// neither evict the state of an active subject nor pass without a limit. A new legitimate subject is rejected only while
/// the flood exhausts the state that it shares.
#[derive(Debug)]
pub(super) struct BoundedGcraStore {
    tats: Mutex<HashMap<u64, Nanos>>,
    max_subjects: usize,
}

impl BoundedGcraStore {
    pub(super) fn new(max_subjects: usize) -> Self {
        Self { tats: Mutex::new(HashMap::new()), max_subjects }
    }

    fn tats(&self) -> MutexGuard<'_, HashMap<u64, Nanos>> {
        self.tats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for BoundedGcraStore {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut tats = self.tats();
        let own = tats.len() < self.max_subjects || tats.contains_key(key);
        let key = if own { *key } else { key % SHARED_STATES };
        let (outcome, tat) = decide(tats.get(&key).copied())?;
        tats.insert(key, tat);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<u64> for BoundedGcraStore {
    fn retain_recent(&self, drop_below: Nanos) {
        self.tats().retain(|_, tat| *tat > drop_below);
    }

    fn shrink_to_fit(&self) {
        self.tats().shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.tats().len()
    }

    fn is_empty(&self) -> bool {
        self.tats().is_empty()
    }
}

#[cfg(test)]
impl BoundedGcraStore {
    /// Returns the number of subjects that fit before the next allocation.
    fn capacity(&self) -> usize {
        self.tats().capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(tats: &BoundedGcraStore, key: u64) -> Option<Nanos> {
        let seen = |tat: Option<Nanos>| {
            Ok::<_, ()>((tat, Nanos::new(tat.map_or(1, |it| it.as_u64().saturating_add(1)))))
        };
        tats.measure_and_replace(&key, seen).unwrap()
    }

    #[test]
    fn a_full_table_keeps_its_subjects_and_new_ones_share() {
        let tats = BoundedGcraStore::new(2);
        assert_eq!((see(&tats, 5_000_000), see(&tats, 6_000_000)), (None, None));
        assert_eq!(see(&tats, 7 * SHARED_STATES + 3), None);
        assert_eq!(see(&tats, 9 * SHARED_STATES + 3), Some(Nanos::new(1)), "the same shared state");
        assert_eq!(see(&tats, 9 * SHARED_STATES + 4), None, "another one");
        assert_eq!(see(&tats, 5_000_000), Some(Nanos::new(1)));
        assert_eq!(tats.len(), 4);
    }

    #[test]
    fn after_a_sweep_new_subjects_have_their_own_state() {
        let tats = BoundedGcraStore::new(2);
        let _ = (see(&tats, 5_000_000), see(&tats, 6_000_000), see(&tats, 6_000_000));
        tats.retain_recent(Nanos::new(1));
        assert_eq!(tats.len(), 1);
        let _ = (see(&tats, 7 * SHARED_STATES + 3), see(&tats, 9 * SHARED_STATES + 3));
        assert_eq!(see(&tats, 7 * SHARED_STATES + 3), Some(Nanos::new(1)), "its own");
    }

    #[test]
    fn a_million_subjects_stay_within_an_eighth_of_64_mib_a_rule() {
        let tats = BoundedGcraStore::new(MAX_SUBJECTS);
        for key in 0..1_000_000_u64 {
            let _ = see(&tats, key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        assert!(tats.len() <= MAX_SUBJECTS + 1024);
        // A table has eight slots to every seven it offers, and one byte of its own a slot.
        let bytes = tats.capacity() / 7 * 8 * (size_of::<(u64, Nanos)>() + 1);
        assert!(bytes <= 8 << 20, "{bytes}");
    }
}
