//! Policy that accepts only phishing-resistant factors.

use crate::{Account, FactorKind};

/// Users of whom a phishing-resistant factor is required, besides those for whom an administrator requires it.
///
/// Exhaustive, so that each value has a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PhishingResistantPolicy {
    /// No further users.
    #[default]
    None,
    /// All administrators.
    Administrators,
    /// All users.
    All,
}

impl PhishingResistantPolicy {
    /// Returns whether this user needs a phishing-resistant factor.
    pub const fn covers(self, account: &Account) -> bool {
        account.internal.phishing_resistant_required
            || match self {
                Self::None => false,
                Self::Administrators => account.is_superuser,
                Self::All => true,
            }
    }

    /// Returns whether a login of this user must verify a second factor, or enrol one.
    pub fn requires_second_factor(self, account: &Account) -> bool {
        account.needs_second_factor() || self.covers(account)
    }

    /// Returns whether this factor logs the user in. A user without a phishing-resistant factor may verify another one, but
    /// gets only a token that enrols a phishing-resistant one.
    pub const fn accepts(self, account: &Account, factor: FactorKind) -> bool {
        factor.is_phishing_resistant() || !self.covers(account) || !account.has_passkey()
    }

    /// Returns whether a verification of this factor gets the user only a token that enrols a phishing-resistant one.
    pub const fn grants_enrolment_only(self, account: &Account, factor: FactorKind) -> bool {
        self.covers(account) && !factor.is_phishing_resistant()
    }

    /// Returns whether the user may enrol this factor.
    pub const fn may_enrol(self, account: &Account, factor: FactorKind) -> bool {
        factor.is_phishing_resistant() || !self.covers(account)
    }
}
