//! The audit trail as a whole: whether it is what it was, its way out, and its end after so many days.
//!
//! Each user's events are a chain: every one carries a MAC over itself and the MAC before it. So whoever lacks the key
//! can neither alter nor remove an event before the end unnoticed. The end itself is in the user's row, and is proved by
//! the log, whose lines carry number and MAC of each stored event.
//!
//! It refuses to read much at once: everything goes in portions, so that no reader stands in the way of the server.

mod chain_verifier;
mod export;
mod log_lines;
mod retention;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::Arc;

use mfa_core::{StoreError, UserId};
use serde::Serialize;

use crate::crypto::AuditKeys;
use crate::database::Database;
use crate::database::audit::{ChainPosition, EndRow, FloorRow};
use chain_verifier::{ChainVerifier, is_genuine};

pub use chain_verifier::{ChainFinding, ChainFlaw};
pub use export::{ExportCursor, ExportPage, ExportedEvent};
pub use log_lines::LogComparisonError;
pub use retention::RetentionReport;

/// Reads the audit trail of a database.
#[derive(Clone, Debug)]
pub struct Auditor {
    database: Arc<dyn Database>,
    keys: Arc<AuditKeys>,
}

/// What an audit has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Chains that were read.
    pub users: u64,
    /// Events that were read.
    pub events: u64,
    /// Lines of stored events in the log; none where it was not asked.
    pub log_lines: Option<u64>,
    /// The first flaw of each chain that has one, by user.
    pub findings: Vec<ChainFinding>,
}

impl AuditReport {
    /// Whether everything is what it was.
    pub const fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds what another look has found; of one chain the earlier flaw stays.
    fn add(&mut self, findings: impl IntoIterator<Item = ChainFinding>) {
        let mut by_user: BTreeMap<UserId, ChainFinding> =
            self.findings.drain(..).map(|it| (it.user, it)).collect();
        for finding in findings {
            let first = by_user.entry(finding.user).or_insert_with(|| finding.clone());
            if finding.seq < first.seq {
                *first = finding;
            }
        }
        self.findings = by_user.into_values().collect();
    }
}

impl Auditor {
    /// Over this database, with these keys.
    pub fn new(database: Arc<dyn Database>, keys: Arc<AuditKeys>) -> Self {
        Self { database, keys }
    }

    /// Looks at every chain, or at that of one user. Blocks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: nothing is known.
    pub fn verify(&self, of: Option<UserId>) -> Result<AuditReport, StoreError> {
        let of = of.map(UserId::value);
        let mut report = self.chains(of)?;
        let ends = self.ends(of)?;
        report.add(ends);
        Ok(report)
    }

    /// The same, and holds what is stored against a log: a missing end, or a user who is missing whole.
    ///
    /// # Errors
    ///
    /// [`LogComparisonError`] when the store gave no answer or the log cannot be read: nothing is known.
    pub fn verify_with_log(
        &self,
        of: Option<UserId>,
        logs: impl IntoIterator<Item = Box<dyn BufRead>>,
    ) -> Result<AuditReport, LogComparisonError> {
        let mut report = self.verify(of)?;
        let mut lines = 0_u64;
        for log in logs {
            let (read, findings) = log_lines::compare(self, of, log)?;
            lines = lines.saturating_add(read);
            report.add(findings);
        }
        report.log_lines = Some(lines);
        Ok(report)
    }

    fn chains(&self, of: Option<i64>) -> Result<AuditReport, StoreError> {
        let mut report = AuditReport::default();
        let mut findings = Vec::new();
        let mut after = ChainPosition { user: i64::MIN, seq: i64::MIN };
        let mut walk: Option<ChainVerifier<'_>> = None;
        let mut broken: Option<i64> = None;
        loop {
            let (rows, floors) = self.database.chain(after, of)?;
            let Some(last) = rows.last() else { break };
            after = last.place();
            for row in &rows {
                report.events = report.events.saturating_add(1);
                if walk.as_ref().is_none_or(|walk| walk.user() != row.user_id) {
                    findings.extend(
                        walk.take().filter(|it| broken != Some(it.user())).and_then(|it| it.finish()),
                    );
                    report.users = report.users.saturating_add(1);
                }
                let chain = walk.get_or_insert_with(|| ChainVerifier::new(&self.keys, row.user_id));
                if broken == Some(row.user_id) {
                    continue;
                }
                if let Err(finding) = chain.step(row, floor_of(&floors, row.user_id)) {
                    broken = Some(row.user_id);
                    findings.push(finding);
                }
            }
        }
        findings.extend(walk.filter(|it| broken != Some(it.user())).and_then(|it| it.finish()));
        report.add(findings);
        Ok(report)
    }

    /// Holds the end of each chain against the row of its user.
    fn ends(&self, of: Option<i64>) -> Result<Vec<ChainFinding>, StoreError> {
        let (mut findings, mut after) = (Vec::new(), i64::MIN);
        loop {
            let (rows, floors) = self.database.ends(after, of)?;
            let Some(last) = rows.last() else { break };
            after = last.user_id;
            findings.extend(rows.iter().filter_map(|row| self.end(row, floor_of(&floors, row.user_id))));
        }
        Ok(findings)
    }

    fn end(&self, row: &EndRow, floor: Option<&FloorRow>) -> Option<ChainFinding> {
        let finding = |seq, flaw| Some(ChainFinding { user: UserId::new(row.user_id), seq, flaw });
        let floor = floor.filter(|it| is_genuine(&self.keys, it)).map(|it| (it.seq, it.mac.as_str()));
        let last = row.last_seq.zip(row.last_mac.as_deref()).or(floor);
        let head = row.head_seq.zip(row.head_mac.as_deref()).filter(|(seq, _)| *seq > 0);
        match (head, last) {
            (None, None) => None,
            (Some(head), Some(last)) if head == last => None,
            (Some((head, _)), Some((last, _))) if head > last => {
                finding(last.saturating_add(1), ChainFlaw::Removed)
            }
            (Some(_), None) => finding(1, ChainFlaw::Removed),
            (head, Some((last, _))) => {
                finding(head.map_or(1, |(seq, _)| seq.saturating_add(1)).min(last), ChainFlaw::BeyondHead)
            }
        }
    }
}

fn floor_of(floors: &[FloorRow], user: i64) -> Option<&FloorRow> {
    floors.iter().find(|it| it.user_id == user)
}
