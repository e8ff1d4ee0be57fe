//! The state of a limit, one number a subject, in bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// How many subjects have a state of their own. Eight bytes of key and eight of time each, in a table that is up to
/// twice as large: 4.5 MB a rule.
pub(super) const MOST_SUBJECTS: usize = 200_000;
/// How many states the subjects share that find no place.
const SHARED: u64 = 1024;

/// Maps a subject's digest to its theoretical arrival time (the one number that GCRA keeps).
///
/// **When it is full** (200 000 subjects have used some of their quota and have not got it back yet: a flood from many
/// addresses), those who have a state keep it, and are limited as ever. Everyone else shares one of 1024 states, picked
/// by their digest. So a flood can neither push a hot subject out, and with it its limit, nor pass without a limit; and
/// an honest newcomer is refused only while the flood uses up the very state that it shares.
#[derive(Debug)]
pub(super) struct BoundedGcraStore {
    tats: Mutex<HashMap<u64, Nanos>>,
    most: usize,
}

impl BoundedGcraStore {
    pub(super) fn new(most: usize) -> Self {
        Self { tats: Mutex::new(HashMap::new()), most }
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
        let own = tats.len() < self.most || tats.contains_key(key);
        let key = if own { *key } else { key % SHARED };
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
    /// How many subjects it has room for before it allocates again.
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
    fn a_full_table_keeps_its_subjects_and_lets_newcomers_share() {
        let tats = BoundedGcraStore::new(2);
        assert_eq!((see(&tats, 5_000_000), see(&tats, 6_000_000)), (None, None));
        assert_eq!(see(&tats, 7 * SHARED + 3), None);
        assert_eq!(see(&tats, 9 * SHARED + 3), Some(Nanos::new(1)), "the same shared state");
        assert_eq!(see(&tats, 9 * SHARED + 4), None, "another one");
        assert_eq!(see(&tats, 5_000_000), Some(Nanos::new(1)));
        assert_eq!(tats.len(), 4);
    }

    #[test]
    fn a_sweep_makes_room_for_newcomers_to_have_their_own() {
        let tats = BoundedGcraStore::new(2);
        let _ = (see(&tats, 5_000_000), see(&tats, 6_000_000), see(&tats, 6_000_000));
        tats.retain_recent(Nanos::new(1));
        assert_eq!(tats.len(), 1);
        let _ = (see(&tats, 7 * SHARED + 3), see(&tats, 9 * SHARED + 3));
        assert_eq!(see(&tats, 7 * SHARED + 3), Some(Nanos::new(1)), "its own");
    }

    #[test]
    fn a_million_subjects_stay_within_an_eighth_of_64_mib_a_rule() {
        let tats = BoundedGcraStore::new(MOST_SUBJECTS);
        for key in 0..1_000_000_u64 {
            let _ = see(&tats, key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        assert!(tats.len() <= MOST_SUBJECTS + 1024);
        // A table has eight slots to every seven it offers, and one byte of its own a slot.
        let bytes = tats.capacity() / 7 * 8 * (size_of::<(u64, Nanos)>() + 1);
        assert!(bytes <= 8 << 20, "{bytes}");
    }
}
