//! One group of decisions: read together, decided in order of arrival, written together, then answered.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use diesel::result::{DatabaseErrorKind, Error};
use mfa_core::{Account, Decision, EventSink, LoggedEvent, StoreError, StoreErrorKind, UserId};

use super::clock::now;
use super::queue::Job;
use super::write::{AccountWrite, GroupFailure, GroupStore, WriteResult};
use crate::database::chain::{Chain, ChainedEvent, LastEvents};
use crate::database::notifications::Notifications;
use crate::database::row::{AccountRow, RowError, differs_in_cold_columns};
use crate::metrics::{GroupResult, StoreMetrics};

/// Outcome of one decision in the run that was stored.
enum DecisionOutcome {
    NoSuchUser,
    Corrupt(String),
    Ran,
    Panicked,
    NoEntropy,
    /// The row was inserted, and its earlier events are not known.
    NeedsLastEvent,
}

/// Accounts of a group, as read and as changed so far; or the reason why a row is invalid.
///
/// They are compared as accounts, never as rows: a database may format a JSON document differently.
type GroupAccounts = HashMap<UserId, Result<GroupAccount, String>>;

/// Account of a group.
struct GroupAccount {
    /// As it was read.
    before: Account,
    /// With the changes of the decisions so far.
    after: Account,
    /// Whether `after` may differ from `before`.
    may_differ: bool,
}

impl GroupAccount {
    /// Runs a decision. If it panics, its changes are dropped.
    fn run(&mut self, decision: &mut Decision) -> DecisionOutcome {
        // Most accounts have one decision in a group: `before` is the copy that a panic needs.
        let copy = self.may_differ.then(|| self.after.clone());
        self.may_differ = true;
        if catch_unwind(AssertUnwindSafe(|| decision(&mut self.after))).is_ok() {
            return DecisionOutcome::Ran;
        }
        self.after = copy.unwrap_or_else(|| self.before.clone());
        DecisionOutcome::Panicked
    }
}

/// Services of every group.
#[derive(Clone, Debug)]
pub(crate) struct GroupContext {
    pub(crate) chain: Chain,
    pub(crate) log: Arc<dyn EventSink>,
    pub(crate) metrics: StoreMetrics,
    /// Queuing of notifications; `None` if they are off.
    pub(crate) notifications: Option<Notifications>,
}

impl GroupContext {
    /// Runs a group and answers its jobs. Returns the jobs whose account was not stored, or not as far as is known.
    pub(crate) fn run(&self, store: &mut dyn GroupStore, jobs: Vec<Job>) -> Vec<Job> {
        self.run_after(store, jobs, None)
    }

    /// Runs a group. `newest` are the last events of the accounts whose rows may not know them.
    fn run_after(
        &self,
        store: &mut dyn GroupStore,
        mut jobs: Vec<Job>,
        newest: Option<&LastEvents>,
    ) -> Vec<Job> {
        self.metrics.group(jobs.len());
        // Jobs with an unconfirmed write belong to one account and to one write.
        let sought = jobs.first().and_then(|job| job.sent.clone());
        let mut users: Vec<i64> = jobs.iter().map(|job| job.user.value()).collect();
        users.sort_unstable();
        users.dedup();
        let mut outcomes = Vec::new();
        let mut sent: Vec<Arc<AccountWrite>> = Vec::new();
        let mut was_stored = false;
        let result = store.run(&users, sought.as_deref(), &mut |rows, is_stored| {
            was_stored = is_stored;
            if is_stored {
                // The earlier decision stands: its result is returned, and it does not run again.
                outcomes = jobs.iter().map(|_| DecisionOutcome::Ran).collect();
                return Vec::new();
            }
            let (decided, writes) = self.decide(&mut jobs, rows, newest);
            outcomes = decided;
            sent.clone_from(&writes);
            writes
        });
        self.metrics.result(result_of(&result));
        let failure = match result {
            Ok(written) => {
                if let Some(sought) = sought.filter(|_| was_stored) {
                    self.record(&sought.events);
                }
                let (jobs, again) = split_inserted(jobs, &mut outcomes);
                let mut lost = self.answer(jobs, outcomes, &sent, &written);
                if !again.is_empty() {
                    lost.extend(self.run_after_last_events(store, again));
                }
                return lost;
            }
            Err(failure) => failure,
        };
        match failure {
            GroupFailure::Unknown(_) if !sent.is_empty() => {
                let unknown = sent.iter().map(|write| write.row.id).collect();
                self.answer(jobs, outcomes, &sent, &WriteResult { stored: Vec::new(), unknown })
            }
            GroupFailure::Refused(error)
                if users.len() == 1 && newest.is_none() && sought.is_none() && is_taken(&error) =>
            {
                // An event with this number is stored: the row was deleted and inserted again, or restored.
                self.run_after_last_events(store, jobs)
            }
            GroupFailure::Refused(_) if jobs.len() > 1 && sought.is_none() => {
                // One of the writes is invalid: halve the group until it is alone.
                let rest = jobs.split_off(jobs.len().div_ceil(2));
                let mut lost = self.run(store, jobs);
                lost.extend(self.run(store, rest));
                lost
            }
            // One of the rows cannot be read: halve the group until its row is alone, for as long as callers wait.
            GroupFailure::Unreadable(_) if users.len() > 1 && jobs.iter().all(|job| job.deadline > now()) => {
                let rest = jobs.split_off(jobs.len().div_ceil(2));
                let mut lost = self.run(store, jobs);
                lost.extend(self.run(store, rest));
                lost
            }
            // The outcome of the earlier write is still unknown.
            GroupFailure::Unreachable(_) | GroupFailure::Unreadable(_) if sought.is_some() => jobs,
            GroupFailure::Unreadable(error) if users.len() == 1 => {
                for user in users {
                    refuse_unreadable(store, user, &error, &mut jobs);
                }
                Vec::new()
            }
            failure => {
                refuse(jobs, &failure);
                Vec::new()
            }
        }
    }

    /// Runs jobs of users whose rows may not know their last events. If these cannot be read, none runs.
    fn run_after_last_events(&self, store: &mut dyn GroupStore, jobs: Vec<Job>) -> Vec<Job> {
        let mut users: Vec<i64> = jobs.iter().map(|job| job.user.value()).collect();
        users.sort_unstable();
        users.dedup();
        match store.last_events(&users) {
            Ok(newest) => self.run_after(store, jobs, Some(&newest)),
            Err(failure) => {
                refuse(jobs, &failure);
                Vec::new()
            }
        }
    }

    /// Runs each decision in turn on its account, with the changes of earlier decisions.
    fn decide(
        &self,
        jobs: &mut [Job],
        rows: Vec<AccountRow>,
        newest: Option<&LastEvents>,
    ) -> (Vec<DecisionOutcome>, Vec<Arc<AccountWrite>>) {
        let mut accounts: GroupAccounts = HashMap::with_capacity(rows.len());
        let is_known = |user: i64| newest.is_some_and(|it| it.contains_key(&user));
        for row in rows {
            let newest = newest.and_then(|it| it.get(&row.id));
            let account = row.to_account().map_err(|error| error.to_string()).map(|before| {
                let mut after = before.clone();
                if newest.is_some() || !before.internal.inserted {
                    after.record_foreign_changes();
                }
                if let Some(newest) = newest {
                    after.continue_chain(newest.head.clone(), newest.at);
                }
                let may_differ = newest.is_some() || !after.events.is_empty();
                GroupAccount { before, after, may_differ }
            });
            accounts.insert(UserId::new(row.id), account);
        }
        let outcomes = jobs
            .iter_mut()
            .map(|job| match accounts.get_mut(&job.user) {
                None => DecisionOutcome::NoSuchUser,
                Some(Err(why)) => DecisionOutcome::Corrupt(why.clone()),
                Some(Ok(account)) if account.before.internal.inserted && !is_known(job.user.value()) => {
                    DecisionOutcome::NeedsLastEvent
                }
                Some(Ok(account)) => account.run(&mut job.decision),
            })
            .collect::<Vec<_>>();
        self.writes(jobs, accounts, outcomes)
    }

    /// Builds the writes of the changed accounts.
    fn writes(
        &self,
        jobs: &[Job],
        accounts: GroupAccounts,
        mut outcomes: Vec<DecisionOutcome>,
    ) -> (Vec<DecisionOutcome>, Vec<Arc<AccountWrite>>) {
        let mut writes = Vec::new();
        for (user, account) in accounts {
            let Ok(GroupAccount { mut before, mut after, .. }) = account else { continue };
            // The mark of an inserted row alone is no reason to write.
            let mark = std::mem::replace(&mut before.internal.inserted, after.internal.inserted);
            let is_unchanged = before == after;
            before.internal.inserted = mark;
            if is_unchanged {
                continue;
            }
            let events = self.chain.append(&mut after);
            let mails = match (&events, self.notifications) {
                (Ok(events), Some(notifications)) => notifications.of(&before, &mut after, events),
                _ => Vec::new(),
            };
            if let (Ok(events), Some(row)) = (events, AccountRow::from_account(&after)) {
                let is_cold = differs_in_cold_columns(before, &mut after);
                writes.push(Arc::new(AccountWrite { row, is_cold, events, mails }));
                continue;
            }
            // Without randomness no event has an id, so nothing of this account may be stored.
            for (_, outcome) in jobs.iter().zip(&mut outcomes).filter(|(job, _)| job.user == user) {
                *outcome = DecisionOutcome::NoEntropy;
            }
        }
        (outcomes, writes)
    }

    /// Answers the jobs whose outcome is final, records the stored events, and returns the other jobs.
    fn answer(
        &self,
        jobs: Vec<Job>,
        outcomes: Vec<DecisionOutcome>,
        sent: &[Arc<AccountWrite>],
        written: &WriteResult,
    ) -> Vec<Job> {
        let is_lost = |user: UserId| {
            sent.iter().any(|write| write.row.id == user.value()) && !written.stored.contains(&user.value())
        };
        let unknown: HashMap<i64, Arc<AccountWrite>> = sent
            .iter()
            .filter(|write| written.unknown.contains(&write.row.id))
            .map(|write| (write.row.id, Arc::clone(write)))
            .collect();
        let mut lost = Vec::new();
        for (mut job, outcome) in jobs.into_iter().zip(outcomes) {
            if let (Some(write), DecisionOutcome::Ran) = (unknown.get(&job.user.value()), &outcome) {
                job.sent = Some(Arc::clone(write));
                lost.push(job);
                continue;
            }
            if is_lost(job.user) && matches!(outcome, DecisionOutcome::Ran) {
                // An earlier write, if any, was not stored: this write replaced it and was not stored either.
                job.sent = None;
                lost.push(job);
                continue;
            }
            match outcome {
                DecisionOutcome::Ran => job.answer(Ok(true)),
                DecisionOutcome::NoSuchUser => job.answer(Ok(false)),
                DecisionOutcome::Panicked => job.refuse(StoreErrorKind::DecisionPanicked),
                DecisionOutcome::NoEntropy | DecisionOutcome::NeedsLastEvent => {
                    job.refuse(StoreErrorKind::Unavailable);
                }
                DecisionOutcome::Corrupt(why) => {
                    job.answer(Err(StoreError::new(StoreErrorKind::Corrupt, "committer").with_source(why)));
                }
            }
        }
        for write in sent.iter().filter(|write| written.stored.contains(&write.row.id)) {
            self.record(&write.events);
        }
        lost
    }

    /// Records stored events in the log.
    fn record(&self, events: &[ChainedEvent]) {
        for chained in events {
            self.log.record(LoggedEvent {
                user: Some(chained.user),
                event: &chained.event,
                chain: Some((chained.seq, &chained.mac)),
            });
        }
    }
}

/// Takes out the jobs of inserted rows.
fn split_inserted(jobs: Vec<Job>, outcomes: &mut Vec<DecisionOutcome>) -> (Vec<Job>, Vec<Job>) {
    let mut others = Vec::with_capacity(jobs.len());
    let mut kept = Vec::with_capacity(jobs.len());
    let mut again = Vec::new();
    for (job, outcome) in jobs.into_iter().zip(std::mem::take(outcomes)) {
        if matches!(outcome, DecisionOutcome::NeedsLastEvent) {
            again.push(job);
        } else {
            others.push(job);
            kept.push(outcome);
        }
    }
    *outcomes = kept;
    (others, again)
}

/// Whether another attempt may succeed: the database was busy, read-only or full.
fn is_transient(error: &Error) -> bool {
    let Error::DatabaseError(kind, information) = error else { return true };
    let message = information.message();
    let says = |text: &&str| message.contains(text);
    matches!(kind, DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ReadOnlyTransaction)
        || [
            "canceling statement",
            "deadlock detected",
            "database is locked",
            "disk is full",
            "No space left",
            "could not extend",
            "I/O error",
        ]
        .iter()
        .any(says)
}

/// Whether the database refused a write because a value must be unique.
const fn is_taken(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

fn result_of(result: &Result<WriteResult, GroupFailure>) -> GroupResult {
    match result {
        Ok(written) if written.unknown.is_empty() => GroupResult::Stored,
        Ok(_) | Err(GroupFailure::Unknown(_)) => GroupResult::Unknown,
        Err(GroupFailure::Refused(_) | GroupFailure::Unreadable(_)) => GroupResult::Refused,
        Err(GroupFailure::Unreachable(_)) => GroupResult::Unreachable,
    }
}

/// Answers the jobs of a user whose row the database refuses to read, with the name of the column.
fn refuse_unreadable(store: &mut dyn GroupStore, user: i64, error: &Error, jobs: &mut Vec<Job>) {
    let column = store.unreadable_column(user).unwrap_or("unknown");
    let why = format!("{} ({error})", RowError::new(user, column));
    for job in jobs.drain(..) {
        job.answer(Err(StoreError::new(StoreErrorKind::Corrupt, "committer").with_source(why.clone())));
    }
}

fn refuse(jobs: Vec<Job>, failure: &GroupFailure) {
    let kind = match failure {
        GroupFailure::Refused(error) if !is_transient(error) => StoreErrorKind::Rejected,
        GroupFailure::Refused(_) | GroupFailure::Unreadable(_) | GroupFailure::Unreachable(_) => {
            StoreErrorKind::Unavailable
        }
        GroupFailure::Unknown(_) => StoreErrorKind::Unknown,
    };
    let why = failure.to_string();
    for job in jobs {
        let kind = if job.sent.is_some() { StoreErrorKind::Unknown } else { kind };
        let why = match kind {
            StoreErrorKind::Rejected => format!("cannot write user {}: {why}", job.user.value()),
            _ => why.clone(),
        };
        job.answer(Err(StoreError::new(kind, "committer").with_source(why)));
    }
}
