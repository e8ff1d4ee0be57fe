//! Token types, distinguished by the header's `typ` (RFC 8725 §3.11).

use std::time::Duration;

use mfa_core::Stage;

/// Lifetime of an enrolment token: the user may have to fetch or set up a device.
pub const ENROLMENT_LIFETIME: Duration = Duration::from_mins(15);

/// Type of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    /// Pending token, exchanged for an access token by a second factor.
    Pending,
    /// Access token.
    Access,
}

impl TokenType {
    /// Returns the token type for this stage.
    pub(crate) const fn for_stage(stage: Stage) -> Self {
        match stage {
            Stage::Pending | Stage::Enrolment => Self::Pending,
            Stage::OneFactor | Stage::TwoFactors(_) => Self::Access,
        }
    }

    /// Returns the name for `typ`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "mfa-pending+jwt",
            Self::Access => "at+jwt",
        }
    }

    /// Returns the type with this name.
    pub(crate) fn parse(typ: &str) -> Option<Self> {
        [Self::Pending, Self::Access].into_iter().find(|it| it.as_str() == typ)
    }
}

/// Lifetime of access tokens.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// Returns the lifetime of tokens of this stage.
pub(crate) const fn lifetime(stage: Stage) -> Duration {
    match stage {
        Stage::Pending => Duration::from_mins(5),
        Stage::Enrolment => ENROLMENT_LIFETIME,
        Stage::OneFactor | Stage::TwoFactors(_) => ACCESS_TOKEN_LIFETIME,
    }
}
