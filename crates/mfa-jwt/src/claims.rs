//! The claims of a token whose signature is right, each read as its own type.

use mfa_core::{Stage, TokenId, UserId};

use crate::TokenError;
use crate::assurance::Assurance;
use crate::strict_object::StrictObject;

/// The longest `jti`, in characters.
const MAX_ID_CHARS: usize = 128;

/// The claims that stand in a token. A claim that stands has its type and form; whether it must stand is for
/// [`Claims::is_complete`], and whether it is true for the reader.
#[derive(Debug)]
pub(crate) struct Claims {
    /// `sub`, in every token.
    pub(crate) user: UserId,
    /// `exp` in seconds, in every token.
    pub(crate) expires: i64,
    /// The stage claim, in every token, with `amr`, `acr` and `rec`.
    pub(crate) assurance: Assurance,
    /// `iss`.
    pub(crate) issuer: Option<String>,
    /// `aud`.
    pub(crate) audience: Option<String>,
    /// Of `jti`.
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
    /// Reads the claims; without `sub`, `email`, `exp` and a stage there is nothing to read.
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

    /// Whether every claim stands that ours have (`iat_ms` aside, which others who hold the key need not write).
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

/// One spelling for one user: no `+7`, `007` or `7 `.
fn user(sub: &str) -> Result<UserId, TokenError> {
    let id: i64 = sub.parse().map_err(|_| TokenError::Invalid)?;
    if id.to_string() == sub { Ok(UserId::new(id)) } else { Err(TokenError::Invalid) }
}

fn id(jti: &str) -> Result<TokenId, TokenError> {
    if (1..=MAX_ID_CHARS).contains(&jti.chars().count()) {
        Ok(TokenId::from_jti(jti))
    } else {
        Err(TokenError::Invalid)
    }
}
