//! Verification of the audit log.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::Arc;

use mfa_core::{StoreError, UserId};
use serde::Serialize;

use super::chain_verifier::{ChainFinding, ChainFlaw, ChainVerifier, is_genuine};
use super::log_lines::{self, LogComparisonError};
use crate::crypto::AuditKeys;
use crate::database::Database;
use crate::database::audit::{ChainPosition, EndRow, FloorRow};

/// Verifies, exports and trims the audit log of a database.
#[derive(Clone, Debug)]
pub struct Auditor {
    pub(super) database: Arc<dyn Database>,
    pub(super) keys: Arc<AuditKeys>,
}

/// Result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Number of verified chains.
    pub users: u64,
    /// Number of verified events.
    pub events: u64,
    /// Number of log lines about stored events; `None` if no log was compared.
    pub log_lines: Option<u64>,
    /// First flaw of each flawed chain, by user.
    pub findings: Vec<ChainFinding>,
}

impl AuditReport {
    /// Returns whether no flaw was found.
    pub const fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    /// Merges more findings; keeps the earliest flaw of each chain.
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
    /// Creates an auditor of this database, with these keys.
    pub fn new(database: Arc<dyn Database>, keys: Arc<AuditKeys>) -> Self {
        Self { database, keys }
    }

    /// Verifies every chain, or that of one user. Blocks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: the verification is incomplete.
    pub fn verify(&self, of: Option<UserId>) -> Result<AuditReport, StoreError> {
        let of = of.map(UserId::value);
        let mut report = self.verify_chains(of)?;
        let ends = self.verify_ends(of)?;
        report.add(ends);
        Ok(report)
    }

    /// Verifies like [`Auditor::verify`], and compares the events with log files.
    ///
    /// The comparison finds events missing at the end of a chain, and users whose events are missing entirely.
    ///
    /// # Errors
    ///
    /// [`LogComparisonError`] if the database did not answer or a log cannot be read: the verification is incomplete.
    pub fn verify_with_log(
        &self,
        of: Option<UserId>,
        logs: impl IntoIterator<Item = Box<dyn BufRead>>,
    ) -> Result<AuditReport, LogComparisonError> {
        let mut report = self.verify(of)?;
        let mut lines = 0_u64;
        for log in logs {
            let (read, findings) = log_lines::compare(self.database.as_ref(), &self.keys, of, log)?;
            lines = lines.saturating_add(read);
            report.add(findings);
        }
        report.log_lines = Some(lines);
        Ok(report)
    }

    /// Verifies the links of each chain.
    fn verify_chains(&self, of: Option<i64>) -> Result<AuditReport, StoreError> {
        let mut report = AuditReport::default();
        let mut findings = Vec::new();
        let mut after = ChainPosition { user: i64::MIN, seq: i64::MIN };
        let mut verifier: Option<ChainVerifier<'_>> = None;
        let mut broken: Option<i64> = None;
        loop {
            let (rows, floors) = self.database.chain(after, of)?;
            let Some(last) = rows.last() else { break };
            after = last.place();
            for row in &rows {
                report.events = report.events.saturating_add(1);
                if verifier.as_ref().is_none_or(|verifier| verifier.user() != row.user_id) {
                    findings.extend(
                        verifier.take().filter(|it| broken != Some(it.user())).and_then(|it| it.finish()),
                    );
                    report.users = report.users.saturating_add(1);
                }
                let chain = verifier.get_or_insert_with(|| ChainVerifier::new(&self.keys, row.user_id));
                if broken == Some(row.user_id) {
                    continue;
                }
                if let Err(finding) = chain.step(row, floor_of(&floors, row.user_id)) {
                    broken = Some(row.user_id);
                    findings.push(finding);
                }
            }
        }
        findings.extend(verifier.filter(|it| broken != Some(it.user())).and_then(|it| it.finish()));
        for finding in findings {
            if finding.flaw != ChainFlaw::ErasedUnrecorded || self.has_user(finding.user)? {
                report.add([finding]);
            }
        }
        Ok(report)
    }

    /// Returns whether the user exists.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    // The chain of a deleted user has no end in `users` and takes no more events, so it cannot record that an
    // administrator's data was erased from it.
    pub fn has_user(&self, user: UserId) -> Result<bool, StoreError> {
        let (rows, _) = self.database.ends(i64::MIN, Some(user.value()))?;
        Ok(!rows.is_empty())
    }

    /// Compares the last event of each chain with the row of its user.
    fn verify_ends(&self, of: Option<i64>) -> Result<Vec<ChainFinding>, StoreError> {
        let (mut findings, mut after) = (Vec::new(), i64::MIN);
        loop {
            let (rows, floors) = self.database.ends(after, of)?;
            let Some(last) = rows.last() else { break };
            after = last.user_id;
            findings
                .extend(rows.iter().filter_map(|row| self.verify_end(row, floor_of(&floors, row.user_id))));
        }
        Ok(findings)
    }

    fn verify_end(&self, row: &EndRow, floor: Option<&FloorRow>) -> Option<ChainFinding> {
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

/// Returns the floor of a user: the last event that retention removed.
pub(super) fn floor_of(floors: &[FloorRow], user: i64) -> Option<&FloorRow> {
    floors.iter().find(|it| it.user_id == user)
}
