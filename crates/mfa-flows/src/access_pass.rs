//! Temporary access passes: issued for a user who lost every factor, and exchanged for an enrolment.

use std::borrow::Cow;
use std::time::Duration;

use mfa_core::{
    AccessPassOutcome, Account, AuthenticatedToken, EventKind, FactorAttempt, FactorKind, Outcome,
    PassEnrolment, Phase, RateRule, Requirement, Role, SecretText, SecurityEvent, Timestamp, UserId,
    verify_access_pass,
};
use mfa_jwt::IssuedToken;
use mfa_recovery::{RecoveryCodeInput, SubmittedPass};

use crate::admin::admin_event;
use crate::authenticator_names::{SMS_ID, has_phone, label_of, phone_name, totp_name};
use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::support::{SupportCall, unlock_by};

/// Access pass to issue.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessPassRequest {
    /// Lifetime. `None`: that of the policy.
    pub lifetime: Option<Duration>,
    /// Whether to unlock the account too, if it is locked: a lock applies to the pass.
    pub unlock: bool,
}

/// Access pass that was issued.
#[derive(Debug)]
pub struct IssuedAccessPass {
    /// The pass, to be shown once.
    pub pass: SecretText,
    /// Time when it expires.
    pub expires_at: Timestamp,
}

impl Flows {
    /// Issues a temporary access pass for a user, and replaces an earlier one.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::AccountDisabled`]; [`FlowError::NotAllowed`] if the helpdesk may not help the
    /// user, or not end the lock.
    pub async fn issue_access_pass(
        &self,
        call: &SupportCall,
        user: UserId,
        request: AccessPassRequest,
    ) -> Result<IssuedAccessPass, FlowError> {
        let now = self.now();
        let lifetime = request.lifetime.unwrap_or(self.policy.access_pass_lifetime);
        let pass = mfa_recovery::generate_access_pass(self.ports.entropy.as_ref())?;
        let expires_at = now.plus(lifetime);
        let (role, digests) = (call.role(), self.ports.digests.as_ref());
        let stored = mfa_recovery::stored_access_pass(user, &pass, role, expires_at, digests);
        let [event, unlocked] = [EventKind::AdminAccessPass, EventKind::AdminUnlock]
            .map(|kind| admin_event(call.admin(), kind, now));
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            check_may_have_pass(account, role)?;
            if request.unlock && account.lock(now).is_some() {
                unlock_by(account, role, now)?;
                account.record(unlocked.clone());
            }
            account.set_access_pass(stored.clone(), now);
            account.record(event.clone());
            Ok(())
        });
        decided.await?.unwrap_or(Err(FlowError::NoSuchUser))?;
        Ok(IssuedAccessPass { pass: pass.to_display(), expires_at })
    }

    /// Exchanges a pending token and an access pass for an enrolment token. What it enrols replaces all other factors.
    ///
    /// A wrong pass, and one where none is outstanding, is counted like a wrong code.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`]; [`FlowError::RateLimited`] by user, as for recovery codes; or the account denies the call.
    pub async fn verify_access_pass(
        &self,
        call: &Call,
        input: RecoveryCodeInput,
    ) -> Result<IssuedToken, FlowError> {
        let now = self.trusted_now()?;
        let user = call.token.user;
        self.limit(RateRule::RecoveryPerUser, &user.to_string(), Some(user), &call.origin).await?;
        // Read before the decision: a role is not in the account. Who is granted one meanwhile has not used the pass yet.
        let role = Role::new(false, self.ports.users.is_helpdesk(user).await?);
        let submitted = SubmittedPass::new(user, &input, self.ports.digests.as_ref());
        let jti = self.draw_jti()?;
        let enrolment =
            PassEnrolment { token: jti.token_id(), expires_at: now.plus(mfa_jwt::ENROLMENT_LIFETIME) };
        let attempt = self.attempt(call, FactorKind::Recovery, Requirement::SecondFactor, now);
        let decided = self.update_caller(call, Phase::Begin, None, move |account| {
            Ok(verify_access_pass(account, &attempt, role, &enrolment, |pass| submitted.is(pass)))
        });
        match decided.await? {
            AccessPassOutcome::Accepted(subject) => {
                Ok(self.ports.tokens.enrolment_with_id(&subject, &jti, now)?)
            }
            AccessPassOutcome::InvalidCode => Err(FlowError::InvalidCode),
            AccessPassOutcome::Denied(reason) => {
                let error = FlowError::from_deny_reason(reason, self.now());
                self.record_denial(call, None, &error);
                Err(error)
            }
        }
    }
}

fn check_may_have_pass(account: &Account, issuer: Role) -> Result<(), FlowError> {
    if !account.is_active {
        return Err(FlowError::AccountDisabled);
    }
    // The role was checked before; the row may have changed since.
    if account.is_superuser && issuer != Role::Admin { Err(FlowError::NotAllowed) } else { Ok(()) }
}

/// Returns the account as an enrolment with this token finds it: without its factors if the token came from an access pass.
pub(crate) fn remaining<'a>(account: &'a Account, token: &AuthenticatedToken) -> Cow<'a, Account> {
    if account.enrols_by_pass(token) { Cow::Owned(account.without_factors()) } else { Cow::Borrowed(account) }
}

/// Records the removal of each authenticator that an enrolment by an access pass replaced.
pub(crate) fn record_replaced(account: &mut Account, before: &Account, attempt: &FactorAttempt) {
    let passkeys = before.passkeys.keys.iter().map(|it| (FactorKind::Passkey, label_of(&it.name, &it.id)));
    let apps = before.totp_apps().map(|it| (FactorKind::Totp, label_of(&totp_name(before, it.id), it.id)));
    let phone = has_phone(before).then(|| (FactorKind::Sms, label_of(&phone_name(before), SMS_ID)));
    let removed: Vec<_> = passkeys.chain(apps).chain(phone).collect();
    for (kind, label) in removed {
        let (origin, at) = (attempt.origin.clone(), attempt.at);
        let removal = SecurityEvent::new(EventKind::AuthenticatorRemove, Outcome::Success, at, origin);
        account.record(SecurityEvent { reason: Some(label), ..removal.with_method(kind) });
    }
}
