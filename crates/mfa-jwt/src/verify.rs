//! Verification of tokens and their claims.

use std::time::Duration;

use mfa_core::{AuthenticatedToken, Stage, Timestamp, TokenId};

use crate::claims::Claims;
use crate::jws::{DeclaredType, Jws};
use crate::legacy::{RelaxedClaims, relax};
use crate::strict_object::StrictObject;
use crate::token_type::{TokenType, lifetime};
use crate::{TokenError, TokenService};

/// Tolerated difference between the clocks of two machines.
pub(crate) const LEEWAY: Duration = Duration::from_secs(5);

/// Verified token with the claims that describe it. Claims that a token of the Python backend lacks are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenMetadata {
    /// The verified token.
    pub presented: AuthenticatedToken,
    /// `iss`.
    pub issuer: Option<String>,
    /// `aud`.
    pub audience: Option<String>,
    /// `jti`.
    pub id: Option<String>,
    /// `iat`, in seconds.
    pub issued: Option<i64>,
    /// `nbf`, in seconds.
    pub not_before: Option<i64>,
    /// `auth_time`, in seconds.
    pub authenticated: Option<i64>,
    /// `acr`.
    pub level: Option<String>,
    /// `amr`.
    pub methods: Option<Vec<String>>,
}

impl TokenService {
    /// Verifies that a token is genuine, complete and valid now. Whether it is spent or revoked is known to the
    /// account.
    ///
    /// If legacy tokens are accepted, a token without `kid` and without a `typ` of this service needs only `sub`,
    /// `email`, `exp` and its stage claim. Any further claim must be valid too, except that the claim of the other stage
    /// may be `false` or `null`, `is_superuser` may be `null`, and times may have a fraction.
    ///
    /// # Errors
    ///
    /// [`TokenError::Expired`] only if everything else is valid, [`TokenError::Invalid`] otherwise. In both cases the
    /// client must log in again.
    pub fn authenticate(&self, token: &str, now: Timestamp) -> Result<AuthenticatedToken, TokenError> {
        self.read(token, now).map(|(presented, _)| presented)
    }

    /// Verifies a token and returns its claims too, for token introspection (RFC 7662).
    ///
    /// # Errors
    ///
    /// [`TokenError`] as for [`authenticate`](Self::authenticate).
    pub fn describe(&self, token: &str, now: Timestamp) -> Result<TokenMetadata, TokenError> {
        let (presented, claims) = self.read(token, now)?;
        let text = |name| claims.text(name).map(|it| it.map(str::to_owned));
        let methods = claims.texts("amr")?;
        Ok(TokenMetadata {
            presented,
            issuer: text("iss")?,
            audience: text("aud")?,
            id: text("jti")?,
            issued: claims.integer("iat")?,
            not_before: claims.integer("nbf")?,
            authenticated: claims.integer("auth_time")?,
            level: text("acr")?,
            methods: methods.map(|it| it.into_iter().map(str::to_owned).collect()),
        })
    }

    fn read(&self, token: &str, now: Timestamp) -> Result<(AuthenticatedToken, StrictObject), TokenError> {
        let jws = Jws::parse(token)?;
        let (claims, object, slack) = match &jws.declared {
            DeclaredType::Ours(token_type, key_id) => {
                let (claims, object) = self.read_ours(&jws, *token_type, key_id)?;
                (claims, object, false)
            }
            DeclaredType::Plain if self.accept_legacy => self.read_legacy(&jws)?,
            DeclaredType::Plain => return Err(TokenError::Invalid),
        };
        let token_type = TokenType::for_stage(claims.assurance.stage);
        self.check_parties(&claims, token_type)?;
        let issued_at = check_times(&claims, lifetime(claims.assurance.stage), slack, now)?;
        let expires_at = Timestamp::from_seconds(claims.expires);
        // Checked last: an expired token with another defect is invalid.
        if now > expires_at.plus(LEEWAY) {
            return Err(TokenError::Expired);
        }
        let stage = claims.assurance.stage;
        let auth_time = claims.authenticated.filter(|_| matches!(stage, Stage::TwoFactors(_)));
        let presented = AuthenticatedToken {
            user: claims.user,
            id: claims.id.unwrap_or_else(|| TokenId::from_jti(token)),
            stage,
            session: claims.session,
            issued_at,
            expires_at,
            auth_time: auth_time.map(Timestamp::from_seconds),
            is_superuser: claims.superuser == Some(true),
        };
        Ok((presented, object))
    }

    fn read_ours(
        &self,
        jws: &Jws<'_>,
        token_type: TokenType,
        key_id: &str,
    ) -> Result<(Claims, StrictObject), TokenError> {
        let key = self.keys.find(token_type, key_id).ok_or(TokenError::Invalid)?;
        let object = jws.verify(key)?;
        let claims = Claims::parse(&object)?;
        let fits = TokenType::for_stage(claims.assurance.stage) == token_type;
        if fits && claims.is_complete() { Ok((claims, object)) } else { Err(TokenError::Invalid) }
    }

    fn read_legacy(&self, jws: &Jws<'_>) -> Result<(Claims, StrictObject, bool), TokenError> {
        let object = self.keys.secrets().find_map(|key| jws.verify(key).ok()).ok_or(TokenError::Invalid)?;
        // The Python backend issues no enrolment tokens.
        if object.contains("enrolment_only") {
            return Err(TokenError::Invalid);
        }
        let RelaxedClaims { object, has_fraction } = relax(object);
        Ok((Claims::parse(&object)?, object, has_fraction))
    }

    fn check_parties(&self, claims: &Claims, token_type: TokenType) -> Result<(), TokenError> {
        let issuer = claims.issuer.as_deref().unwrap_or(&self.issuer);
        let audience = claims.audience.as_deref().unwrap_or(self.audience_of(token_type));
        if issuer == self.issuer && audience == self.audience_of(token_type) {
            Ok(())
        } else {
            Err(TokenError::Invalid)
        }
    }
}

/// Checks all times but the expiry, and returns the time of issue.
///
/// A token without `iat` is taken to have been issued one lifetime before its expiry. With `slack`, the lifetime may be
/// a second longer, because the fractions of two times were cut off.
pub(crate) fn check_times(
    claims: &Claims,
    lifetime: Duration,
    slack: bool,
    now: Timestamp,
) -> Result<Timestamp, TokenError> {
    let expires_at = Timestamp::from_seconds(claims.expires);
    let issued_at = claims.issued.map_or(expires_at.minus(lifetime), Timestamp::from_seconds);
    let longest = if slack { lifetime.saturating_add(Duration::from_secs(1)) } else { lifetime };
    let latest = now.plus(LEEWAY);
    let ahead = |seconds: Option<i64>| seconds.is_some_and(|it| Timestamp::from_seconds(it) > latest);
    if issued_at > latest || ahead(claims.not_before) || ahead(claims.authenticated) {
        return Err(TokenError::Invalid);
    }
    if expires_at <= issued_at || expires_at > issued_at.plus(longest) {
        return Err(TokenError::Invalid);
    }
    let Some(millis) = claims.issued_millis else { return Ok(issued_at) };
    let exact = Timestamp::from_millis(millis);
    if claims.issued == Some(exact.seconds()) { Ok(exact) } else { Err(TokenError::Invalid) }
}
