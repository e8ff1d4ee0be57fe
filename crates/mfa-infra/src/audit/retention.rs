//! The end of events after so many days, in a way that what stays still verifies.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use mfa_core::{StoreError, Timestamp, UserId};

use super::chain_verifier::{ChainVerifier, is_genuine};
use super::{Auditor, ChainFinding, floor_of};
use crate::database::audit::{ChainPosition, Cursor, FloorRow};
use crate::database::chain::floor_message;

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionReport {
    /// How many events.
    pub events: u64,
    /// Of how many chains.
    pub chains: u64,
    /// What was wrong with some of them before they were removed: to be told, because it cannot be found again.
    pub findings: Vec<ChainFinding>,
}

impl Auditor {
    /// Removes what is older than this, from the beginning of each chain, and raises the floor that the rest stands on.
    /// Blocks; several servers may do so at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: part of it may be done, and the next time does the rest.
    pub fn trim(&self, before: Timestamp) -> Result<RetentionReport, StoreError> {
        let mut trimmed = RetentionReport::default();
        let mut after = Cursor::from(Timestamp::from_millis(0));
        loop {
            let rows = self.database.by_time(after, before)?;
            let Some(last) = rows.last() else { return Ok(trimmed) };
            after = last.moment();
            let mut newest: BTreeMap<i64, i64> = BTreeMap::new();
            for row in &rows {
                let seq = newest.entry(row.user_id).or_insert(row.seq);
                *seq = row.seq.max(*seq);
            }
            let mut floors = Vec::with_capacity(newest.len());
            for (user, seq) in newest {
                floors.extend(self.floor(ChainPosition { user, seq }, before, &mut trimmed)?);
            }
            trimmed.chains = trimmed.chains.saturating_add(u64::try_from(floors.len()).unwrap_or(0));
            trimmed.events = trimmed.events.saturating_add(self.database.raise(&floors)?);
        }
    }

    /// The floor of a chain once all its events up to this one are removed, or fewer, where a younger one stands among
    /// them. None where nothing is to be removed.
    fn floor(
        &self,
        up_to: ChainPosition,
        before: Timestamp,
        trimmed: &mut RetentionReport,
    ) -> Result<Option<FloorRow>, StoreError> {
        let kept = self.database.first_kept(up_to, before)?;
        let up_to = ChainPosition { seq: kept.map_or(up_to.seq, |seq| seq.saturating_sub(1)), ..up_to };
        let (mut walk, mut broken) = (ChainVerifier::new(&self.keys, up_to.user), false);
        let mut last: Option<(i64, String)> = None;
        let mut after = ChainPosition { user: up_to.user, seq: i64::MIN };
        loop {
            let (rows, floors) = self.database.chain(after, Some(up_to.user))?;
            let Some(end) = rows.last() else { break };
            after = end.place();
            for row in rows.iter().take_while(|row| row.seq <= up_to.seq) {
                if !broken && let Err(finding) = walk.step(row, floor_of(&floors, up_to.user)) {
                    broken = true;
                    trimmed.findings.push(finding);
                }
                last = Some((row.seq, row.mac.clone()));
            }
            if after.seq >= up_to.seq {
                break;
            }
        }
        Ok(last.map(|(seq, mac)| self.signed(up_to.user, seq, mac)))
    }

    fn signed(&self, user: i64, seq: i64, mac: String) -> FloorRow {
        let number = u64::try_from(seq).unwrap_or(0);
        let (key, floor_mac) = self.keys.mac(&floor_message(UserId::new(user), number, &mac));
        let floor = FloorRow {
            user_id: user,
            seq,
            mac,
            floor_key: key.as_str().to_owned(),
            floor_mac: HEXLOWER.encode(&floor_mac),
        };
        debug_assert!(is_genuine(&self.keys, &floor), "a floor of ours is genuine");
        floor
    }
}
