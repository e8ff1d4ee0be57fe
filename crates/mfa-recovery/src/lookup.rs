//! What a try is compared with: one hash, or those of a set from elsewhere.

use std::fmt;

use mfa_core::{
    HashError, KeyedDigests, PasswordCheck, PasswordDigest, PasswordHasher, RecoveryCode, RecoveryState,
    SecretText, UserId,
};
use subtle::{Choice, ConditionallySelectable};

use crate::RecoveryCodeInput;
use crate::legacy::comparison;
use crate::tag::CodeTag;

/// What a try is to be compared with: one code of the set, or nothing; or, where no code of ours is meant, the codes of
/// a set from elsewhere. It owns what it needs, so that it outlives the
/// decision that made it and is checked outside of it, where hashing holds nothing up.
///
/// `Debug` does not even say whether there is one.
pub struct CodeLookup {
    typed: SecretText,
    code: Option<MatchedCode>,
    /// Codes of a set from elsewhere, each with the answer as it is spelled for it.
    legacy: Vec<(SecretText, MatchedCode)>,
}

/// What the hash of a try says.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashComparison {
    /// It is this code, which was not spent when it was looked up: [`spend`](crate::spend) it to let anyone in.
    Match(MatchedCode),
    /// It is no code of this user, or a spent one.
    NoMatch,
}

/// Which code was shown to be right. Only [`CodeLookup::check`] hands one out.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchedCode {
    id: String,
    /// What the row holds.
    digest: PasswordDigest,
    /// The hash in it.
    hash: PasswordDigest,
}

/// Codes of a set from elsewhere that one try is compared with at most: such sets have ten.
const MAX_LEGACY_CODES: usize = 16;

/// Looks up what this answer of this user is to be compared with: the code that is not spent and whose tag fits under
/// any live key.
///
/// Compares with every code in constant time. Sets made by [`generate_set`](crate::generate_set) never have two codes
/// of one tag; of a set that has, the first one that is not spent is taken. Codes of a set from elsewhere have no tag:
/// where no tag fits, each of them that is not spent is a candidate.
pub fn look_up_code(
    recovery: &RecoveryState,
    user: UserId,
    typed: &RecoveryCodeInput,
    digests: &dyn KeyedDigests,
) -> CodeLookup {
    let code = typed
        .code()
        .and_then(|it| select(&recovery.codes, &CodeTag::digest_with_each_key(user, it, digests)));
    let legacy = if code.is_some() { Vec::new() } else { from_elsewhere(&recovery.codes, typed) };
    // Where it is no code of ours, the text does not matter to the dummy, only that one is hashed.
    let canonical = typed.code().map(|it| it.canonical().clone());
    CodeLookup { typed: canonical.unwrap_or_else(|| SecretText::new(String::new())), code, legacy }
}

fn from_elsewhere(codes: &[RecoveryCode], typed: &RecoveryCodeInput) -> Vec<(SecretText, MatchedCode)> {
    let unspent = codes.iter().filter(|code| code.used_at.is_none());
    let compared = unspent.filter_map(|code| {
        let (spelled, digest) = comparison(code, typed.text())?;
        let stored = PasswordDigest::from_column(code.digest.clone());
        Some((spelled, MatchedCode { id: code.id.clone(), digest: stored, hash: digest }))
    });
    compared.take(MAX_LEGACY_CODES).collect()
}

fn select(codes: &[RecoveryCode], tags: &[CodeTag]) -> Option<MatchedCode> {
    let mut found = Choice::from(0);
    let mut chosen = 0_u64;
    for (place, code) in (0_u64..).zip(codes) {
        let fits = tags.iter().fold(Choice::from(0), |fits, tag| fits | tag.fits(code));
        let first = fits & Choice::from(u8::from(code.used_at.is_none())) & !found;
        chosen.conditional_assign(&place, first);
        found |= first;
    }
    let code = codes.get(usize::try_from(chosen).ok()?).filter(|_| found.into())?;
    let digest = PasswordDigest::from_column(code.digest.clone());
    Some(MatchedCode { id: code.id.clone(), hash: digest.clone(), digest })
}

impl CodeLookup {
    /// Computes exactly one slow hash, a dummy where there is nothing to compare with, so that no answer is quicker
    /// than another. Only for a user with a set from elsewhere it may be several, one after the other, each in its own
    /// place in the hasher's queue.
    ///
    /// # Errors
    ///
    /// [`HashError`]: the try was not checked and nothing is spent; let nobody in.
    pub async fn check(self, hasher: &dyn PasswordHasher) -> Result<HashComparison, HashError> {
        if !self.legacy.is_empty() {
            return check_each(self.legacy, hasher).await;
        }
        let digest = self.code.as_ref().map(|fit| fit.hash.clone());
        let check = hasher.verify(self.typed, digest).await?;
        Ok(match (check, self.code) {
            // An outdated hash is not renewed: the code is used up.
            (PasswordCheck::Correct | PasswordCheck::CorrectButOutdated, Some(fit)) => {
                HashComparison::Match(fit)
            }
            (PasswordCheck::Correct | PasswordCheck::CorrectButOutdated, None)
            | (PasswordCheck::Wrong, _) => HashComparison::NoMatch,
        })
    }
}

async fn check_each(
    legacy: Vec<(SecretText, MatchedCode)>,
    hasher: &dyn PasswordHasher,
) -> Result<HashComparison, HashError> {
    for (spelled, fit) in legacy {
        match hasher.verify(spelled, Some(fit.hash.clone())).await? {
            PasswordCheck::Correct | PasswordCheck::CorrectButOutdated => {
                return Ok(HashComparison::Match(fit));
            }
            PasswordCheck::Wrong => {}
        }
    }
    Ok(HashComparison::NoMatch)
}

impl MatchedCode {
    /// Whether that stored code is the very one: the same number and the same hash. A new set numbers its codes alike,
    /// but each hash has a salt of its own.
    pub(crate) fn is(&self, stored: &RecoveryCode) -> bool {
        self.id == stored.id && self.digest.as_column() == stored.digest
    }
}

impl fmt::Debug for CodeLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeLookup(…)")
    }
}

impl fmt::Debug for MatchedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MatchedCode({})", self.id)
    }
}
