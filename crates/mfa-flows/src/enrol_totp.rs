//! Enrolling an authenticator app: a secret is shown, and in force once its first code came back.

use mfa_core::{
    Account, EventKind, FactorAttempt, FactorKind, FactorResult, Outcome, Phase, Requirement, SecretText,
    SecurityEvent, Timestamp, VerificationOutcome, confirm,
};
use mfa_totp::{EnrolmentError, Provisioning, TotpCode};

use crate::recovery::shown;
use crate::{AccessGrant, Call, FlowError, Flows};

/// A factor that is in force from now on.
#[derive(Debug)]
pub struct EnrolmentComplete {
    /// The fresh access token; every other one has ended.
    pub granted: AccessGrant,
    /// A new set of recovery codes, shown this once.
    pub recovery_codes: Vec<SecretText>,
}

/// A secret to be shown, once, to its user.
#[derive(Debug)]
pub struct TotpEnrolment {
    /// The secret and its URI.
    pub provisioning: Provisioning,
    /// The URI as a QR code, a PNG in a data URI.
    pub qr_png: SecretText,
    /// The URI as a QR code, an SVG document.
    pub qr_svg: SecretText,
    /// Until when a first code confirms it.
    pub expires_at: Timestamp,
}

impl Flows {
    /// Starts an enrolment, or starts it anew. A secret in force stays so until the new one is confirmed.
    ///
    /// `label` is what the app shows beside the issuer; the e-mail address where there is none.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidLabel`], or what the account refuses.
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
        let (cipher, origin, shown) = (self.ports.cipher.clone(), call.origin.clone(), secret.clone());
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
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
        let provisioning = Provisioning::new(&self.policy.issuer, &label, &shown)
            .or_else(|_| Provisioning::new(&self.policy.issuer, &call.token.user.to_string(), &shown))
            .map_err(|_| FlowError::InvalidLabel)?;
        let qr_png = mfa_totp::qr_png_data_uri(provisioning.uri()).map_err(|_| FlowError::Drawing)?;
        let qr_svg = mfa_totp::qr_svg(provisioning.uri()).map_err(|_| FlowError::Drawing)?;
        Ok(TotpEnrolment { provisioning, qr_png, qr_svg, expires_at })
    }

    /// Confirms an enrolment by its first code: the secret is in force, every other session ends, and the caller has
    /// shown a second factor.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] (five of them end the enrolment), [`FlowError::NoEnrolmentInProgress`], or what the
    /// account refuses.
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

    /// Confirms a factor by its first code, in one step with a new set of recovery codes.
    ///
    /// The codes are hashed between two decisions: the first judges the code and stores only a wrong try, so that a
    /// wrong code has nothing hashed; the second judges it again and stores factor and codes together.
    pub(crate) async fn enrol(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        check: impl Fn(&mut Account) -> Result<FactorResult, FlowError> + Clone + Send + 'static,
    ) -> Result<EnrolmentComplete, FlowError> {
        let now = attempt.at;
        let first_look = check.clone();
        self.try_factor(call, attempt.clone(), move |account, attempt| {
            let mut copy = account.clone();
            let verdict = confirm(&mut copy, attempt, &first_look)?;
            if !matches!(verdict, VerificationOutcome::Verified(_)) {
                *account = copy;
            }
            Ok(verdict)
        })
        .await?;
        let (set, state) = self.new_recovery_set(call.token.user, now).await?;
        let (verified, left) = self
            .try_in_turn(Phase::Settle, call, attempt, move |account, attempt| {
                let verdict = confirm(account, attempt, &check)?;
                if let VerificationOutcome::Verified(_) = verdict {
                    account.recovery = state.clone();
                }
                Ok(verdict)
            })
            .await?;
        Ok(EnrolmentComplete { granted: self.grant(&verified, left, now)?, recovery_codes: shown(&set) })
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
