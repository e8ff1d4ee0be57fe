//! MFA status of an account and its available verification methods.

use mfa_core::{Account, FactorKind, Lock, PhishingResistantPolicy, SealedColumn, Stage, Timestamp, UserId};

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::policy::PasskeyPolicy;
use crate::stored_passkey::credentials;

/// MFA status of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the response")]
pub struct AccountStatus {
    /// User id.
    pub user: UserId,
    /// Whether MFA is required.
    pub mfa_enforced: bool,
    /// Whether TOTP is enabled.
    pub totp_enabled: bool,
    /// Time of the enrolment of the first app.
    pub totp_enrolled_at: Option<Timestamp>,
    /// Masked phone number. [`AccountStatus::from_account`] leaves it empty, because it cannot unseal the number.
    pub phone: Option<String>,
    /// Whether the phone number is verified.
    pub phone_verified: bool,
    /// Backup method: `sms` or `none`.
    pub backup_method: &'static str,
    /// Number of unused recovery codes.
    pub recovery_codes_left: usize,
    /// Whether the account is locked.
    pub locked: bool,
    /// End of the lock; `None` also if only an administrator can end it.
    pub lock_until: Option<Timestamp>,
    /// Consecutive wrong codes.
    pub failed_attempts: u32,
    /// Time of the last verified second factor.
    pub last_success_at: Option<Timestamp>,
    /// Method of the last verified second factor.
    pub last_method: Option<FactorKind>,
    /// Number of authenticators by kind.
    pub authenticators: AuthenticatorCounts,
    /// Whether the account has a factor that a page that imitates this service cannot relay: a passkey.
    pub phishing_resistant: bool,
    /// Whether the setting or an administrator requires a phishing-resistant factor of the user.
    pub phishing_resistant_required: bool,
}

/// Number of authenticators by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthenticatorCounts {
    /// Passkeys and security keys.
    pub passkey: usize,
    /// Authenticator apps.
    pub totp: usize,
    /// Verified phones.
    pub sms: usize,
}

impl AccountStatus {
    /// Returns the status of an account at this time and under this policy, without the phone number.
    pub fn from_account(account: &Account, policy: PhishingResistantPolicy, now: Timestamp) -> Self {
        let lock = account.lock(now);
        Self {
            user: account.user,
            mfa_enforced: account.mfa_enforced,
            totp_enabled: account.has_totp(),
            totp_enrolled_at: account.totp.enrolled_at.filter(|_| account.has_totp()),
            phone: None,
            phone_verified: account.phone.is_verified,
            backup_method: account.backup_method.as_str(),
            recovery_codes_left: account.recovery.left(),
            locked: lock.is_some(),
            lock_until: lock.and_then(|lock| match lock {
                Lock::Until(end) => Some(end),
                Lock::UntilAdministrator => None,
            }),
            failed_attempts: account.failures,
            last_success_at: account.last_success_at,
            last_method: account.last_method,
            authenticators: AuthenticatorCounts {
                passkey: account.passkeys.keys.len(),
                totp: account.totp_apps().count(),
                sms: usize::from(account.phone.is_verified && account.phone.number.is_some()),
            },
            phishing_resistant: account.has_passkey(),
            phishing_resistant_required: policy.covers(account),
        }
    }
}

/// Verification method and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodChoice {
    /// Factor to verify.
    pub method: FactorKind,
    /// Whether it can be used now.
    pub state: MethodState,
    /// Number of digits of a code. `None` for methods without such a code, and if the user's apps differ.
    pub code_digits: Option<u8>,
}

/// State of a verification method.
///
/// Exhaustive, so that each state is shown to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodState {
    /// Can be used now.
    Available,
    /// Not enrolled.
    NotEnrolled,
    /// The account is locked.
    Locked,
    /// SMS is disabled, or every provider is failing.
    Unavailable,
    /// A provider rejected the number; sending may still be tried.
    Unreachable,
    /// Enrolled, and the stored secret cannot be read: it was never sealed, or its key is missing.
    Unreadable,
    /// The number gets no SMS: its country or type is not allowed, or its country is a guess of an import.
    Refused,
    /// Enrolled, and the policy accepts only phishing-resistant factors of the user, who has one, or the token is an
    /// enrolment token.
    NotAccepted,
}

impl Flows {
    /// Returns the MFA status of the caller's account. Works while it is locked.
    ///
    /// # Errors
    ///
    /// The account denies the call.
    pub async fn status(&self, call: &Call) -> Result<AccountStatus, FlowError> {
        let account = self.read(call).await?;
        self.status_of(call, &account)
    }

    /// Returns the MFA status of an account, with the masked phone number.
    pub(crate) fn status_of(&self, call: &Call, account: &Account) -> Result<AccountStatus, FlowError> {
        let phone = mfa_sms::number(account, self.ports.cipher.as_ref())
            .map_err(FlowError::from)
            .inspect_err(|error| self.record_denial(call, None, error))?;
        let phone = phone.map(|it| it.masked());
        Ok(AccountStatus { phone, ..self.status_without_phone(account) })
    }

    /// Returns the MFA status of an account, without the phone number.
    pub(crate) fn status_without_phone(&self, account: &Account) -> AccountStatus {
        AccountStatus::from_account(account, self.policy.phishing_resistant, self.now())
    }

    /// Returns the verification methods of the caller, best first. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// The account denies the call.
    pub async fn methods(&self, call: &Call) -> Result<Vec<MethodChoice>, FlowError> {
        let account = self.read(call).await?;
        let locked = account.lock(self.now()).is_some();
        let choice = |method, enrolled| {
            // An enrolment token verifies nothing.
            let accepted = call.token.stage != Stage::Enrolment
                && self.policy.phishing_resistant.accepts(&account, method);
            let state = match (enrolled, accepted, locked) {
                (false, ..) => MethodState::NotEnrolled,
                (true, false, _) => MethodState::NotAccepted,
                (true, true, true) => MethodState::Locked,
                (true, true, false) => MethodState::Available,
            };
            let code_digits = match method {
                FactorKind::Totp => code_digits(&account),
                FactorKind::Sms => Some(6),
                FactorKind::Recovery | FactorKind::Passkey => None,
            };
            MethodChoice { method, state, code_digits }
        };
        let recovery = account.has_factor() && account.recovery.left() > 0;
        let sms = choice(FactorKind::Sms, account.has_sms());
        let sms = match sms.state {
            MethodState::Available if !self.has_sms() || !self.ports.sms.sender.is_available() => {
                MethodChoice { state: MethodState::Unavailable, ..sms }
            }
            MethodState::Available if self.refuses_number(&account) => {
                MethodChoice { state: MethodState::Refused, ..sms }
            }
            MethodState::Available if account.internal.sms.unreachable => {
                MethodChoice { state: MethodState::Unreachable, ..sms }
            }
            _ => sms,
        };
        let totp = choice(FactorKind::Totp, account.has_totp());
        let totp = match totp.state {
            MethodState::Available if !self.reads_a_totp_secret(&account) => {
                MethodChoice { state: MethodState::Unreadable, ..totp }
            }
            _ => totp,
        };
        let recovery = choice(FactorKind::Recovery, recovery);
        if !account.has_passkey() {
            return Ok(vec![totp, sms, recovery]);
        }
        let state = match &self.policy.passkeys {
            None => MethodState::Unavailable,
            Some(_) if locked && !account.is_policy_lock(self.now()) => MethodState::Locked,
            // Browsers find no passkey of a former RP ID.
            Some(policy) if !has_usable_passkey(&account, policy) => MethodState::Unavailable,
            Some(_) => MethodState::Available,
        };
        let passkey = MethodChoice { state, ..choice(FactorKind::Passkey, true) };
        Ok(vec![passkey, totp, sms, recovery])
    }

    fn reads_a_totp_secret(&self, account: &Account) -> bool {
        let context = account.seal_context(SealedColumn::TotpSecret);
        account.totp_apps().any(|app| self.ports.cipher.unseal(app.secret, context).is_ok())
    }

    /// Returns whether no SMS is sent to the account's number, also because it cannot be unsealed.
    fn refuses_number(&self, account: &Account) -> bool {
        let number = mfa_sms::number(account, self.ports.cipher.as_ref());
        let is_allowed = |it| self.policy.sms.phones.check(&it).is_ok();
        account.internal.sms.country_guessed || !number.is_ok_and(|it| it.is_some_and(is_allowed))
    }
}

/// Returns the number of digits of a code, if all apps of the user have the same.
fn code_digits(account: &Account) -> Option<u8> {
    let mut apps = account.totp_apps().map(|app| app.parameters.digits.count());
    let first = apps.next()?;
    apps.all(|digits| digits == first).then_some(first)
}

fn has_usable_passkey(account: &Account, policy: &PasskeyPolicy) -> bool {
    credentials(account).is_ok_and(|it| it.iter().any(|it| it.is_usable_with(&policy.relying_party)))
}
