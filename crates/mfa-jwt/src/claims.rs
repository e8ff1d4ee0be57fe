//! Typed claims of a token whose signature is valid.

use mfa_core::{Stage, TokenId, UserId};

use crate::TokenError;
use crate::assurance::Assurance;
use crate::strict_object::StrictObject;

/// Maximum length of `jti` in characters.
const MAX_ID_CHARS: usize = 128;

/// Claims that are present in a token.
///
/// Each one has the right type and form. [`Claims::is_complete`] checks which are present; the reader checks their
/// values.
#[derive(Debug)]
pub(crate) struct Claims {
    /// `sub`, required in every token.
    pub(crate) user: UserId,
    /// `exp` in seconds, required in every token.
    pub(crate) expires: i64,
    /// Stage claim, required in every token, with `amr`, `acr` and `rec`.
    pub(crate) assurance: Assurance,
    /// `iss`.
    pub(crate) issuer: Option<String>,
    /// `aud`.
    pub(crate) audience: Option<String>,
    /// ID computed from `jti`.
    pub(crate) id: Option<TokenId>,
    /// `sv`.
    pub(crate) session: Option<u64>,
    /// `iat` in seconds.
    pub(crate) issued: Option<i64>,
    /// `iat_ms` in milliseconds.
    pub(crate) issued_millis: Option<i64>,
    /// `nbf` in seconds.
    pub(crate) not_before: Option<i64>,
    /// `auth_time` in seconds.
    pub(crate) authenticated: Option<i64>,
    /// `is_superuser`.
    pub(crate) superuser: Option<bool>,
}

impl Claims {
    /// Parses the claims. `sub`, `email`, `exp` and a stage claim are required.
    pub(crate) fn parse(claims: &StrictObject) -> Result<Self, TokenError> {
        claims.text("email")?.ok_or(TokenError::Invalid)?;
        Ok(Self {
            user: user(claims.text("sub")?.ok_or(TokenError::Invalid)?)?,
            expires: claims.integer("exp")?.ok_or(TokenError::Invalid)?,
            assurance: Assurance::parse(claims)?,
            issuer: claims.text("iss")?.map(str::to_owned),
            audience: claims.text("aud")?.map(str::to_owned),
            id: claims.text("jti")?.map(id).transpose()?,
            session: claims.count("sv")?,
            issued: claims.integer("iat")?,
            issued_millis: claims.integer("iat_ms")?,
            not_before: claims.integer("nbf")?,
            authenticated: claims.integer("auth_time")?,
            superuser: claims.flag("is_superuser")?,
        })
    }

    /// Returns whether all claims of a token issued here are present, except `iat_ms`, which another issuer with the
    /// same key may omit.
    pub(crate) fn is_complete(&self) -> bool {
        let two_factors = matches!(self.assurance.stage, Stage::TwoFactors(_));
        self.issuer.is_some()
            && self.audience.is_some()
            && self.id.is_some()
            && self.session.is_some()
            && self.issued.is_some()
            && self.not_before.is_some()
            && self.superuser.is_some()
            && self.assurance.complete
            && (self.authenticated.is_some() || !two_factors)
    }
}

/// Parses `sub`, which has one spelling per user: no `+7`, `007` or `7 `.
pub(crate) fn user(sub: &str) -> Result<UserId, TokenError> {
    let id: i64 = sub.parse().map_err(|_| TokenError::Invalid)?;
    if id.to_string() == sub { Ok(UserId::new(id)) } else { Err(TokenError::Invalid) }
}

/// Parses `jti`.
pub(crate) fn id(jti: &str) -> Result<TokenId, TokenError> {
    if (1..=MAX_ID_CHARS).contains(&jti.chars().count()) {
        Ok(TokenId::from_jti(jti))
    } else {
        Err(TokenError::Invalid)
    }
}
