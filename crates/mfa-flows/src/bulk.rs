//! Administrators' actions on many users at once. Each user is one decision of its own, so a bulk action that was
//! interrupted is repeated without harm.

use std::num::NonZeroUsize;

use futures::stream::{self, StreamExt, TryStreamExt};
use mfa_core::{Account, EventKind, Phase, RepairScope, StoreErrorKind, Timestamp, UserId};

use crate::admin::{RequirementChange, admin_event};
use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

/// Users whose accounts are changed at the same time: enough to fill a commit, few enough to leave room for logins.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// Action on many users.
///
/// Exhaustive, so that each interface offers each action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Require MFA.
    Enforce,
    /// Require a phishing-resistant factor.
    RequirePhishingResistant,
    /// End the lock and reset the number of wrong codes.
    Unlock,
    /// Remove all factors, end all sessions and unlock.
    Reset,
}

impl BulkAction {
    /// All actions.
    pub const ALL: [Self; 4] = [Self::Enforce, Self::RequirePhishingResistant, Self::Unlock, Self::Reset];

    /// Returns the name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::RequirePhishingResistant => "require_phishing_resistant",
            Self::Unlock => "unlock",
            Self::Reset => "reset",
        }
    }

    /// Returns the action with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    const fn event(self) -> EventKind {
        match self {
            Self::Enforce | Self::RequirePhishingResistant => EventKind::AdminEnforce,
            Self::Unlock => EventKind::AdminUnlock,
            Self::Reset => EventKind::AdminReset,
        }
    }

    /// Returns what the action replaces in a row that cannot be read, as the action on one user does.
    const fn repairs(self) -> Option<RepairScope> {
        match self {
            Self::Enforce | Self::RequirePhishingResistant => None,
            Self::Unlock => Some(RepairScope::Lock),
            Self::Reset => Some(RepairScope::All),
        }
    }

    /// Returns whether the account is already as the action leaves it.
    fn is_done(self, account: &Account) -> bool {
        match self {
            Self::Enforce => account.mfa_enforced,
            Self::RequirePhishingResistant => account.internal.phishing_resistant_required,
            Self::Unlock => !account.can_be_unlocked(),
            Self::Reset => !account.can_be_reset(),
        }
    }

    fn apply(self, account: &mut Account, now: Timestamp) {
        match self {
            Self::Enforce => account.mfa_enforced = true,
            Self::RequirePhishingResistant => account.internal.phishing_resistant_required = true,
            Self::Unlock => account.unlock(),
            Self::Reset => account.reset(now),
        }
    }
}

/// Result of a bulk action for one user.
///
/// Exhaustive, so that each interface names each result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkOutcome {
    /// The account was changed.
    Done,
    /// The account was already so; no event was recorded.
    Unchanged,
    /// The user does not exist.
    NotFound,
    /// The account was not changed: a reset of an administrator or of the caller, or a row that rejects the change.
    Refused,
}

impl BulkOutcome {
    /// Returns the name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
        }
    }
}

/// User of a bulk action, with the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkResult {
    /// The user.
    pub user: UserId,
    /// Result for the account.
    pub outcome: BulkOutcome,
}

impl Flows {
    /// Performs an action on each of these users and returns the results in their order.
    ///
    /// A reset of many skips administrators and the caller, so that one wrong selection locks no administrator out.
    ///
    /// # Errors
    ///
    /// [`FlowError::MethodNotAvailable`] if a phishing-resistant factor is to be required and passkeys are off;
    /// [`FlowError::Store`] if the database did not answer: some users may be changed, so repeat the action.
    pub async fn perform_bulk(
        &self,
        call: &AdminCall,
        caller: Option<UserId>,
        action: BulkAction,
        users: Vec<UserId>,
    ) -> Result<Vec<BulkResult>, FlowError> {
        if action == BulkAction::RequirePhishingResistant && self.policy.passkeys.is_none() {
            return Err(FlowError::MethodNotAvailable);
        }
        let results = stream::iter(users).map(|user| async move {
            let outcome = if action == BulkAction::Reset && caller == Some(user) {
                BulkOutcome::Refused
            } else {
                self.perform_one(call, action, user).await?
            };
            Ok(BulkResult { user, outcome })
        });
        results.buffered(CONCURRENCY.get()).try_collect().await
    }

    async fn perform_one(
        &self,
        call: &AdminCall,
        action: BulkAction,
        user: UserId,
    ) -> Result<BulkOutcome, FlowError> {
        let mut decided = self.decide_one(call, action, user).await;
        if let (Err(error), Some(scope)) = (&decided, action.repairs())
            && error.kind() == StoreErrorKind::Corrupt
            && self.ports.accounts.repair(user, scope, self.now()).await?
        {
            decided = self.decide_one(call, action, user).await;
        }
        match decided {
            Ok(outcome) => Ok(outcome.unwrap_or(BulkOutcome::NotFound)),
            Err(error) if error.kind().is_of_row() => Ok(BulkOutcome::Refused),
            Err(error) => Err(FlowError::Store(error)),
        }
    }

    async fn decide_one(
        &self,
        call: &AdminCall,
        action: BulkAction,
        user: UserId,
    ) -> Result<Option<BulkOutcome>, mfa_core::StoreError> {
        let now = self.now();
        let mut event = admin_event(call, action.event(), now);
        if action == BulkAction::RequirePhishingResistant {
            let change = RequirementChange { enforced: None, phishing_resistant: Some(true) };
            event.reason = Some(change.describe(call.reason.as_deref()));
        }
        let decision = move |account: &mut Account| {
            if action == BulkAction::Reset && account.is_superuser {
                return BulkOutcome::Refused;
            }
            if action.is_done(account) {
                return BulkOutcome::Unchanged;
            }
            action.apply(account, now);
            account.record(event.clone());
            BulkOutcome::Done
        };
        self.ports.accounts.update(user, Phase::Begin, decision).await
    }
}
