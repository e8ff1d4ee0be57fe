//! Authorization of an attempt: the token, and the policy on the factor.

use super::attempt::FactorAttempt;
use super::authorization::{DenyReason, Requirement, authorize};
use crate::Account;

/// Authorizes an attempt as [`authorize`] does, and checks whether the policy of the user accepts its factor.
pub(super) fn authorize_attempt(account: &Account, attempt: &FactorAttempt) -> Result<(), DenyReason> {
    let policy = attempt.phishing_resistant;
    authorize(account, &attempt.token, attempt.requirement, policy, attempt.at)?;
    check_factor(account, attempt)
}

/// Checks whether the policy of the user accepts the factor of an attempt.
pub(super) const fn check_factor(account: &Account, attempt: &FactorAttempt) -> Result<(), DenyReason> {
    let policy = attempt.phishing_resistant;
    let is_accepted = match attempt.requirement {
        Requirement::Read | Requirement::SecondFactor => policy.accepts(account, attempt.factor),
        Requirement::Enrol { .. } | Requirement::Change { .. } => policy.may_enrol(account, attempt.factor),
    };
    if is_accepted { Ok(()) } else { Err(DenyReason::PhishingResistantRequired) }
}
