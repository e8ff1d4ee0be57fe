//! What the rules need to know of a token that was presented and found genuine.

use crate::{FactorKind, Timestamp, TokenId, UserId};

/// How far the login that a token speaks of has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// First factor passed, second factor still owed (`mfa_pending`).
    Pending,
    /// First factor passed, no second one asked for (`mfa_ok: false`).
    OneFactor,
    /// A second factor passed (`mfa_ok: true`); which one, where the token tells.
    TwoFactors(Option<FactorKind>),
}

/// A genuine token of a caller: signature, type and times are right.
///
/// Whether it is spent or revoked is known only by the account; [`crate::authorize`] asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatedToken {
    /// Whose token it is (`sub`).
    pub user: UserId,
    /// What it is remembered by once spent.
    pub id: TokenId,
    /// How far the login has come.
    pub stage: Stage,
    /// The account's session number when it was issued (`sv`); `None` for a token of the Python backend.
    pub session: Option<u64>,
    /// When it was issued, to the millisecond where it says so.
    pub issued_at: Timestamp,
    /// When it ends (`exp`).
    pub expires_at: Timestamp,
    /// When the second factor passed (`auth_time`).
    pub auth_time: Option<Timestamp>,
    /// Whether the user was an administrator when it was issued (`is_superuser`); whether one still is, the row says.
    pub is_superuser: bool,
}

/// Whom a token speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSubject {
    /// The user.
    pub user: UserId,
    /// The user's e-mail address.
    pub email: String,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// The account's session number at this moment.
    pub session: u64,
}
