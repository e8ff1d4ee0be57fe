//! Hash formats of imported recovery codes.

use mfa_core::{PasswordDigest, PasswordKinds, RecoveryCode, SecretText};

/// Form in which an imported code was hashed.
///
/// Only the original system knows whether it hashed codes as displayed, without dashes, or in one case. The operator
/// states it at the import. It is stored before each digest in the row (`upper-bare|$2b$12$…`); codes hashed as
/// displayed have no prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyCodeFormat {
    /// Case of the hashed text.
    pub case: LegacyCodeCase,
    /// Whether dashes and white space were removed before hashing.
    pub bare: bool,
}

/// Case in which a code was hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LegacyCodeCase {
    /// As displayed.
    #[default]
    AsShown,
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
}

/// Separator between the format and the digest.
const FORMAT_SEPARATOR: char = '|';

impl LegacyCodeFormat {
    const ALL: [Self; 6] = [
        Self { case: LegacyCodeCase::AsShown, bare: false },
        Self { case: LegacyCodeCase::AsShown, bare: true },
        Self { case: LegacyCodeCase::Upper, bare: false },
        Self { case: LegacyCodeCase::Upper, bare: true },
        Self { case: LegacyCodeCase::Lower, bare: false },
        Self { case: LegacyCodeCase::Lower, bare: true },
    ];

    const fn name(self) -> &'static str {
        match (self.case, self.bare) {
            (LegacyCodeCase::AsShown, false) => "",
            (LegacyCodeCase::AsShown, true) => "bare",
            (LegacyCodeCase::Upper, false) => "upper",
            (LegacyCodeCase::Upper, true) => "upper-bare",
            (LegacyCodeCase::Lower, false) => "lower",
            (LegacyCodeCase::Lower, true) => "lower-bare",
        }
    }

    /// Converts a submitted text to this format. White space around it is always removed.
    fn convert(self, typed: &SecretText) -> SecretText {
        // Final capacity from the start: a growing string leaves copies in memory.
        let mut spelled = String::with_capacity(typed.expose().len());
        for character in typed.expose().trim().chars() {
            if self.bare && (character == '-' || character.is_whitespace()) {
                continue;
            }
            spelled.push(match self.case {
                LegacyCodeCase::AsShown => character,
                LegacyCodeCase::Upper => character.to_ascii_uppercase(),
                LegacyCodeCase::Lower => character.to_ascii_lowercase(),
            });
        }
        SecretText::new(spelled)
    }
}

/// Returns the digest of an imported code as the row stores it: the bcrypt hash with the format, without a tag.
///
/// # Errors
///
/// [`LegacyDigestError`] if the hash is not bcrypt, or cannot be compared with an attempt: do not import the set.
pub fn legacy_digest(hash: &str, spelling: LegacyCodeFormat) -> Result<String, LegacyDigestError> {
    if !is_bcrypt(hash) {
        return Err(LegacyDigestError::NotBcrypt);
    }
    if !hash.get(4..6).and_then(|cost| cost.parse().ok()).is_some_and(|cost: u32| COSTS.contains(&cost)) {
        return Err(LegacyDigestError::Cost);
    }
    Ok(match spelling.name() {
        "" => hash.to_owned(),
        name => format!("{name}{FORMAT_SEPARATOR}{hash}"),
    })
}

/// Costs of bcrypt hashes that an attempt is compared with. A lower one is not valid, and a higher one takes too long.
const COSTS: std::ops::RangeInclusive<u32> =
    PasswordKinds::MIN_BCRYPT_COST..=PasswordKinds::MAX_VERIFIED_BCRYPT_COST;

/// Error for a text that is no usable bcrypt hash. It does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LegacyDigestError {
    /// It is not a bcrypt hash.
    #[error("a recovery code is not a bcrypt hash")]
    NotBcrypt,
    /// No attempt is compared with a hash of this cost.
    #[error("the bcrypt cost of a recovery code is not supported")]
    Cost,
}

/// Returns whether the text is `$2a$`, `$2b$`, `$2x$` or `$2y$`, a cost of two digits, and 53 characters of salt and
/// hash.
fn is_bcrypt(text: &str) -> bool {
    let rest = ["$2a$", "$2b$", "$2x$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix));
    let parts = rest.and_then(|rest| rest.split_once('$'));
    parts.is_some_and(|(cost, hash)| {
        cost.len() == 2
            && cost.bytes().all(|it| it.is_ascii_digit())
            && hash.len() == 53
            && hash.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'/'))
    })
}

/// Returns whether a code was imported from another system.
pub fn is_legacy(code: &RecoveryCode) -> bool {
    code.tag.is_none() && read(&code.digest).is_some()
}

/// Returns the bcrypt hash of a code that was imported from another system, for an export to it. `None` for a code
/// generated here.
pub fn legacy_hash(code: &RecoveryCode) -> Option<SecretText> {
    let (_, hash) = read(&code.digest).filter(|_| code.tag.is_none())?;
    Some(SecretText::new(hash.to_owned()))
}

/// Returns the converted text and the hash to compare it with, or `None` for a code generated here.
pub(crate) fn comparison(code: &RecoveryCode, typed: &SecretText) -> Option<(SecretText, PasswordDigest)> {
    if code.tag.is_some() {
        return None;
    }
    let (format, hash) = read(&code.digest)?;
    Some((format.convert(typed), PasswordDigest::from_column(hash.to_owned())))
}

fn read(digest: &str) -> Option<(LegacyCodeFormat, &str)> {
    let (name, hash) = digest.split_once(FORMAT_SEPARATOR).unwrap_or(("", digest));
    let spelling = LegacyCodeFormat::ALL.into_iter().find(|it| it.name() == name)?;
    is_bcrypt(hash).then_some((spelling, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2b$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";

    fn code(digest: String, tag: Option<&str>) -> RecoveryCode {
        RecoveryCode {
            id: "1".to_owned(),
            digest,
            tag_key: tag.map(|_| "k".to_owned()),
            tag: tag.map(str::to_owned),
            used_at: None,
            rest: serde_json::Map::new(),
        }
    }

    #[test]
    fn a_digest_reads_back_with_the_spelling_that_it_was_made_of() {
        for (spelling, expected) in LegacyCodeFormat::ALL
            .into_iter()
            .zip(["Ab-cD 1", "AbcD1", "AB-CD 1", "ABCD1", "ab-cd 1", "abcd1"])
        {
            let digest = legacy_digest(HASH, spelling).unwrap();
            let typed = SecretText::new(" Ab-cD 1\n".to_owned());
            let (spelled, hash) = comparison(&code(digest, None), &typed).unwrap();
            assert_eq!((spelled.expose(), hash.as_column()), (expected, HASH), "{spelling:?}");
        }
    }

    #[test]
    fn only_bcrypt_without_a_tag_is_of_a_set_from_elsewhere() {
        assert!(is_legacy(&code(HASH.to_owned(), None)));
        assert!(!is_legacy(&code(HASH.to_owned(), Some("beef"))), "a tag selects one hash");
        for other in
            ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "odd|$2b$12$x", &HASH[..59]]
        {
            assert!(!is_legacy(&code(other.to_owned(), None)), "{other}");
            assert_eq!(
                legacy_digest(other, LegacyCodeFormat::default()),
                Err(LegacyDigestError::NotBcrypt),
                "{other}"
            );
        }
    }
}
