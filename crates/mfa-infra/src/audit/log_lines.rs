//! The lines of the log that tell of stored events, held against what is stored.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};

use mfa_core::{StoreError, UserId};
use serde::Deserialize;

use super::chain_verifier::is_genuine;
use super::{Auditor, ChainFinding, ChainFlaw};
use crate::database::audit::ChainPosition;

/// How many lines are asked for at once.
const PORTION: usize = 1_000;

/// The log could not be held against the database.
#[derive(Debug, thiserror::Error)]
pub enum LogComparisonError {
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be read.
    #[error("the log cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// What a line says of a stored event. Other lines lack one of these.
#[derive(Deserialize)]
struct Line {
    user_id: i64,
    seq: i64,
    mac: String,
}

/// Answers how many lines there were of stored events, and the first flaw of each chain.
pub(super) fn compare(
    auditor: &Auditor,
    of: Option<UserId>,
    mut log: impl BufRead,
) -> Result<(u64, Vec<ChainFinding>), LogComparisonError> {
    let (mut read, mut findings, mut lines) = (0_u64, BTreeMap::new(), Vec::with_capacity(PORTION));
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let is_end = log.read_until(b'\n', &mut bytes)? == 0;
        // A line that a full disk tore is none.
        let line = serde_json::from_slice::<Line>(&bytes).ok();
        lines.extend(line.filter(|line| of.is_none_or(|of| line.user_id == of.value())));
        if lines.len() >= PORTION || is_end {
            read = read.saturating_add(u64::try_from(lines.len()).unwrap_or(0));
            hold(auditor, &lines, &mut findings)?;
            lines.clear();
        }
        if is_end {
            return Ok((read, findings.into_values().collect()));
        }
    }
}

fn hold(
    auditor: &Auditor,
    lines: &[Line],
    findings: &mut BTreeMap<i64, ChainFinding>,
) -> Result<(), StoreError> {
    let places: Vec<_> = lines.iter().map(|it| ChainPosition { user: it.user_id, seq: it.seq }).collect();
    let (rows, floors) = auditor.database.macs(&places)?;
    let stored: HashMap<_, _> = rows.iter().map(|it| ((it.user_id, it.seq), it.mac.as_str())).collect();
    let floors: HashMap<_, _> = floors
        .iter()
        .filter(|floor| is_genuine(&auditor.keys, floor))
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
