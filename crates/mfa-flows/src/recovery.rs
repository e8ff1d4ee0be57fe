//! Recovery codes: verification, regeneration and listing.

use mfa_core::{
    Account, EventKind, FactorAttempt, FactorKind, FactorResult, Outcome, Phase, RateRule, RecoveryState,
    Requirement, SecretText, SecurityEvent, Timestamp, UserId, VerificationOutcome, abandon_attempt,
    begin_attempt, settle_attempt,
};
use mfa_recovery::{CodeListing, CodeLookup, HashComparison, PlainCodeSet, RecoveryCodeInput};

use crate::authenticators::{remove_app, select_app};
use crate::call::{AdminCall, Call};
use crate::code_queue::CodeSetOccasion;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::verify::{PassedAttempt, VerificationGrant};

/// Purpose of a recovery code attempt.
#[derive(Clone, Debug)]
pub(crate) enum RecoveryUse {
    /// Verification of a second factor.
    SecondFactor,
    /// Removal of an authenticator app.
    DisableTotp {
        /// ID of the app. `None`: the only one.
        app: Option<String>,
    },
}

impl RecoveryUse {
    /// Returns the ID of the app to remove, if any.
    ///
    /// # Errors
    ///
    /// The account does not allow it.
    fn app_to_remove(&self, account: &Account) -> Result<Option<String>, FlowError> {
        match self {
            Self::SecondFactor => Ok(None),
            Self::DisableTotp { app } => select_app(account, app.as_deref()).map(Some),
        }
    }
}

impl Flows {
    /// Verifies a recovery code as a second factor.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`], which is counted; [`FlowError::NotEnrolled`] if the account has no recovery codes;
    /// [`FlowError::RateLimited`] by user.
    pub async fn verify_recovery(
        &self,
        call: &Call,
        input: RecoveryCodeInput,
    ) -> Result<VerificationGrant, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.attempt(call, FactorKind::Recovery, Requirement::SecondFactor, now);
        let attempt = self.granting(attempt)?;
        let passed = self.try_recovery(call, attempt, input, RecoveryUse::SecondFactor).await?;
        self.grant(&passed, now)
    }

    /// Tries a recovery code: a first decision counts the attempt, the code is hashed outside of any decision, and a
    /// second decision settles it.
    pub(crate) async fn try_recovery(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        input: RecoveryCodeInput,
        action: RecoveryUse,
    ) -> Result<PassedAttempt, FlowError> {
        let user = call.token.user;
        self.limit(RateRule::RecoveryPerUser, &user.to_string(), Some(user), &call.origin).await?;
        let (counting, digests, counted_use) = (attempt.clone(), self.ports.digests.clone(), action.clone());
        let counted = self.update_caller(call, Phase::Begin, Some(FactorKind::Recovery), move |account| {
            let look_up = |account: &Account| -> Result<CodeLookup, FlowError> {
                if account.recovery.is_absent() || !account.has_factor() {
                    return Err(FlowError::NotEnrolled);
                }
                counted_use.app_to_remove(account)?;
                Ok(mfa_recovery::look_up_code(&account.recovery, user, &input, digests.as_ref()))
            };
            begin_attempt(account, &counting, look_up)?
                .map_err(|reason| FlowError::from_deny_reason(reason, counting.at))
        });
        let (counted_attempt, lookup) = counted.await?;
        let comparison = match lookup.check(self.ports.recovery_hasher.as_ref()).await {
            Ok(comparison) => comparison,
            Err(error) => {
                // If the hasher is overloaded, the attempt stays counted and the code is not spent.
                let record = move |account: &mut Account| {
                    abandon_attempt(account, &attempt, counted_attempt);
                    Ok(())
                };
                self.update_caller(call, Phase::Settle, Some(FactorKind::Recovery), record).await?;
                return Err(error.into());
            }
        };
        self.try_factor(call, Phase::Settle, attempt, move |account, attempt| {
            let outcome = settle_attempt(account, attempt, counted_attempt, |account| {
                Ok::<_, FlowError>(match &comparison {
                    HashComparison::Match(code) => {
                        mfa_recovery::spend(&mut account.recovery, code, attempt.at)
                    }
                    HashComparison::NoMatch => FactorResult::Wrong,
                })
            })?;
            // Checked again: another call may have removed the app while the code was hashed.
            if let (VerificationOutcome::Verified(_), Ok(Some(app))) =
                (&outcome, action.app_to_remove(account))
            {
                remove_app(account, &app, &attempt.token, attempt.at);
            }
            Ok(outcome)
        })
        .await
    }

    /// Replaces the caller's recovery codes and returns the new ones. They are returned only here.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotEnrolled`] if the account has no factor, [`FlowError::RateLimited`] by user,
    /// [`FlowError::Hasher`] if too many sets are being hashed, or the account denies the call.
    pub async fn regenerate_recovery_codes(&self, call: &Call) -> Result<Vec<SecretText>, FlowError> {
        let now = self.now();
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        // Checked before the hashing too, so that a denied caller causes no hashing of ten codes.
        self.decide(call, need, now, |account| check_has_factor(account)).await?;
        self.limit_renewals(call).await?;
        let (set, state) = self.new_recovery_set(call.token.user, CodeSetOccasion::Renewal, now).await?;
        let origin = call.origin.clone();
        self.decide(call, need, now, move |account| {
            check_has_factor(account)?;
            account.recovery = state.clone();
            let event =
                SecurityEvent::new(EventKind::RecoveryRegenerate, Outcome::Success, now, origin.clone());
            account.record(event.with_method(FactorKind::Recovery));
            Ok(())
        })
        .await?;
        Ok(display_codes(&set))
    }

    /// Replaces a user's recovery codes for an administrator, whatever factors the account has.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn regenerate_for(&self, call: &AdminCall, user: UserId) -> Result<Vec<SecretText>, FlowError> {
        let now = self.now();
        self.ports.accounts.find(user).await?.ok_or(FlowError::NoSuchUser)?;
        let (set, state) = self.new_recovery_set(user, CodeSetOccasion::Renewal, now).await?;
        let replace = move |account: &mut Account| account.recovery = state.clone();
        self.administer(call, user, EventKind::AdminRecovery, now, replace).await?;
        Ok(display_codes(&set))
    }

    /// Returns the list of the caller's recovery codes, without the codes themselves.
    ///
    /// # Errors
    ///
    /// The account denies the call.
    pub async fn recovery_listing(&self, call: &Call) -> Result<CodeListing, FlowError> {
        Ok(mfa_recovery::listing(&self.read(call).await?.recovery))
    }

    /// Counts a renewal of the caller's codes against the limit of the user.
    ///
    /// A call that finds the queue full is not counted.
    pub(crate) async fn limit_renewals(&self, call: &Call) -> Result<(), FlowError> {
        self.code_queue.check_room(call.token.user, CodeSetOccasion::Renewal)?;
        self.limit_caller(RateRule::RegeneratePerUser, call).await
    }

    /// Returns a new set in plaintext, to be shown once, and its hashes for the account.
    ///
    /// Sets are hashed one after the other, because ten hashes take a while. A caller who finds the queue full gets
    /// [`HashError::Overloaded`](mfa_core::HashError) before any work.
    pub(crate) async fn new_recovery_set(
        &self,
        user: UserId,
        occasion: CodeSetOccasion,
        now: Timestamp,
    ) -> Result<(PlainCodeSet, RecoveryState), FlowError> {
        let _turn = self.code_queue.enter(user, occasion).await?;
        let ports = &self.ports;
        let set = mfa_recovery::generate_set(user, ports.entropy.as_ref(), ports.digests.as_ref())?;
        let state = mfa_recovery::hash_set(&set, ports.recovery_hasher.as_ref(), now).await?;
        Ok((set, state))
    }
}

/// Returns the codes in the form that users read.
pub(crate) fn display_codes(set: &PlainCodeSet) -> Vec<SecretText> {
    set.codes().map(mfa_recovery::PlainCode::to_display).collect()
}

fn check_has_factor(account: &Account) -> Result<(), FlowError> {
    if account.has_factor() { Ok(()) } else { Err(FlowError::NotEnrolled) }
}
