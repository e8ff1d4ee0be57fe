//! The one hash that a try is compared with.

use std::fmt;

use mfa_core::{
    HashError, KeyedDigests, PasswordCheck, PasswordDigest, PasswordHasher, RecoveryCode, RecoveryState,
    SecretText, UserId,
};
use subtle::{Choice, ConditionallySelectable};

use crate::Typed;
use crate::tag::Tag;

/// What a try is to be compared with: one code of the set, or nothing. It owns what it needs, so that it outlives the
/// decision that made it and is checked outside of it, where hashing holds nothing up.
///
/// `Debug` does not even say whether there is one.
pub struct Candidate {
    typed: SecretText,
    code: Option<Fit>,
}

/// What the hash of a try says.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is this code, which was not spent when it was looked up: [`spend`](crate::spend) it to let anyone in.
    Fits(Fit),
    /// It is no code of this user, or a spent one.
    Wrong,
}

/// Which code was shown to be right. Only [`Candidate::check`] hands one out.
#[derive(Clone, PartialEq, Eq)]
pub struct Fit {
    id: String,
    digest: PasswordDigest,
}

/// Looks up what this answer of this user is to be compared with: the code that is not spent and whose tag fits under
/// any live key.
///
/// Compares with every code in constant time. Sets made by [`generate_set`](crate::generate_set) never have two codes
/// of one tag; of a set from elsewhere that has, the first one that is not spent is taken. Codes without a tag, which
/// imported sets have, are never candidates.
pub fn candidate(
    recovery: &RecoveryState,
    user: UserId,
    typed: &Typed,
    digests: &dyn KeyedDigests,
) -> Candidate {
    match typed {
        Typed::Code(code) => Candidate {
            typed: code.canonical().clone(),
            code: select(&recovery.codes, &Tag::under_each_key(user, code, digests)),
        },
        // The text does not matter to the dummy, only that one is hashed.
        Typed::NoCode => Candidate { typed: SecretText::new(String::new()), code: None },
    }
}

fn select(codes: &[RecoveryCode], tags: &[Tag]) -> Option<Fit> {
    let mut found = Choice::from(0);
    let mut chosen = 0_u64;
    for (place, code) in (0_u64..).zip(codes) {
        let fits = tags.iter().fold(Choice::from(0), |fits, tag| fits | tag.fits(code));
        let first = fits & Choice::from(u8::from(code.used_at.is_none())) & !found;
        chosen.conditional_assign(&place, first);
        found |= first;
    }
    let code = codes.get(usize::try_from(chosen).ok()?).filter(|_| found.into())?;
    Some(Fit { id: code.id.clone(), digest: PasswordDigest::from_column(code.digest.clone()) })
}

impl Candidate {
    /// Computes exactly one slow hash, a dummy where there is nothing to compare with, so that no answer is quicker
    /// than another.
    ///
    /// # Errors
    ///
    /// [`HashError`]: the try was not checked and nothing is spent; let nobody in.
    pub async fn check(self, hasher: &dyn PasswordHasher) -> Result<Tried, HashError> {
        let digest = self.code.as_ref().map(|fit| fit.digest.clone());
        let check = hasher.verify(self.typed, digest).await?;
        Ok(match (check, self.code) {
            // An outdated hash is not renewed: the code is used up.
            (PasswordCheck::Right | PasswordCheck::RightButOutdated, Some(fit)) => Tried::Fits(fit),
            (PasswordCheck::Right | PasswordCheck::RightButOutdated, None) | (PasswordCheck::Wrong, _) => {
                Tried::Wrong
            }
        })
    }
}

impl Fit {
    /// Whether that stored code is the very one: the same number and the same hash. A new set numbers its codes alike,
    /// but each hash has a salt of its own.
    pub(crate) fn is(&self, stored: &RecoveryCode) -> bool {
        self.id == stored.id && self.digest.as_column() == stored.digest
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Candidate(…)")
    }
}

impl fmt::Debug for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fit({})", self.id)
    }
}
