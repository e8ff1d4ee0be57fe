//! Enrolment of an authenticator app: a new secret is enabled once its first code is verified.

use mfa_core::{
    Account, EventKind, FactorAttempt, FactorKind, FactorResult, Origin, Outcome, Phase, RateRule,
    Requirement, SecretText, SecurityEvent, Stage, Timestamp, TotpState, VerificationOutcome, confirm,
};
use mfa_totp::{EnrolmentError, Provisioning, TotpCode};

use crate::access_pass::{record_replaced, remaining};
use crate::authenticator_names::{
    check_name, default_name, label_of, name_newest_in_event, normalized_name, totp_name,
};
use crate::call::Call;
use crate::code_queue::CodeSetOccasion;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::recovery::display_codes;
use crate::verify::AccessGrant;

/// Confirmed enrolment of the first factor, or of a new authenticator app.
#[derive(Debug)]
pub struct EnrolmentComplete {
    /// New access token. Every other session has ended, unless an app was added beside another factor.
    pub granted: AccessGrant,
    /// New recovery codes. They are returned only here. Empty if an app was added beside another factor: the earlier codes
    /// stay valid.
    pub recovery_codes: Vec<SecretText>,
}

/// App to enrol.
#[derive(Clone, Debug, Default)]
pub struct TotpEnrolmentRequest {
    /// Name of the account that the app shows beside the issuer. `None`: the e-mail address.
    pub label: Option<String>,
    /// Name of the app in the list of authenticators. `None`: its kind and a number.
    pub name: Option<String>,
    /// Whether the app replaces the user's other apps.
    pub mode: EnrolmentMode,
}

/// Whether a new app replaces the user's other apps.
///
/// Exhaustive, so that each mode is enrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnrolmentMode {
    /// It replaces all of them.
    #[default]
    Replace,
    /// It keeps them.
    Add,
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
    /// Starts an enrolment and replaces one in progress. The active apps stay until it is confirmed.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidLabel`], [`FlowError::InvalidName`], [`FlowError::NameTaken`],
    /// [`FlowError::TooManyAuthenticators`], [`FlowError::RateLimited`] by user, or the account denies the call.
    pub async fn start_totp_enrolment(
        &self,
        call: &Call,
        request: TotpEnrolmentRequest,
    ) -> Result<TotpEnrolment, FlowError> {
        let now = self.now();
        let TotpEnrolmentRequest { label, name, mode } = request;
        let name = name.as_deref().map(normalized_name);
        let secret = mfa_totp::generate_secret(self.ports.entropy.as_ref())?;
        if let Some(label) = &label {
            Provisioning::new(&self.policy.issuer, label, &secret).map_err(|_| FlowError::InvalidLabel)?;
        }
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        let (policy, max) = (self.policy.clone(), self.policy.max_totp_apps);
        let (first_name, first_mode) = (name.clone(), mode);
        let token = call.token.clone();
        let check = move |account: &mut Account| {
            policy.check_may_enrol(account, FactorKind::Totp)?;
            check_new_app(&remaining(account, &token), first_name.as_deref(), first_mode, max)
        };
        self.decide(call, need, now, check).await?;
        self.limit_caller(RateRule::EnrolPerUser, call).await?;
        let (id, token) = (self.new_authenticator_id()?, call.token.clone());
        let (cipher, origin, new_secret) = (self.ports.cipher.clone(), call.origin.clone(), secret.clone());
        let (expires_at, email) = self
            .decide(call, need, now, move |account| {
                let remaining = remaining(account, &token).into_owned();
                check_new_app(&remaining, name.as_deref(), mode, max)?;
                let expires_at = match mode {
                    EnrolmentMode::Replace => {
                        mfa_totp::begin_enrolment(account, &secret, now, cipher.as_ref())?
                    }
                    EnrolmentMode::Add => {
                        mfa_totp::begin_addition(account, &secret, id.clone(), now, cipher.as_ref())?
                    }
                };
                // Another app gets a name at once, so that the two can be told apart.
                let is_another = mode == EnrolmentMode::Add && remaining.has_totp();
                let default = is_another.then(|| default_name(&remaining, FactorKind::Totp));
                if let Some(pending) = &mut account.totp.pending {
                    pending.name = name.clone().or(default);
                }
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

    /// Confirms an enrolment by its first code, and issues a token with two factors.
    ///
    /// A first factor, and an app that replaces the others, ends every other session and makes new recovery codes. An app
    /// that is added beside another factor does neither.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] (the fifth ends the enrolment), [`FlowError::NoEnrolmentInProgress`],
    /// [`FlowError::TooManyAuthenticators`], [`FlowError::RateLimited`] if too many code sets of the user were renewed, or
    /// the account denies the call.
    pub async fn confirm_totp_enrolment(
        &self,
        call: &Call,
        code: TotpCode,
    ) -> Result<EnrolmentComplete, FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        let attempt = self.granting(self.attempt(call, FactorKind::Totp, need, now))?;
        let (cipher, max, origin) =
            (self.ports.cipher.clone(), self.policy.max_totp_apps, call.origin.clone());
        let is_enrolment_only = call.token.stage == Stage::Enrolment;
        let is_beside_a_factor = move |account: &Account| !is_enrolment_only && is_beside_a_factor(account);
        let is_beside = self.decide(call, need, now, move |account| Ok(is_beside_a_factor(account))).await?;
        let check = move |account: &mut Account| -> Result<FactorResult, FlowError> {
            // Another call began an enrolment of the other mode since, or the account gained or lost its factors.
            if account.totp.pending.is_some() && is_beside_a_factor(account) != is_beside {
                return Err(FlowError::changed_meanwhile());
            }
            if account.adds_totp_app() {
                check_room(account, max)?;
                settle_name(account);
            }
            let before = account.clone();
            let result = mfa_totp::confirm_enrolment(account, &code, now, cipher.as_ref())?;
            record_replaced_apps(account, &before, &origin, now);
            Ok(result)
        };
        if !is_beside {
            return self.enrol(call, attempt, check).await;
        }
        let passed = self
            .try_factor(call, Phase::Begin, attempt, move |account, attempt| {
                let outcome = confirm(account, attempt, &check)?;
                if let VerificationOutcome::Verified(_) = outcome {
                    name_newest_in_event(account, FactorKind::Totp);
                }
                Ok(outcome)
            })
            .await?;
        Ok(EnrolmentComplete { granted: self.grant(&passed, now)?.access()?, recovery_codes: Vec::new() })
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
                let replaced = account.enrols_by_pass(&attempt.token).then(|| account.clone());
                let outcome = confirm(account, attempt, &check)?;
                if let VerificationOutcome::Verified(_) = outcome {
                    account.recovery = state.clone();
                    name_newest_in_event(account, attempt.factor);
                    if let Some(before) = &replaced {
                        record_replaced(account, before, attempt);
                    }
                }
                Ok(outcome)
            })
            .await?;
        self.count_sms_use(&passed, now).await;
        Ok(EnrolmentComplete {
            granted: self.grant(&passed, now)?.access()?,
            recovery_codes: display_codes(&set),
        })
    }
}

/// Returns whether the enrolment in progress adds an app to an account that has a factor.
fn is_beside_a_factor(account: &Account) -> bool {
    account.has_factor() && account.adds_totp_app()
}

fn check_new_app(
    account: &Account,
    name: Option<&str>,
    mode: EnrolmentMode,
    max: usize,
) -> Result<(), FlowError> {
    let Some(name) = name else {
        return if mode == EnrolmentMode::Add { check_room(account, max) } else { Ok(()) };
    };
    match mode {
        EnrolmentMode::Add => check_room(account, max).and_then(|()| check_name(account, "", name)),
        EnrolmentMode::Replace => {
            // The names of the apps that it replaces are free.
            let without_apps = Account { totp: TotpState::default(), ..account.clone() };
            check_name(&without_apps, "", name)
        }
    }
}

fn check_room(account: &Account, max: usize) -> Result<(), FlowError> {
    if account.totp_apps().count() < max { Ok(()) } else { Err(FlowError::TooManyAuthenticators) }
}

/// Replaces the name of the app that is added, if another authenticator got it since.
fn settle_name(account: &mut Account) {
    let name = account.totp.pending.as_ref().and_then(|it| it.name.as_deref());
    if name.is_some_and(|name| check_name(account, "", name).is_err()) {
        let default = default_name(account, FactorKind::Totp);
        if let Some(pending) = &mut account.totp.pending {
            pending.name = Some(default);
        }
    }
}

/// Records the removal of each app that an enrolment replaced, beside the one whose place the new app has.
fn record_replaced_apps(account: &mut Account, before: &Account, origin: &Origin, now: Timestamp) {
    for app in before.totp_apps() {
        if account.totp_apps().any(|it| it.id == app.id) {
            continue;
        }
        let event = SecurityEvent::new(EventKind::AuthenticatorRemove, Outcome::Success, now, origin.clone());
        let reason = Some(label_of(&totp_name(before, app.id), app.id));
        account.record(SecurityEvent { reason, ..event.with_method(FactorKind::Totp) });
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
