//! Removal of old events, so that the remaining chain still verifies.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use mfa_core::{StoreError, Timestamp, UserId};

use super::auditor::{Auditor, floor_of};
use super::chain_verifier::{ChainFinding, ChainVerifier, is_genuine};
use crate::database::audit::{ChainPosition, Cursor, FloorRow};
use crate::database::chain::floor_message;

/// Result of removing old events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionReport {
    /// Number of removed events.
    pub events: u64,
    /// Number of chains from which events were removed.
    pub chains: u64,
    /// Flaws of the removed events. Report them: they cannot be found again.
    pub findings: Vec<ChainFinding>,
}

impl Auditor {
    /// Removes events older than `before` from the start of each chain, and records its floor: the last removed event.
    ///
    /// Blocks. Several servers may run it at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: some events may be removed, and the next run removes the rest.
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
                floors.extend(self.new_floor(ChainPosition { user, seq }, before, &mut trimmed)?);
            }
            trimmed.chains = trimmed.chains.saturating_add(u64::try_from(floors.len()).unwrap_or(0));
            trimmed.events = trimmed.events.saturating_add(self.database.raise(&floors)?);
        }
    }

    /// Returns the floor of a chain after removing its events up to `up_to`, or up to the first younger event before
    /// that. Returns `None` if there is nothing to remove.
    fn new_floor(
        &self,
        up_to: ChainPosition,
        before: Timestamp,
        trimmed: &mut RetentionReport,
    ) -> Result<Option<FloorRow>, StoreError> {
        let kept = self.database.first_kept(up_to, before)?;
        let up_to = ChainPosition { seq: kept.map_or(up_to.seq, |seq| seq.saturating_sub(1)), ..up_to };
        let (mut verifier, mut broken) = (ChainVerifier::new(&self.keys, up_to.user), false);
        let mut last: Option<(i64, String)> = None;
        let mut after = ChainPosition { user: up_to.user, seq: i64::MIN };
        loop {
            let (rows, floors) = self.database.chain(after, Some(up_to.user))?;
            let Some(end) = rows.last() else { break };
            after = end.place();
            for row in rows.iter().take_while(|row| row.seq <= up_to.seq) {
                if !broken && let Err(finding) = verifier.step(row, floor_of(&floors, up_to.user)) {
                    broken = true;
                    trimmed.findings.push(finding);
                }
                last = Some((row.seq, row.mac.clone()));
            }
            if after.seq >= up_to.seq {
                break;
            }
        }
        Ok(last.map(|(seq, mac)| self.signed_floor(up_to.user, seq, mac)))
    }

    fn signed_floor(&self, user: i64, seq: i64, mac: String) -> FloorRow {
        let number = u64::try_from(seq).unwrap_or(0);
        let (key, floor_mac) = self.keys.mac(&floor_message(UserId::new(user), number, &mac));
        let floor = FloorRow {
            user_id: user,
            seq,
            mac,
            floor_key: key.as_str().to_owned(),
            floor_mac: HEXLOWER.encode(&floor_mac),
        };
        debug_assert!(is_genuine(&self.keys, &floor), "a new floor is genuine");
        floor
    }
}
