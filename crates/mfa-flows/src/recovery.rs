//! Recovery codes: a way in where the app and the phone are gone.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use mfa_core::{
    Account, AuthenticatedToken, EventKind, FactorAttempt, FactorKind, FactorResult, HashError, Outcome,
    Phase, RateRule, RecoveryState, Requirement, SecretText, SecurityEvent, Timestamp, UserId,
    VerifiedFactor, begin_attempt, settle_attempt,
};
use mfa_recovery::{CodeListing, CodeLookup, HashComparison, PlainCodeSet, RecoveryCodeInput};

use crate::verify::RemainingCodes;
use crate::{AccessGrant, AdminCall, Call, FlowError, Flows};

/// What a try with a recovery code is for.
#[derive(Clone, Copy)]
pub(crate) struct RecoveryPurpose {
    /// Whether the account may be tried at all.
    pub(crate) may_go: fn(&Account) -> Result<(), FlowError>,
    /// What a right code does beside being spent.
    pub(crate) then: fn(&mut Account, &AuthenticatedToken, Timestamp),
}

impl Flows {
    /// Checks a recovery code as a second factor.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`], which is counted; [`FlowError::NotEnrolled`] where there is no set of codes;
    /// [`FlowError::RateLimited`] by user.
    pub async fn verify_recovery(
        &self,
        call: &Call,
        typed: RecoveryCodeInput,
    ) -> Result<AccessGrant, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.attempt(call, FactorKind::Recovery, Requirement::SecondFactor, now);
        let purpose = RecoveryPurpose { may_go: |_| Ok(()), then: |_, _, _| () };
        let (verified, left) = self.try_recovery(call, attempt, typed, purpose).await?;
        self.grant(&verified, left, now)
    }

    /// One try: counted by a first decision, hashed outside the account's turn, settled by a second.
    pub(crate) async fn try_recovery(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        typed: RecoveryCodeInput,
        purpose: RecoveryPurpose,
    ) -> Result<(VerifiedFactor, RemainingCodes), FlowError> {
        let user = call.token.user;
        self.limit(RateRule::RecoveryPerUser, &user.to_string(), Some(user), &call.origin).await?;
        let (counting, digests) = (attempt.clone(), self.ports.digests.clone());
        let counted = self
            .ports
            .accounts
            .update(user, move |account| {
                let look = |account: &Account| -> Result<CodeLookup, FlowError> {
                    if account.recovery.codes.is_empty() || !account.has_factor() {
                        return Err(FlowError::NotEnrolled);
                    }
                    (purpose.may_go)(account)?;
                    Ok(mfa_recovery::look_up_code(&account.recovery, user, &typed, digests.as_ref()))
                };
                begin_attempt(account, &counting, look)?
                    .map_err(|refused| FlowError::from_deny_reason(refused, counting.at))
            })
            .await?;
        let (slow_try, candidate) = self.answered(call, FactorKind::Recovery, counted)?;
        // Not hashed, because too many wait: the try stays counted, and the code is not spent.
        let tried = candidate.check(self.ports.recovery_hasher.as_ref()).await?;
        self.try_in_turn(Phase::Settle, call, attempt, move |account, attempt| {
            let verdict = settle_attempt(account, attempt, slow_try, |account| {
                Ok::<_, FlowError>(match &tried {
                    HashComparison::Match(fit) => mfa_recovery::spend(&mut account.recovery, fit, attempt.at),
                    HashComparison::NoMatch => FactorResult::Wrong,
                })
            })?;
            if let mfa_core::VerificationOutcome::Verified(_) = verdict {
                (purpose.then)(account, &attempt.token, attempt.at);
            }
            Ok(verdict)
        })
        .await
    }

    /// Makes a new set; every older code is dead. Shown this once.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotEnrolled`] where the account has no factor, or what the account refuses.
    pub async fn regenerate_recovery_codes(&self, call: &Call) -> Result<Vec<SecretText>, FlowError> {
        let now = self.now();
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        // Asked before the hashing as well, so that nobody who may not has ten codes hashed.
        self.decide(call, need, now, |account| enrolled(account)).await?;
        let (set, state) = self.new_recovery_set(call.token.user, now).await?;
        let origin = call.origin.clone();
        self.decide(call, need, now, move |account| {
            enrolled(account)?;
            account.recovery = state.clone();
            let event =
                SecurityEvent::new(EventKind::RecoveryRegenerate, Outcome::Success, now, origin.clone());
            account.record(event.with_method(FactorKind::Recovery));
            Ok(())
        })
        .await?;
        Ok(shown(&set))
    }

    /// The same for an administrator, whatever factors the account has.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn regenerate_for(&self, call: &AdminCall, user: UserId) -> Result<Vec<SecretText>, FlowError> {
        let now = self.now();
        self.ports.accounts.find(user).await?.ok_or(FlowError::NoSuchUser)?;
        let (set, state) = self.new_recovery_set(user, now).await?;
        let replace = move |account: &mut Account| account.recovery = state.clone();
        self.administer(call, user, EventKind::AdminRecovery, now, replace).await?;
        Ok(shown(&set))
    }

    /// The caller's set as its owner may see it; never a code.
    ///
    /// # Errors
    ///
    /// What the account refuses.
    pub async fn recovery_listing(&self, call: &Call) -> Result<CodeListing, FlowError> {
        Ok(mfa_recovery::listing(&self.read(call).await?.recovery))
    }

    /// A set in the clear, to be shown once, and what the row is to keep of it.
    ///
    /// One set of a user at a time, and few of all users: ten hashes take a while, and whoever would have to wait for
    /// many sets is told so before any work.
    pub(crate) async fn new_recovery_set(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<(PlainCodeSet, RecoveryState), FlowError> {
        let _in_the_making = CodeGenerationPermit::begin(&self.hashing, user)?;
        let ports = &self.ports;
        let set = mfa_recovery::generate_set(user, ports.entropy.as_ref(), ports.digests.as_ref())?;
        let state = mfa_recovery::hash_set(&set, ports.recovery_hasher.as_ref(), now).await?;
        Ok((set, state))
    }
}

/// A set whose codes are being hashed; over when dropped.
struct CodeGenerationPermit {
    all: Arc<Mutex<HashSet<UserId>>>,
    user: UserId,
}

impl CodeGenerationPermit {
    /// Sets that may be in the making at once.
    const MOST: usize = 4;

    fn begin(all: &Arc<Mutex<HashSet<UserId>>>, user: UserId) -> Result<Self, FlowError> {
        let mut users = all.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= Self::MOST || !users.insert(user) {
            return Err(FlowError::Hasher(HashError::Overloaded));
        }
        drop(users);
        Ok(Self { all: Arc::clone(all), user })
    }
}

impl Drop for CodeGenerationPermit {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.user);
    }
}

/// The codes as people read them.
pub(crate) fn shown(set: &PlainCodeSet) -> Vec<SecretText> {
    set.codes().map(mfa_recovery::PlainCode::to_display).collect()
}

fn enrolled(account: &Account) -> Result<(), FlowError> {
    if account.has_factor() { Ok(()) } else { Err(FlowError::NotEnrolled) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_set_of_a_user_and_few_of_all_users_are_made_at_once() {
        let all = Arc::default();
        let begin = |user| CodeGenerationPermit::begin(&all, UserId::new(user));
        let refused = |user| matches!(begin(user), Err(FlowError::Hasher(HashError::Overloaded)));
        let first = begin(1).unwrap();
        assert!(refused(1));
        let others: Vec<_> = (2..=4).map(|user| begin(user).unwrap()).collect();
        assert!(refused(5));
        assert!(refused(1), "a refusal frees nothing");
        drop(first);
        drop(begin(1).unwrap());
        drop(others);
        assert!(all.lock().unwrap().is_empty());
    }
}
