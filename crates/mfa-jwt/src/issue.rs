//! Issuing of pending and access tokens.

use std::time::Duration;

use mfa_core::{Entropy, FactorKind, Jti, SecretText, Stage, Timestamp, TokenSubject, VerifiedFactor};
use serde::Serialize;

use crate::assurance::{ONE_FACTOR, TWO_FACTORS};
use crate::token_type::{TokenType, lifetime};
use crate::{IssueError, TokenService, jws};

/// Random bytes of a `jti`.
const ID_BYTES: usize = 16;
/// `amr` of a login by password only (RFC 8176).
const PASSWORD_ONLY: &[&str] = &["pwd"];

/// Newly issued token.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token in compact form.
    pub token: SecretText,
    /// Time of expiry (`exp`).
    pub expires_at: Timestamp,
    /// Lifetime in seconds.
    pub expires_in: u64,
}

impl TokenService {
    /// Issues a pending token: the first factor is verified, a second one is required.
    ///
    /// # Errors
    ///
    /// [`IssueError`] if no token was issued: fail the login.
    pub fn pending(
        &self,
        subject: &TokenSubject,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<IssuedToken, IssueError> {
        self.issue(subject, StageClaims::PENDING, entropy, now)
    }

    /// Issues an enrolment token: a pending token that enrols a factor although the account has one, and verifies none.
    ///
    /// # Errors
    ///
    /// [`IssueError`] if no token was issued: the user must log in again.
    pub fn enrolment(
        &self,
        subject: &TokenSubject,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<IssuedToken, IssueError> {
        self.issue(subject, StageClaims::ENROLMENT, entropy, now)
    }

    /// Issues an enrolment token as [`enrolment`](Self::enrolment) does, with an ID that the account already knows.
    ///
    /// # Errors
    ///
    /// [`IssueError`] if no token was issued: the access pass is used up, ask for another one.
    pub fn enrolment_with_id(
        &self,
        subject: &TokenSubject,
        jti: &Jti,
        now: Timestamp,
    ) -> Result<IssuedToken, IssueError> {
        self.sign(subject, StageClaims::ENROLMENT, jti, now)
    }

    /// Issues an access token with `mfa_ok: false`: the first factor is verified, no second one is required.
    ///
    /// # Errors
    ///
    /// [`IssueError`] if no token was issued: fail the login.
    pub fn one_factor(
        &self,
        subject: &TokenSubject,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<IssuedToken, IssueError> {
        self.issue(subject, StageClaims::ONE_FACTOR, entropy, now)
    }

    /// Issues an access token with `mfa_ok: true`, from the proof that a second factor was verified. Its `jti` is the one
    /// that the event of the verification recorded.
    ///
    /// # Errors
    ///
    /// [`IssueError`] if no token was issued. The code may be spent: request the next one.
    pub fn two_factors(&self, verified: &VerifiedFactor, now: Timestamp) -> Result<IssuedToken, IssueError> {
        let jti = verified.jti().ok_or(IssueError::Unrecorded)?;
        self.sign(verified.subject(), StageClaims::two_factors(verified), jti, now)
    }

    fn issue(
        &self,
        subject: &TokenSubject,
        stage: StageClaims,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<IssuedToken, IssueError> {
        let mut id = [0_u8; ID_BYTES];
        entropy.fill(&mut id)?;
        self.sign(subject, stage, &Jti::from_random(id), now)
    }

    fn sign(
        &self,
        subject: &TokenSubject,
        stage: StageClaims,
        jti: &Jti,
        now: Timestamp,
    ) -> Result<IssuedToken, IssueError> {
        let token_type = stage.token_type();
        // `exp` is in whole seconds and counts from `iat`, so that the token has exactly its lifetime.
        let issued_at = Timestamp::from_seconds(now.seconds());
        let lifetime = stage.lifetime();
        let expires_at = issued_at.plus(lifetime);
        let claims = IssuedClaims {
            iss: &self.issuer,
            aud: self.audience_of(token_type),
            sub: subject.user.to_string(),
            iat: issued_at.seconds(),
            iat_ms: now.millis(),
            nbf: issued_at.seconds(),
            exp: expires_at.seconds(),
            jti: jti.as_str(),
            sv: subject.session,
            email: &subject.email,
            is_superuser: subject.is_superuser,
            stage,
        };
        let claims = serde_json::to_vec(&claims).map_err(|_| IssueError::Signing)?;
        let token = jws::sign(self.header_of(token_type), &claims, self.keys.signing(token_type))?;
        Ok(IssuedToken { token: SecretText::new(token), expires_at, expires_in: lifetime.as_secs() })
    }
}

/// Claims of a token in their JSON form.
#[derive(Serialize)]
struct IssuedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    iat: i64,
    /// `iat` in milliseconds, so that "issued before the lock" is exact.
    iat_ms: i64,
    nbf: i64,
    exp: i64,
    jti: &'a str,
    sv: u64,
    email: &'a str,
    is_superuser: bool,
    #[serde(flatten)]
    stage: StageClaims,
}

/// Claims that depend on the stage.
#[derive(Serialize)]
#[serde(untagged)]
enum StageClaims {
    Pending {
        mfa_pending: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        enrolment_only: Option<bool>,
        amr: &'static [&'static str],
    },
    Access {
        mfa_ok: bool,
        amr: &'static [&'static str],
        acr: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        auth_time: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rec: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        phr: Option<bool>,
    },
}

impl StageClaims {
    const PENDING: Self = Self::Pending { mfa_pending: true, enrolment_only: None, amr: PASSWORD_ONLY };
    const ENROLMENT: Self =
        Self::Pending { mfa_pending: true, enrolment_only: Some(true), amr: PASSWORD_ONLY };
    const ONE_FACTOR: Self = Self::Access {
        mfa_ok: false,
        amr: PASSWORD_ONLY,
        acr: ONE_FACTOR,
        auth_time: None,
        rec: None,
        phr: None,
    };

    fn two_factors(verified: &VerifiedFactor) -> Self {
        let factor = verified.factor();
        Self::Access {
            mfa_ok: true,
            amr: factor.amr(),
            acr: TWO_FACTORS,
            auth_time: Some(verified.at().seconds()),
            // RFC 8176 has no value for a recovery code.
            rec: (factor == FactorKind::Recovery).then_some(true),
            // Phishing-resistant (OpenID Connect EAP ACR Values §3).
            phr: factor.is_phishing_resistant().then_some(true),
        }
    }

    const fn lifetime(&self) -> Duration {
        lifetime(match self {
            Self::Pending { enrolment_only: Some(true), .. } => Stage::Enrolment,
            Self::Pending { .. } => Stage::Pending,
            Self::Access { .. } => Stage::OneFactor,
        })
    }

    const fn token_type(&self) -> TokenType {
        match self {
            Self::Pending { .. } => TokenType::Pending,
            Self::Access { .. } => TokenType::Access,
        }
    }
}
