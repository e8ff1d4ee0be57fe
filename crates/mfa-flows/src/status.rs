//! How an account is protected, and by what a login can go on.

use mfa_core::{Account, FactorKind, Timestamp, UserId};

use crate::{Call, FlowError, Flows};

/// How an account is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
pub struct AccountStatus {
    /// Whose.
    pub user: UserId,
    /// Whether a second factor is a must.
    pub mfa_enforced: bool,
    /// Whether an authenticator app is in force.
    pub totp_enabled: bool,
    /// Since when.
    pub totp_enrolled_at: Option<Timestamp>,
    /// The number in force, masked; none where [`AccountStatus::from_account`] was not told.
    pub phone: Option<String>,
    /// Whether a code sent to the phone came back.
    pub phone_verified: bool,
    /// What stands in for the app.
    pub backup_method: &'static str,
    /// Recovery codes that are not spent.
    pub recovery_codes_left: usize,
    /// Whether a lock is in force.
    pub locked: bool,
    /// Its end; `None` also where only an administrator ends it.
    pub lock_until: Option<Timestamp>,
    /// Wrong answers in a row.
    pub failed_attempts: u32,
    /// When a second factor last passed.
    pub last_success_at: Option<Timestamp>,
    /// Which.
    pub last_method: Option<FactorKind>,
}

impl AccountStatus {
    /// Of this account, now.
    pub fn from_account(account: &Account, now: Timestamp) -> Self {
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
                mfa_core::Lock::Until(end) => Some(end),
                mfa_core::Lock::UntilAdministrator => None,
            }),
            failed_attempts: account.failures,
            last_success_at: account.last_success_at,
            last_method: account.last_method,
        }
    }
}

/// One way to go on with a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodChoice {
    /// By which factor.
    pub method: FactorKind,
    /// Whether it can be used now.
    pub state: MethodState,
}

/// Whether a factor can be used now, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodState {
    /// It can.
    Available,
    /// The account does not have it.
    NotEnrolled,
    /// The account is locked.
    Locked,
    /// No provider can be reached, or there are no SMS at all.
    Unavailable,
    /// A provider has refused the number; a send may still be tried.
    Unreachable,
}

impl Flows {
    /// How the caller's account is protected. Works while it is locked.
    ///
    /// # Errors
    ///
    /// What the account refuses.
    pub async fn status(&self, call: &Call) -> Result<AccountStatus, FlowError> {
        let account = self.read(call).await?;
        self.status_of(call, &account)
    }

    pub(crate) fn status_of(&self, call: &Call, account: &Account) -> Result<AccountStatus, FlowError> {
        let phone = mfa_sms::number(account, self.ports.cipher.as_ref())
            .map_err(FlowError::from)
            .inspect_err(|refusal| self.record_denial(call, None, refusal))?;
        let phone = phone.map(|it| it.masked());
        Ok(AccountStatus { phone, ..AccountStatus::from_account(account, self.now()) })
    }

    /// By what the caller's login can go on, best first. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// What the account refuses.
    pub async fn methods(&self, call: &Call) -> Result<Vec<MethodChoice>, FlowError> {
        let account = self.read(call).await?;
        let locked = account.lock(self.now()).is_some();
        let choice = |method, enrolled| {
            let state = match (enrolled, locked) {
                (false, _) => MethodState::NotEnrolled,
                (true, true) => MethodState::Locked,
                (true, false) => MethodState::Available,
            };
            MethodChoice { method, state }
        };
        let recovery = account.has_factor() && account.recovery.left() > 0;
        let sms = choice(FactorKind::Sms, account.has_sms());
        let sms = match sms.state {
            MethodState::Available if !self.has_sms() || !self.ports.sms.sender.is_available() => {
                MethodChoice { state: MethodState::Unavailable, ..sms }
            }
            MethodState::Available if account.internal.sms.unreachable => {
                MethodChoice { state: MethodState::Unreachable, ..sms }
            }
            _ => sms,
        };
        Ok(vec![choice(FactorKind::Totp, account.has_totp()), sms, choice(FactorKind::Recovery, recovery)])
    }
}
