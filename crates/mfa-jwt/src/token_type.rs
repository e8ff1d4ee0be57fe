//! The two types of token, as the header's `typ` tells them apart (RFC 8725 §3.11).

use std::time::Duration;

use mfa_core::Stage;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    /// It buys an access token, with a second factor.
    Pending,
    /// It opens what its stage allows.
    Access,
}

impl TokenType {
    /// The type that a token of this stage must have.
    pub(crate) const fn for_stage(stage: Stage) -> Self {
        match stage {
            Stage::Pending => Self::Pending,
            Stage::OneFactor | Stage::TwoFactors(_) => Self::Access,
        }
    }

    /// Its name in `typ`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "mfa-pending+jwt",
            Self::Access => "at+jwt",
        }
    }

    /// The type of that name.
    pub(crate) fn parse(typ: &str) -> Option<Self> {
        [Self::Pending, Self::Access].into_iter().find(|it| it.as_str() == typ)
    }

    /// How long such a token lives.
    pub(crate) const fn lifetime(self) -> Duration {
        match self {
            Self::Pending => Duration::from_mins(5),
            Self::Access => Duration::from_hours(1),
        }
    }
}
