//! Reason why a token was rejected, for the operator's log. Clients never get it.

use std::fmt;

use mfa_core::{Stage, Timestamp};

use crate::TokenService;
use crate::assurance::Assurance;
use crate::claims::{Claims, id, user};
use crate::jws::{DeclaredType, Jws};
use crate::keys::TokenKey;
use crate::legacy::relax;
use crate::strict_object::StrictObject;
use crate::token_type::{TokenType, lifetime};
use crate::verify::LEEWAY;

/// Reason why a token was rejected. It contains no value of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenDefect {
    /// The text is not a token of a known type.
    NotAToken,
    /// It has the form of a token of the Python backend, and those are not accepted.
    Legacy,
    /// A parameter of the header has a wrong type or value.
    Header(&'static str),
    /// No key of this service has its `kid`.
    UnknownKeyId,
    /// No key of this service verifies the signature.
    AnotherKey,
    /// The signature is valid, but the payload is no JSON object, or a name occurs twice in it.
    Payload,
    /// A required claim is missing.
    Missing(&'static str),
    /// A claim has a wrong type or value.
    Claim(&'static str),
}

impl fmt::Display for TokenDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAToken => f.write_str("not a token"),
            Self::Legacy => f.write_str("token of the Python service, and JWT_ACCEPT_LEGACY_TOKENS is off"),
            Self::Header(name) => write!(f, "the header parameter {name} is not valid"),
            Self::UnknownKeyId => f.write_str("no key has its kid"),
            Self::Payload => f.write_str("the claims are not a JSON object, or a name occurs twice"),
            Self::AnotherKey => f.write_str("signed with another key"),
            Self::Missing(name) => write!(f, "the claim {name} is missing"),
            Self::Claim(name) => write!(f, "the claim {name} is not valid"),
        }
    }
}

impl TokenService {
    /// Returns the reason why [`authenticate`](Self::authenticate) rejected a token as invalid. `None` if it is valid or
    /// has expired.
    pub fn defect(&self, token: &str, now: Timestamp) -> Option<TokenDefect> {
        let Ok(jws) = Jws::parse(token) else {
            return Some(Jws::invalid_header(token).map_or(TokenDefect::NotAToken, TokenDefect::Header));
        };
        let keys: Vec<&dyn TokenKey> = match &jws.declared {
            DeclaredType::Ours(token_type, kid) => match self.keys.find(*token_type, kid) {
                Some(key) => vec![key],
                None => return Some(TokenDefect::UnknownKeyId),
            },
            DeclaredType::Plain if !self.accept_legacy => return Some(TokenDefect::Legacy),
            DeclaredType::Plain => self.keys.secrets().collect(),
        };
        if !keys.iter().any(|key| jws.is_for(*key)) {
            return Some(TokenDefect::Header("alg"));
        }
        let Some(key) = keys.into_iter().find(|key| jws.verify_signature(*key).is_ok()) else {
            return Some(TokenDefect::AnotherKey);
        };
        let Ok(object) = jws.verify(key) else { return Some(TokenDefect::Payload) };
        let (object, slack) = match &jws.declared {
            DeclaredType::Ours(..) => (object, false),
            DeclaredType::Plain if object.contains("enrolment_only") => {
                return Some(TokenDefect::Claim("enrolment_only"));
            }
            DeclaredType::Plain => {
                let relaxed = relax(object);
                (relaxed.object, relaxed.has_fraction)
            }
        };
        form(&object).or_else(|| self.value(&object, &jws.declared, slack, now))
    }

    /// Checks the values of claims that all have the right form.
    fn value(
        &self,
        object: &StrictObject,
        declared: &DeclaredType,
        slack: bool,
        now: Timestamp,
    ) -> Option<TokenDefect> {
        let claims = Claims::parse(object).ok()?;
        let token_type = TokenType::for_stage(claims.assurance.stage);
        if let DeclaredType::Ours(declared, _) = declared {
            if *declared != token_type {
                return Some(TokenDefect::Claim(stage_claim(claims.assurance.stage)));
            }
            let acr = ["acr"].into_iter().filter(|_| token_type == TokenType::Access);
            let required =
                ["iss", "aud", "jti", "sv", "iat", "nbf", "is_superuser", "amr"].into_iter().chain(acr);
            let auth_time =
                ["auth_time"].into_iter().filter(|_| matches!(claims.assurance.stage, Stage::TwoFactors(_)));
            if let Some(name) = required.chain(auth_time).find(|name| !object.contains(name)) {
                return Some(TokenDefect::Missing(name));
            }
        }
        if claims.issuer.as_deref().is_some_and(|it| it != self.issuer) {
            return Some(TokenDefect::Claim("iss"));
        }
        if claims.audience.as_deref().is_some_and(|it| it != self.audience_of(token_type)) {
            return Some(TokenDefect::Claim("aud"));
        }
        let ahead =
            |seconds: Option<i64>| seconds.is_some_and(|it| Timestamp::from_seconds(it) > now.plus(LEEWAY));
        let times = [("iat", claims.issued), ("nbf", claims.not_before), ("auth_time", claims.authenticated)];
        if let Some((name, _)) = times.into_iter().find(|(_, seconds)| ahead(*seconds)) {
            return Some(TokenDefect::Claim(name));
        }
        match crate::verify::check_times(&claims, lifetime(claims.assurance.stage), slack, now) {
            Ok(_) => None,
            Err(_)
                if claims
                    .issued_millis
                    .is_some_and(|it| claims.issued != Some(Timestamp::from_millis(it).seconds())) =>
            {
                Some(TokenDefect::Claim("iat_ms"))
            }
            // Too long a life counts from `iat`, or from now if there is none.
            Err(_) => Some(TokenDefect::Claim("exp")),
        }
    }
}

/// Checks that the required claims are present and every claim has the right form.
fn form(object: &StrictObject) -> Option<TokenDefect> {
    if let Some(name) = ["sub", "email", "exp"].into_iter().find(|name| !object.contains(name)) {
        return Some(TokenDefect::Missing(name));
    }
    let sub = object.text("sub").ok().flatten().is_some_and(|it| user(it).is_ok());
    let jti = object.text("jti").is_ok_and(|it| it.is_none_or(|it| id(it).is_ok()));
    let checks = [
        ("sub", sub),
        ("email", object.text("email").is_ok()),
        ("exp", object.integer("exp").is_ok()),
        ("mfa_pending", object.flag("mfa_pending").is_ok()),
        ("mfa_ok", object.flag("mfa_ok").is_ok()),
        ("iss", object.text("iss").is_ok()),
        ("aud", object.text("aud").is_ok()),
        ("jti", jti),
        ("sv", object.count("sv").is_ok()),
        ("iat", object.integer("iat").is_ok()),
        ("iat_ms", object.integer("iat_ms").is_ok()),
        ("nbf", object.integer("nbf").is_ok()),
        ("auth_time", object.integer("auth_time").is_ok()),
        ("is_superuser", object.flag("is_superuser").is_ok()),
        ("amr", object.texts("amr").is_ok()),
        ("acr", object.text("acr").is_ok()),
        ("rec", object.flag("rec").is_ok()),
        ("enrolment_only", object.flag("enrolment_only").is_ok()),
    ];
    if let Some((name, _)) = checks.into_iter().find(|(_, is_right)| !is_right) {
        return Some(TokenDefect::Claim(name));
    }
    match (object.flag("mfa_pending"), object.flag("mfa_ok")) {
        (Ok(None), Ok(None)) => return Some(TokenDefect::Missing("mfa_pending or mfa_ok")),
        (Ok(Some(_)), Ok(Some(_))) => return Some(TokenDefect::Claim("mfa_pending beside mfa_ok")),
        (Ok(Some(false)), _) => return Some(TokenDefect::Claim("mfa_pending")),
        (Ok(None), _) if matches!(object.flag("enrolment_only"), Ok(Some(true))) => {
            return Some(TokenDefect::Claim("enrolment_only"));
        }
        _ => {}
    }
    let is_consistent = Assurance::parse(object).is_ok();
    let name = if object.contains("rec") { "rec" } else { "acr" };
    (!is_consistent).then_some(TokenDefect::Claim(name))
}

const fn stage_claim(stage: Stage) -> &'static str {
    match stage {
        Stage::Pending | Stage::Enrolment => "mfa_pending",
        Stage::OneFactor | Stage::TwoFactors(_) => "mfa_ok",
    }
}
