//! Queue capacities and timeouts of committers.

use std::time::Duration;

/// Bounds on the queue of a committer and on waiting times.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CommitterLimits {
    /// Maximum number of waiting decisions of each committer.
    pub waiting: usize,
    /// Maximum number of waiting decisions of one account.
    pub waiting_per_account: usize,
    /// Maximum number of decisions in one commit.
    pub group: usize,
    /// Maximum time that a decision waits before it is dropped without having run.
    pub patience: Duration,
    /// Maximum time that a caller waits for the result, the commit included.
    pub answer_within: Duration,
}

impl Default for CommitterLimits {
    /// 2048 waiting decisions, 8 of one account, 64 in one commit; 3 s of wait, 8 s for the result.
    fn default() -> Self {
        Self {
            waiting: 2048,
            waiting_per_account: 8,
            group: 64,
            patience: Duration::from_secs(3),
            answer_within: Duration::from_secs(8),
        }
    }
}

impl CommitterLimits {
    /// Sets the maximum number of waiting decisions of each committer.
    #[must_use]
    pub const fn with_waiting(self, waiting: usize) -> Self {
        Self { waiting, ..self }
    }

    /// Sets the maximum number of waiting decisions of one account.
    #[must_use]
    pub const fn with_waiting_per_account(self, waiting_per_account: usize) -> Self {
        Self { waiting_per_account, ..self }
    }

    /// Sets the maximum number of decisions in one commit.
    #[must_use]
    pub const fn with_group(self, group: usize) -> Self {
        Self { group, ..self }
    }

    /// Sets the maximum time that a decision waits.
    #[must_use]
    pub const fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sets the maximum time that a caller waits for the result.
    #[must_use]
    pub const fn with_answer_within(self, answer_within: Duration) -> Self {
        Self { answer_within, ..self }
    }
}
