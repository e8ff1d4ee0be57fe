//! Enrolling an authenticator app: a secret is shown, and in force once its first code came back.

use mfa_core::{EventKind, FactorKind, Need, Outcome, SecretText, SecurityEvent, Timestamp, confirm};
use mfa_totp::{EnrolmentError, Provisioning, TotpCode};

use crate::{Call, Flows, Granted, Refusal};

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
    /// [`Refusal::InvalidLabel`], or what the account refuses.
    pub async fn start_totp_enrolment(
        &self,
        call: &Call,
        label: Option<String>,
    ) -> Result<TotpEnrolment, Refusal> {
        let now = self.now();
        let secret = mfa_totp::generate_secret(self.ports.entropy.as_ref())?;
        if let Some(label) = &label {
            Provisioning::new(&self.policy.issuer, label, &secret).map_err(|_| Refusal::InvalidLabel)?;
        }
        let (cipher, origin, shown) = (self.ports.cipher.clone(), call.origin.clone(), secret.clone());
        let need = Need::Enrol { max_age: self.policy.step_up_max_age };
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
            .map_err(|_| Refusal::InvalidLabel)?;
        let qr_png = mfa_totp::qr_png_data_uri(provisioning.uri()).map_err(|_| Refusal::Drawing)?;
        let qr_svg = mfa_totp::qr_svg(provisioning.uri()).map_err(|_| Refusal::Drawing)?;
        Ok(TotpEnrolment { provisioning, qr_png, qr_svg, expires_at })
    }

    /// Confirms an enrolment by its first code: the secret is in force, every other session ends, and the caller has
    /// shown a second factor.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidCode`] (five of them end the enrolment), [`Refusal::NoEnrolmentInProgress`], or what the
    /// account refuses.
    pub async fn confirm_totp_enrolment(&self, call: &Call, code: TotpCode) -> Result<Granted, Refusal> {
        let now = self.trusted_now()?;
        let need = Need::Enrol { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Totp, need, now);
        let cipher = self.ports.cipher.clone();
        let (verified, left) = self
            .try_factor(call, attempt, move |account, attempt| {
                confirm(account, attempt, |account| {
                    Ok(mfa_totp::confirm_enrolment(account, &code, now, cipher.as_ref())?)
                })
            })
            .await?;
        self.grant(&verified, left, now)
    }
}

impl From<EnrolmentError> for Refusal {
    fn from(error: EnrolmentError) -> Self {
        match error {
            EnrolmentError::NoneInProgress => Self::NoEnrolmentInProgress,
            EnrolmentError::Cipher(error) => Self::Cipher(error),
        }
    }
}
