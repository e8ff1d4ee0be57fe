//! One group of decisions: read together, decided in order of arrival, written together, then answered.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mfa_core::{Account, EventLine, EventLog, StoreError, StoreErrorKind, UserId};

use super::queue::Job;
use crate::database::chain::{Chain, ChainedEvent};
use crate::database::row::AccountRow;
use crate::metrics::{GroupFate, StoreMetrics};

/// A changed account, with its events, on its way into the store.
#[derive(Debug)]
pub(crate) struct Write {
    /// As it is to be, but with the version that was read.
    pub(crate) row: AccountRow,
    /// Whether a column changed that a verification does not write.
    pub(crate) is_cold: bool,
    pub(crate) events: Vec<ChainedEvent>,
}

/// What is known of a group that was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The store answered no: nothing was stored.
    #[error("refused: {0}")]
    Refused(diesel::result::Error),
    /// The store was not reached: nothing was stored.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The connection was lost after the write was sent.
    #[error("unknown: {0}")]
    Unknown(diesel::result::Error),
}

/// What became of the writes of a group.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The users whose account was stored.
    pub(crate) stored: Vec<i64>,
    /// Those of whom it is not known: the connection was lost after their write was sent.
    pub(crate) unknown: Vec<i64>,
}

/// What decides: rows as they are in, changed accounts out.
pub(crate) type Decide<'a> = &'a mut dyn FnMut(Vec<AccountRow>) -> Vec<Write>;

/// One connection to a store of accounts.
pub(crate) trait GroupStore: Send {
    /// Reads these accounts, has them decided, and stores what changed, all with one commit. An account whose row
    /// changed meanwhile, or is held by somebody else, is neither stored nor unknown.
    fn run(&mut self, users: &[i64], decide: Decide<'_>) -> Result<Written, Failure>;

    /// What can be done between groups, off the path of an answer.
    fn tend(&mut self) {}
}

/// What became of one decision in the run that was stored.
enum Outcome {
    NoSuchUser,
    Corrupt(String),
    Ran,
    Panicked,
    NoEntropy,
}

/// The accounts of a group, as they were read and as the decisions so far left them; or why a row means none. They are
/// compared as accounts, never as rows: a database may spell a document otherwise than it was written.
type Accounts = HashMap<UserId, Result<(Account, Account), String>>;

/// What every group needs.
#[derive(Clone, Debug)]
pub(crate) struct GroupContext {
    pub(crate) chain: Chain,
    pub(crate) log: std::sync::Arc<dyn EventLog>,
    pub(crate) metrics: StoreMetrics,
}

impl GroupContext {
    /// Runs a group to its end. Answers every job but those whose account was not stored, which it returns.
    pub(crate) fn run(&self, store: &mut dyn GroupStore, mut jobs: Vec<Job>) -> Vec<Job> {
        self.metrics.group(jobs.len());
        let mut users: Vec<i64> = jobs.iter().map(|job| job.user.value()).collect();
        users.sort_unstable();
        users.dedup();
        let mut outcomes = Vec::new();
        let mut sent: Vec<(i64, Vec<ChainedEvent>)> = Vec::new();
        let result = store.run(&users, &mut |rows| {
            let (decided, writes) = self.decide(&mut jobs, rows);
            outcomes = decided;
            sent = writes.iter().map(|write| (write.row.id, write.events.clone())).collect();
            writes
        });
        self.metrics.fate(fate(&result));
        match result {
            Ok(written) => self.answer(jobs, outcomes, &sent, &written),
            Err(Failure::Refused(error)) if jobs.len() > 1 => {
                // One of them is to blame: halve until it stands alone.
                drop(error);
                let rest = jobs.split_off(jobs.len().div_ceil(2));
                let mut lost = self.run(store, jobs);
                lost.extend(self.run(store, rest));
                lost
            }
            Err(failure) => {
                refuse(jobs, &failure);
                Vec::new()
            }
        }
    }

    /// Runs each decision in turn on a copy of its account as the ones before it left it.
    fn decide(&self, jobs: &mut [Job], rows: Vec<AccountRow>) -> (Vec<Outcome>, Vec<Write>) {
        let mut accounts: Accounts = HashMap::with_capacity(rows.len());
        for row in rows {
            let account = row.to_account().map_err(|error| error.to_string());
            accounts.insert(UserId::new(row.id), account.map(|it| (it.clone(), it)));
        }
        let outcomes = jobs
            .iter_mut()
            .map(|job| match accounts.get_mut(&job.user) {
                None => Outcome::NoSuchUser,
                Some(Err(why)) => Outcome::Corrupt(why.clone()),
                Some(Ok((_, account))) => {
                    let mut copy = account.clone();
                    match catch_unwind(AssertUnwindSafe(|| (job.decision)(&mut copy))) {
                        Ok(()) => {
                            *account = copy;
                            Outcome::Ran
                        }
                        Err(_) => Outcome::Panicked,
                    }
                }
            })
            .collect::<Vec<_>>();
        self.writes(jobs, accounts, outcomes)
    }

    fn writes(
        &self,
        jobs: &[Job],
        accounts: Accounts,
        mut outcomes: Vec<Outcome>,
    ) -> (Vec<Outcome>, Vec<Write>) {
        let mut writes = Vec::new();
        for (user, account) in accounts {
            let Ok((before, mut after)) = account else { continue };
            if before == after {
                continue;
            }
            let events = self.chain.append(&mut after);
            let rows = AccountRow::of(&before).zip(AccountRow::of(&after));
            if let (Ok(events), Some((before, row))) = (events, rows) {
                let is_cold = row.differs_in_cold_columns(&before);
                writes.push(Write { row, is_cold, events });
                continue;
            }
            // Without randomness no event has an id: nothing of this account may be stored.
            for (_, outcome) in jobs.iter().zip(&mut outcomes).filter(|(job, _)| job.user == user) {
                *outcome = Outcome::NoEntropy;
            }
        }
        (outcomes, writes)
    }

    fn answer(
        &self,
        jobs: Vec<Job>,
        outcomes: Vec<Outcome>,
        sent: &[(i64, Vec<ChainedEvent>)],
        written: &Written,
    ) -> Vec<Job> {
        let is_lost = |user: UserId| {
            sent.iter().any(|(id, _)| *id == user.value()) && !written.stored.contains(&user.value())
        };
        let mut lost = Vec::new();
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            if written.unknown.contains(&job.user.value()) {
                job.refuse(StoreErrorKind::Unknown);
                continue;
            }
            if is_lost(job.user) {
                lost.push(job);
                continue;
            }
            match outcome {
                Outcome::Ran => job.answer(Ok(true)),
                Outcome::NoSuchUser => job.answer(Ok(false)),
                Outcome::Panicked => job.refuse(StoreErrorKind::DecisionPanicked),
                Outcome::NoEntropy => job.refuse(StoreErrorKind::Unavailable),
                Outcome::Corrupt(why) => {
                    job.answer(Err(StoreError::new(StoreErrorKind::Corrupt, "committer").because(why)));
                }
            }
        }
        for (_, events) in sent.iter().filter(|(id, _)| written.stored.contains(id)) {
            for chained in events {
                self.log.tell(EventLine {
                    user: Some(chained.user),
                    event: &chained.event,
                    chain: Some((chained.seq, &chained.mac)),
                });
            }
        }
        lost
    }
}

fn fate(result: &Result<Written, Failure>) -> GroupFate {
    match result {
        Ok(written) if written.unknown.is_empty() => GroupFate::Stored,
        Ok(_) | Err(Failure::Unknown(_)) => GroupFate::Unknown,
        Err(Failure::Refused(_)) => GroupFate::Refused,
        Err(Failure::Unreachable(_)) => GroupFate::Unreachable,
    }
}

fn refuse(jobs: Vec<Job>, failure: &Failure) {
    let kind = match failure {
        Failure::Refused(_) | Failure::Unreachable(_) => StoreErrorKind::Unavailable,
        Failure::Unknown(_) => StoreErrorKind::Unknown,
    };
    let why = failure.to_string();
    for job in jobs {
        job.answer(Err(StoreError::new(kind, "committer").because(why.clone())));
    }
}
