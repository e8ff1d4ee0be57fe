//! Rules that an operator may set.

use std::time::Duration;

use mfa_core::{Account, FactorKind, LockoutPolicy, PhishingResistantPolicy};
use mfa_passkey::RelyingParty;
use mfa_sms::{BudgetLimits, ConversionRule, MessageTemplate, PhonePolicy, UserBudget};

use crate::error::FlowError;

/// Rules of [`Flows`](crate::Flows) that an operator may set. Start from [`Policy::default`] and change fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Policy {
    /// Issuer name that authenticator apps show.
    pub issuer: String,
    /// When wrong codes lock an account, and for how long.
    pub lockout: LockoutPolicy,
    /// Maximum age of a second factor for a change of factors (step-up).
    pub step_up_max_age: Duration,
    /// Lifetime of an access pass for which the issuer gives none.
    pub access_pass_lifetime: Duration,
    /// Whether a new password is hashed with bcrypt, because another program verifies passwords too.
    pub bcrypt_passwords: bool,
    /// Whether a login replaces an outdated password hash.
    pub rehash_passwords: bool,
    /// Countries and budgets of SMS.
    pub sms: SmsPolicy,
    /// Maximum number of authenticator apps of a user.
    pub max_totp_apps: usize,
    /// Relying party of passkeys. `None`: no passkey can be registered or used.
    pub passkeys: Option<PasskeyPolicy>,
    /// Users of whom a phishing-resistant factor is required.
    pub phishing_resistant: PhishingResistantPolicy,
}

impl Policy {
    /// Lifetimes of an access pass, in minutes.
    pub const ACCESS_PASS_MINUTES: std::ops::RangeInclusive<u32> = 5..=480;

    /// Checks whether this factor logs the user in.
    pub(crate) const fn check_accepts(&self, account: &Account, factor: FactorKind) -> Result<(), FlowError> {
        let is_accepted = self.phishing_resistant.accepts(account, factor);
        if is_accepted { Ok(()) } else { Err(FlowError::PhishingResistantRequired) }
    }

    /// Checks whether the user may enrol this factor.
    pub(crate) const fn check_may_enrol(
        &self,
        account: &Account,
        factor: FactorKind,
    ) -> Result<(), FlowError> {
        let is_allowed = self.phishing_resistant.may_enrol(account, factor);
        if is_allowed { Ok(()) } else { Err(FlowError::PhishingResistantRequired) }
    }
}

/// Rules of codes by SMS. Start from [`SmsPolicy::default`], which sends nothing, and change fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SmsPolicy {
    /// Phone numbers that may receive SMS.
    pub phones: PhonePolicy,
    /// Budget of one user.
    pub per_user: UserBudget,
    /// Budgets that all users share.
    pub shared: BudgetLimits,
    /// Minimum share of codes that users must enter.
    pub conversion: ConversionRule,
    /// Text of a message.
    pub wording: MessageTemplate,
}

/// Rules of passkeys.
#[derive(Clone, Debug)]
pub struct PasskeyPolicy {
    /// Relying party that passkeys are registered for.
    pub relying_party: RelyingParty,
    /// Maximum number of passkeys of a user.
    pub max_per_user: usize,
}

impl Default for SmsPolicy {
    /// Returns a policy without SMS: no country is allowed.
    fn default() -> Self {
        let per_user = UserBudget { per_minute: 1, per_hour: 3 };
        Self {
            phones: PhonePolicy::default(),
            per_user,
            shared: BudgetLimits {
                number: per_user,
                ip_per_hour: 20,
                prefix_per_hour: 50,
                country_per_day: 2_000,
                all_per_day: 10_000,
            },
            conversion: ConversionRule::new(0.2),
            wording: MessageTemplate::without_domain("NOVA"),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            issuer: "NOVA".to_owned(),
            lockout: LockoutPolicy::default(),
            step_up_max_age: Duration::from_mins(10),
            access_pass_lifetime: Duration::from_hours(1),
            bcrypt_passwords: false,
            rehash_passwords: false,
            sms: SmsPolicy::default(),
            max_totp_apps: 3,
            passkeys: None,
            phishing_resistant: PhishingResistantPolicy::None,
        }
    }
}
