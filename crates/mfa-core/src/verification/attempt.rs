//! One attempt with a second factor: its input, the factor's result and the outcome.

use super::authorization::{DenyReason, Requirement};
use crate::{AuthenticatedToken, FactorKind, LockoutPolicy, Origin, Timestamp, TokenSubject};

/// One try with one factor under one token.
#[derive(Clone, Debug)]
pub struct FactorAttempt {
    /// The token.
    pub token: AuthenticatedToken,
    /// The factor.
    pub factor: FactorKind,
    /// What a success is for: [`Requirement::SecondFactor`] clears the count, others do not.
    pub requirement: Requirement,
    /// Now.
    pub at: Timestamp,
    /// From where.
    pub origin: Origin,
    /// What wrong answers lead to.
    pub lockout: LockoutPolicy,
}

/// What a factor says of an answer. Only the ceremony turns it into a verdict.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorResult {
    /// It is right, and the factor has spent it.
    Correct,
    /// It is wrong.
    Wrong,
    /// It was right once. Counts and answers like a wrong one; only the audit tells them apart.
    Replayed,
}

/// Proof that a second factor passed: made by the ceremony and nowhere else, and all that an `mfa_ok` token is made
/// from.
#[derive(Debug)]
pub struct VerifiedFactor {
    subject: TokenSubject,
    factor: FactorKind,
    at: Timestamp,
}

impl VerifiedFactor {
    /// Proof for an attempt whose factor was correct.
    pub(super) const fn new(subject: TokenSubject, factor: FactorKind, at: Timestamp) -> Self {
        Self { subject, factor, at }
    }

    /// Says that a second factor passed although none did: for the administrator's command that mints tokens for
    /// tests and demonstrations. Whoever calls it records [`EventKind::AdminToken`].
    pub const fn danger_by_administrator(subject: TokenSubject, factor: FactorKind, at: Timestamp) -> Self {
        Self { subject, factor, at }
    }

    /// Whom the token is to speak of.
    pub const fn subject(&self) -> &TokenSubject {
        &self.subject
    }

    /// Which factor passed.
    pub const fn factor(&self) -> FactorKind {
        self.factor
    }

    /// When it passed.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// What the ceremony says of a try.
#[must_use]
#[derive(Debug)]
pub enum VerificationOutcome {
    /// The factor passed.
    Verified(VerifiedFactor),
    /// The answer was wrong, used before, or too old: one and the same to the caller.
    InvalidCode,
    /// The try was not admitted; nothing was looked at, counted or spent.
    Denied(DenyReason),
}
