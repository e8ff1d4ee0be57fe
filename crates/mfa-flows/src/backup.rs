//! Backup method of an account.

use mfa_core::{BackupMethod, EventKind, FactorKind, Outcome, RateRule, Requirement, SecurityEvent};
use mfa_sms::BackupMethodError;

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Sets whether SMS is a factor of the account. Ends no session.
    ///
    /// # Errors
    ///
    /// [`FlowError::MethodNotAvailable`] without a verified number, [`FlowError::FactorRequired`] if it would remove
    /// the last factor of a user who must have one, [`FlowError::PhishingResistantRequired`] for SMS if the
    /// policy accepts no SMS of the user, [`FlowError::RateLimited`] by user, or the account denies the call.
    pub async fn set_backup(&self, call: &Call, method: BackupMethod) -> Result<(), FlowError> {
        let now = self.now();
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        self.decide(call, need, now, |_| Ok(())).await?;
        self.limit_caller(RateRule::BackupPerUser, call).await?;
        let origin = call.origin.clone();
        let policy = self.policy.clone();
        self.decide(call, need, now, move |account| {
            if method == BackupMethod::Sms {
                policy.check_may_enrol(account, FactorKind::Sms)?;
            }
            mfa_sms::set_backup(account, method)?;
            let event = SecurityEvent::new(EventKind::BackupSet, Outcome::Success, now, origin.clone());
            account.record(event.with_method(FactorKind::Sms));
            Ok(())
        })
        .await
    }
}

impl From<BackupMethodError> for FlowError {
    fn from(error: BackupMethodError) -> Self {
        match error {
            BackupMethodError::NoVerifiedNumber => Self::MethodNotAvailable,
            BackupMethodError::FactorRequired => Self::FactorRequired,
        }
    }
}
