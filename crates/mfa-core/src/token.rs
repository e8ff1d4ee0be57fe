//! Tokens as the domain uses them: stage, authenticated token and subject.

use crate::{EventToken, FactorKind, Timestamp, TokenId, UserId};

/// Stage of the login that a token represents.
///
/// Exhaustive, so that every authorization check handles every stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first factor is verified and a second factor is required (`mfa_pending`).
    Pending,
    /// As [`Pending`](Self::Pending), and the token may enrol a factor although the account has one. It verifies none
    /// (`enrolment_only`).
    Enrolment,
    /// The first factor is verified and no second factor is required (`mfa_ok: false`).
    OneFactor,
    /// A second factor is verified (`mfa_ok: true`). Its kind, if the token contains it.
    TwoFactors(Option<FactorKind>),
}

impl Stage {
    /// Returns whether a token of this stage is a pending token, which a verification or an enrolment spends.
    pub const fn is_pending(self) -> bool {
        match self {
            Self::Pending | Self::Enrolment => true,
            Self::OneFactor | Self::TwoFactors(_) => false,
        }
    }

    /// Returns whether a phishing-resistant factor was verified.
    pub const fn is_phishing_resistant(self) -> bool {
        match self {
            Self::TwoFactors(Some(factor)) => factor.is_phishing_resistant(),
            Self::TwoFactors(None) | Self::Pending | Self::Enrolment | Self::OneFactor => false,
        }
    }
}

/// Token whose signature, type and times are valid.
///
/// Only the account knows whether the token is spent or revoked; [`crate::authorize`] checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatedToken {
    /// User of the token (`sub`).
    pub user: UserId,
    /// ID of the token in the denylist.
    pub id: TokenId,
    /// Stage of the login.
    pub stage: Stage,
    /// Session number of the account when the token was issued (`sv`). `None` for a token of the Python backend.
    pub session: Option<u64>,
    /// Time of issue, to the millisecond if the token contains it.
    pub issued_at: Timestamp,
    /// Time of expiry (`exp`).
    pub expires_at: Timestamp,
    /// Time when the second factor was verified (`auth_time`).
    pub auth_time: Option<Timestamp>,
    /// Whether the user was an administrator when the token was issued (`is_superuser`). The row has the current
    /// value.
    pub is_superuser: bool,
}

impl AuthenticatedToken {
    /// Returns what an event records of the token.
    pub const fn for_event(&self) -> EventToken {
        EventToken { id: self.id, session: self.session }
    }
}

/// Subject of a new token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSubject {
    /// ID of the user.
    pub user: UserId,
    /// E-mail address of the user.
    pub email: String,
    /// Whether the user is an administrator.
    pub is_superuser: bool,
    /// Current session number of the account.
    pub session: u64,
}
