//! Assurance claims of a token: the stage claim with the matching `enrolment_only`, `amr`, `acr` and `rec`.

use mfa_core::{FactorKind, Stage};

use crate::TokenError;
use crate::strict_object::StrictObject;

/// `acr` after the first factor (NIST SP 800-63B-4 §2.1).
pub(crate) const ONE_FACTOR: &str = "aal1";
/// `acr` after a second factor (NIST SP 800-63B-4 §2.2).
pub(crate) const TWO_FACTORS: &str = "aal2";

/// Assurance that the claims state.
#[derive(Debug)]
pub(crate) struct Assurance {
    /// Stage of the login.
    pub(crate) stage: Stage,
    /// Whether `amr` and, on access tokens, `acr` are present.
    pub(crate) complete: bool,
}

impl Assurance {
    /// Reads the stage claim. `enrolment_only`, `amr`, `acr` and `rec` must match it if they are present.
    pub(crate) fn parse(claims: &StrictObject) -> Result<Self, TokenError> {
        let amr = claims.texts("amr")?;
        let acr = claims.text("acr")?;
        let recovery = claims.flag("rec")?.unwrap_or(false);
        let enrolment_only = claims.flag("enrolment_only")?.unwrap_or(false);
        let stage = match (claims.flag("mfa_pending")?, claims.flag("mfa_ok")?) {
            (Some(true), None) if enrolment_only => Stage::Enrolment,
            (Some(true), None) => Stage::Pending,
            _ if enrolment_only => return Err(TokenError::Invalid),
            (None, Some(false)) => Stage::OneFactor,
            (None, Some(true)) => Stage::TwoFactors(factor(amr.as_deref().unwrap_or_default(), recovery)?),
            _ => return Err(TokenError::Invalid),
        };
        let (level, acr_needed) = match stage {
            Stage::Pending | Stage::Enrolment => (ONE_FACTOR, false),
            Stage::OneFactor => (ONE_FACTOR, true),
            Stage::TwoFactors(_) => (TWO_FACTORS, true),
        };
        if acr.is_some_and(|acr| acr != level) || (recovery && level == ONE_FACTOR) {
            return Err(TokenError::Invalid);
        }
        Ok(Self { stage, complete: amr.is_some() && (acr.is_some() || !acr_needed) })
    }
}

fn factor(amr: &[&str], recovery: bool) -> Result<Option<FactorKind>, TokenError> {
    if amr.contains(&"pop") {
        return if recovery { Err(TokenError::Invalid) } else { Ok(Some(FactorKind::Passkey)) };
    }
    match (recovery, amr.contains(&"otp"), amr.contains(&"sms")) {
        (true, false, false) => Ok(Some(FactorKind::Recovery)),
        // A recovery code is not a one-time password, so no token issued here has both.
        (true, ..) => Err(TokenError::Invalid),
        (false, true, _) => Ok(Some(FactorKind::Totp)),
        (false, false, true) => Ok(Some(FactorKind::Sms)),
        (false, false, false) => Ok(None),
    }
}
