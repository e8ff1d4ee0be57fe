//! Comparison of the log file with the stored events.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};

use mfa_core::{StoreError, UserId};
use serde::Deserialize;

use super::chain_verifier::{ChainFinding, ChainFlaw, is_genuine};
use crate::crypto::AuditKeys;
use crate::database::Database;
use crate::database::audit::ChainPosition;

/// Number of lines compared per query.
const BATCH_SIZE: usize = 1_000;

/// Error of comparing the log with the database.
///
/// Exhaustive, so that each error has a message.
#[derive(Debug, thiserror::Error)]
pub enum LogComparisonError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be read.
    #[error("cannot read the log file ({0})")]
    Read(#[from] io::Error),
}

/// Fields of a log line about a stored event. Other lines lack at least one of them.
#[derive(Deserialize)]
struct EventLine {
    user_id: i64,
    seq: i64,
    mac: String,
}

/// Returns the number of lines about stored events, and the first flaw of each chain.
pub(super) fn compare(
    database: &dyn Database,
    keys: &AuditKeys,
    of: Option<UserId>,
    mut log: impl BufRead,
) -> Result<(u64, Vec<ChainFinding>), LogComparisonError> {
    let (mut read, mut findings, mut lines) = (0_u64, BTreeMap::new(), Vec::with_capacity(BATCH_SIZE));
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let is_end = log.read_until(b'\n', &mut bytes)? == 0;
        // A line that a full disk truncated is skipped.
        let line = serde_json::from_slice::<EventLine>(&bytes).ok();
        lines.extend(line.filter(|line| of.is_none_or(|of| line.user_id == of.value())));
        if lines.len() >= BATCH_SIZE || is_end {
            read = read.saturating_add(u64::try_from(lines.len()).unwrap_or(0));
            compare_batch(database, keys, &lines, &mut findings)?;
            lines.clear();
        }
        if is_end {
            return Ok((read, findings.into_values().collect()));
        }
    }
}

fn compare_batch(
    database: &dyn Database,
    keys: &AuditKeys,
    lines: &[EventLine],
    findings: &mut BTreeMap<i64, ChainFinding>,
) -> Result<(), StoreError> {
    let positions: Vec<_> = lines.iter().map(|it| ChainPosition { user: it.user_id, seq: it.seq }).collect();
    let (rows, floors) = database.macs(&positions)?;
    let stored: HashMap<_, _> = rows.iter().map(|it| ((it.user_id, it.seq), it.mac.as_str())).collect();
    let floors: HashMap<_, _> = floors
        .iter()
        .filter(|floor| is_genuine(keys, floor))
        .map(|floor| (floor.user_id, floor.seq))
        .collect();
    for line in lines {
        let flaw = match stored.get(&(line.user_id, line.seq)) {
            Some(mac) if *mac == line.mac => continue,
            Some(_) => ChainFlaw::UnlikeLog,
            None if floors.get(&line.user_id).is_some_and(|floor| line.seq <= *floor) => continue,
            None => ChainFlaw::Removed,
        };
        let finding = ChainFinding { user: UserId::new(line.user_id), seq: line.seq, flaw };
        let first = findings.entry(line.user_id).or_insert_with(|| finding.clone());
        if finding.seq < first.seq {
            *first = finding;
        }
    }
    Ok(())
}
