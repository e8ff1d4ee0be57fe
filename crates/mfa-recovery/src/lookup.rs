//! Lookup of the stored hash that a submitted code may match.

use std::fmt;

use mfa_core::{
    HashError, KeyedDigests, PasswordCheck, PasswordDigest, PasswordHasher, RecoveryCode, RecoveryState,
    SecretText, UserId,
};
use subtle::{Choice, ConditionallySelectable};

use crate::RecoveryCodeInput;
use crate::legacy::comparison;
use crate::tag::CodeTag;

/// Stored code to compare a submitted text with.
///
/// It holds one code of the set, none, or the unused codes of an imported set. It owns its data, so that hashing runs
/// outside the decision that created it. `Debug` does not reveal whether a code was found.
pub struct CodeLookup {
    typed: SecretText,
    code: Option<MatchedCode>,
    /// Codes of an imported set, each with the text converted to its format.
    legacy: Vec<(SecretText, MatchedCode)>,
}

/// Result of comparing a submitted code with the stored hash.
///
/// Exhaustive, so that no caller overlooks the missing match.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashComparison {
    /// The text matches this code, which was unused at the lookup. [`spend`](crate::spend) it before accepting it.
    Match(MatchedCode),
    /// The text matches no unused code of this user.
    NoMatch,
}

/// Code that matched its hash. Only [`CodeLookup::check`] creates one.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchedCode {
    id: String,
    /// Digest as stored in the row.
    digest: PasswordDigest,
    /// Hash within the digest.
    hash: PasswordDigest,
}

/// Maximum number of imported codes compared with one attempt. Such sets have ten.
const MAX_LEGACY_CODES: usize = 16;

/// Selects the unused code whose tag matches a submitted text with any active key.
///
/// Compares every code in constant time. Sets of [`generate_set`](crate::generate_set) never contain a tag twice; in
/// other sets the first unused match counts. Imported codes have no tag: if no tag matches, all unused ones are
/// selected.
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
    // Without a code the text does not affect the dummy hash, only its cost matters.
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
    /// Computes exactly one slow hash, a dummy if there is no code, so that every attempt takes equally long.
    ///
    /// Only an imported set can need several hashes. They run one after the other, each with its own place in the
    /// hasher's queue.
    ///
    /// # Errors
    ///
    /// [`HashError`] if the code was not compared: deny the attempt. No code is spent.
    pub async fn check(self, hasher: &dyn PasswordHasher) -> Result<HashComparison, HashError> {
        if !self.legacy.is_empty() {
            return check_each(self.legacy, hasher).await;
        }
        let digest = self.code.as_ref().map(|fit| fit.hash.clone());
        let check = hasher.verify(self.typed, digest).await?;
        Ok(match (check, self.code) {
            // An outdated hash is not renewed, because the code is used up.
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
    /// Returns whether the stored code is the same one: same number and same digest. A new set reuses the numbers,
    /// but every digest has its own salt.
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
