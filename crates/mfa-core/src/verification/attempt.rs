//! One attempt with a second factor: its input, the factor's result and the outcome.

use super::authorization::{DenyReason, Requirement};
use crate::{
    AuthenticatedToken, FactorKind, Jti, LockoutPolicy, Origin, PhishingResistantPolicy, Timestamp,
    TokenSubject,
};

/// One attempt to verify a second factor with one token.
#[derive(Clone, Debug)]
pub struct FactorAttempt {
    /// Token of the caller.
    pub token: AuthenticatedToken,
    /// Factor that is verified.
    pub factor: FactorKind,
    /// Requirement that authorizes the attempt. Only a success for [`Requirement::SecondFactor`] clears the failure
    /// count.
    pub requirement: Requirement,
    /// Time of the attempt.
    pub at: Timestamp,
    /// Origin of the request.
    pub origin: Origin,
    /// Lockout policy.
    pub lockout: LockoutPolicy,
    /// Users of whom a phishing-resistant factor is required.
    pub phishing_resistant: PhishingResistantPolicy,
    /// `jti` of the access token that a success grants, which the event records. `None` if a success grants none.
    pub new_token: Option<Jti>,
    /// Whether that token replaces the token of the caller, whose session then ends.
    pub replaces_token: bool,
}

/// Result of checking a submitted code. Only the verification functions turn it into an outcome.
///
/// Exhaustive, so that each result is counted and recorded.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorResult {
    /// The code is correct, and the factor has marked it as used.
    Correct,
    /// The code is wrong.
    Wrong,
    /// The code was used before. It counts like a wrong one; only the audit log distinguishes them.
    Replayed,
}

/// Proof that a second factor was verified. An `mfa_ok` token can be issued only from it.
///
/// Only the verification functions create it.
#[derive(Debug)]
pub struct VerifiedFactor {
    subject: TokenSubject,
    factor: FactorKind,
    at: Timestamp,
    jti: Option<Jti>,
}

impl VerifiedFactor {
    /// Creates the proof for an attempt whose code was correct.
    pub(super) const fn new(
        subject: TokenSubject,
        factor: FactorKind,
        at: Timestamp,
        jti: Option<Jti>,
    ) -> Self {
        Self { subject, factor, at, jti }
    }

    /// Creates a proof although no second factor was verified.
    ///
    /// For the administrator's command that issues tokens for tests and demonstrations. The caller must record
    /// [`EventKind::AdminToken`](crate::EventKind::AdminToken) with this `jti`.
    pub const fn danger_by_administrator(
        subject: TokenSubject,
        factor: FactorKind,
        at: Timestamp,
        jti: Jti,
    ) -> Self {
        Self { subject, factor, at, jti: Some(jti) }
    }

    /// Returns the subject of the token to issue.
    pub const fn subject(&self) -> &TokenSubject {
        &self.subject
    }

    /// Returns the verified factor.
    pub const fn factor(&self) -> FactorKind {
        self.factor
    }

    /// Returns the `jti` that the event of the verification recorded. `None` if it grants no access token.
    pub const fn jti(&self) -> Option<&Jti> {
        self.jti.as_ref()
    }

    /// Returns the time of the verification.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// Outcome of an attempt.
///
/// Exhaustive, so that a caller cannot overlook a denial.
#[must_use]
#[derive(Debug)]
pub enum VerificationOutcome {
    /// The factor is verified.
    Verified(VerifiedFactor),
    /// The code was wrong, already used or expired. The caller cannot distinguish these cases.
    InvalidCode,
    /// The attempt was denied. No code was checked or spent. Only the settlement of a counted attempt is denied after
    /// counting.
    Denied(DenyReason),
}
