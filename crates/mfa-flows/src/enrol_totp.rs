//! Enrolment of an authenticator app: a new secret is enabled once its first code is verified.

use mfa_core::{
    Account, EventKind, FactorAttempt, FactorKind, FactorResult, Outcome, Phase, RateRule, Requirement,
    SecretText, SecurityEvent, Timestamp, VerificationOutcome, confirm,
};
use mfa_totp::{EnrolmentError, Provisioning, TotpCode};

use crate::call::Call;
use crate::code_queue::CodeSetOccasion;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::recovery::display_codes;
use crate::verify::AccessGrant;

/// Confirmed enrolment of the first factor, or of a new authenticator app.
#[derive(Debug)]
pub struct EnrolmentComplete {
    /// New access token; every other session has ended.
    pub granted: AccessGrant,
    /// New recovery codes. They are returned only here.
    pub recovery_codes: Vec<SecretText>,
}

/// New TOTP secret, to be shown once to its user.
#[derive(Debug)]
pub struct TotpEnrolment {
    /// Secret and `otpauth` URI.
    pub provisioning: Provisioning,
    /// QR code of the URI, as a PNG data URI.
    pub qr_png: SecretText,
    /// QR code of the URI, as an SVG document.
    pub qr_svg: SecretText,
    /// End of the time in which the first code confirms it.
    pub expires_at: Timestamp,
}

impl Flows {
    /// Starts an enrolment and replaces one in progress. An enabled secret stays enabled until the new one is confirmed.
    ///
    /// The app shows `label` beside the issuer; the default is the e-mail address.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidLabel`], [`FlowError::RateLimited`] by user, or the account denies the call.
    pub async fn start_totp_enrolment(
        &self,
        call: &Call,
        label: Option<String>,
    ) -> Result<TotpEnrolment, FlowError> {
        let now = self.now();
        let secret = mfa_totp::generate_secret(self.ports.entropy.as_ref())?;
        if let Some(label) = &label {
            Provisioning::new(&self.policy.issuer, label, &secret).map_err(|_| FlowError::InvalidLabel)?;
        }
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        self.decide(call, need, now, |_| Ok(())).await?;
        self.limit_caller(RateRule::EnrolPerUser, call).await?;
        let (cipher, origin, new_secret) = (self.ports.cipher.clone(), call.origin.clone(), secret.clone());
        let (expires_at, email) = self
            .decide(call, need, now, move |account| {
                let expires_at = mfa_totp::begin_enrolment(account, &secret, now, cipher.as_ref())?;
                let event =
                    SecurityEvent::new(EventKind::TotpEnrollStart, Outcome::Success, now, origin.clone());
                account.record(event.with_method(FactorKind::Totp));
                Ok((expires_at, account.email.clone()))
            })
            .await?;
        let label = label.unwrap_or(email);
        let provisioning = Provisioning::new(&self.policy.issuer, &label, &new_secret)
            .or_else(|_| Provisioning::new(&self.policy.issuer, &call.token.user.to_string(), &new_secret))
            .map_err(|_| FlowError::InvalidLabel)?;
        let qr_png = mfa_totp::qr_png_data_uri(provisioning.uri()).map_err(|_| FlowError::Drawing)?;
        let qr_svg = mfa_totp::qr_svg(provisioning.uri()).map_err(|_| FlowError::Drawing)?;
        Ok(TotpEnrolment { provisioning, qr_png, qr_svg, expires_at })
    }

    /// Confirms an enrolment by its first code. Enables the secret, ends every other session and issues a token with two
    /// factors.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] (the fifth ends the enrolment), [`FlowError::NoEnrolmentInProgress`],
    /// [`FlowError::RateLimited`] if too many code sets of the user were renewed, or the account denies the call.
    pub async fn confirm_totp_enrolment(
        &self,
        call: &Call,
        code: TotpCode,
    ) -> Result<EnrolmentComplete, FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Totp, need, now);
        let cipher = self.ports.cipher.clone();
        self.enrol(call, attempt, move |account| {
            Ok(mfa_totp::confirm_enrolment(account, &code, now, cipher.as_ref())?)
        })
        .await
    }

    /// Confirms a factor by its first code, and stores it together with a new set of recovery codes.
    ///
    /// The recovery codes are hashed between two decisions. The first checks the code and stores only a failed attempt,
    /// so that a wrong code causes no hashing. The second checks it again and stores the factor and the codes.
    pub(crate) async fn enrol(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        check: impl Fn(&mut Account) -> Result<FactorResult, FlowError> + Clone + Send + 'static,
    ) -> Result<EnrolmentComplete, FlowError> {
        let now = attempt.at;
        let first_check = check.clone();
        let checked = self.try_factor(call, Phase::Begin, attempt.clone(), move |account, attempt| {
            let mut copy = account.clone();
            let outcome = confirm(&mut copy, attempt, &first_check)?;
            if !matches!(outcome, VerificationOutcome::Verified(_)) {
                *account = copy;
            }
            Ok(outcome)
        });
        let occasion = checked.await?.code_set_occasion();
        if occasion == CodeSetOccasion::Renewal {
            self.limit_renewals(call).await?;
        }
        let (set, state) = self.new_recovery_set(call.token.user, occasion, now).await?;
        let passed = self
            .try_factor(call, Phase::Settle, attempt, move |account, attempt| {
                let outcome = confirm(account, attempt, &check)?;
                if let VerificationOutcome::Verified(_) = outcome {
                    account.recovery = state.clone();
                }
                Ok(outcome)
            })
            .await?;
        self.count_sms_use(&passed, now).await;
        Ok(EnrolmentComplete { granted: self.grant(&passed, now)?, recovery_codes: display_codes(&set) })
    }
}

impl From<EnrolmentError> for FlowError {
    fn from(error: EnrolmentError) -> Self {
        match error {
            EnrolmentError::NoneInProgress => Self::NoEnrolmentInProgress,
            EnrolmentError::Cipher(error) => Self::Cipher(error),
        }
    }
}
