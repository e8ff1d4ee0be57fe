//! Codes of a set from elsewhere: no tag says which of them may be meant.

use mfa_core::{PasswordDigest, RecoveryCode, SecretText};

/// What of an answer was hashed when a set from elsewhere was made.
///
/// Such sets are not ours: whether their codes were hashed as they were shown, or without their dashes, or in one case,
/// only the system that made them knows. What an operator says of it at the import stands before each digest in the row
/// (`upper-bare|$2b$12$…`), and nothing where they were hashed as shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyCodeFormat {
    /// In which case.
    pub case: LegacyCodeCase,
    /// Whether without dashes and blanks.
    pub bare: bool,
}

/// In which case a code was hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LegacyCodeCase {
    /// As it was shown.
    #[default]
    AsShown,
    /// Upper.
    Upper,
    /// Lower.
    Lower,
}

/// Parts the digest from what stands before it.
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

    /// What was typed, spelled so. Blanks around it never count.
    fn of(self, typed: &SecretText) -> SecretText {
        // As large as it gets at once: a string that grows leaves copies behind.
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

/// A code of a set from elsewhere, as the row is to keep it: its bcrypt hash, and no tag.
///
/// # Errors
///
/// [`LegacyDigestError`] where the hash is none of bcrypt.
pub fn legacy_digest(hash: &str, spelling: LegacyCodeFormat) -> Result<String, LegacyDigestError> {
    if !is_bcrypt(hash) {
        return Err(LegacyDigestError);
    }
    Ok(match spelling.name() {
        "" => hash.to_owned(),
        name => format!("{name}{FORMAT_SEPARATOR}{hash}"),
    })
}

/// A text that is no bcrypt hash. Says nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code is not a bcrypt hash")]
pub struct LegacyDigestError;

/// `$2a$`, `$2b$`, `$2x$` or `$2y$`, a cost of two digits, and 53 characters of salt and hash.
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

/// Whether a code is one of a set from elsewhere.
pub fn is_legacy(code: &RecoveryCode) -> bool {
    code.tag.is_none() && read(&code.digest).is_some()
}

/// What an answer is to be compared with for this code, and how it is spelled for that; `None` for a code of ours.
pub(crate) fn comparison(code: &RecoveryCode, typed: &SecretText) -> Option<(SecretText, PasswordDigest)> {
    if code.tag.is_some() {
        return None;
    }
    let (spelling, hash) = read(&code.digest)?;
    Some((spelling.of(typed), PasswordDigest::from_column(hash.to_owned())))
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
        assert!(!is_legacy(&code(HASH.to_owned(), Some("beef"))), "a tag picks one hash");
        for other in
            ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "odd|$2b$12$x", &HASH[..59]]
        {
            assert!(!is_legacy(&code(other.to_owned(), None)), "{other}");
            assert_eq!(legacy_digest(other, LegacyCodeFormat::default()), Err(LegacyDigestError), "{other}");
        }
    }
}
