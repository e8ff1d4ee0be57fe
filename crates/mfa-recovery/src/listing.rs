//! Status of a recovery code set for its owner.

use mfa_core::{RecoveryState, Timestamp};

/// Number of unused codes from which a warning is given.
const WARNING_THRESHOLD: usize = 3;

/// Status of a set. It contains no code, hash or tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeListing {
    /// Codes in the order in which they were displayed.
    pub codes: Vec<ListedCode>,
    /// Number of unused codes.
    pub left: usize,
    /// Time when the set was generated, or `None` if there is no set.
    pub generated_at: Option<Timestamp>,
}

/// Status of one code in a [`CodeListing`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCode {
    /// Number of the code in the set.
    pub id: String,
    /// Time when the code was used.
    pub used_at: Option<Timestamp>,
}

/// Returns the status of a set.
pub fn listing(recovery: &RecoveryState) -> CodeListing {
    let listed = recovery.codes.iter().map(|it| ListedCode { id: it.id.clone(), used_at: it.used_at });
    CodeListing { codes: listed.collect(), left: recovery.left(), generated_at: recovery.generated_at }
}

/// Warning that recommends a new set.
///
/// Exhaustive, so that each warning has a text in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeWarning {
    /// Only this many codes are left: one to three.
    FewLeft(usize),
    /// No code is left.
    NoneLeft,
    /// The set was imported, and each attempt costs several hashes.
    FromElsewhere,
}

/// Returns the warning for this number of unused codes.
pub const fn warning(left: usize) -> Option<CodeWarning> {
    match left {
        0 => Some(CodeWarning::NoneLeft),
        1..=WARNING_THRESHOLD => Some(CodeWarning::FewLeft(left)),
        _ => None,
    }
}

/// Returns the warning for this number of unused codes. An imported set always causes one.
pub const fn warning_of(left: usize, from_elsewhere: bool) -> Option<CodeWarning> {
    match warning(left) {
        None | Some(CodeWarning::FewLeft(_)) if from_elsewhere => Some(CodeWarning::FromElsewhere),
        warning => warning,
    }
}

/// Returns whether an unused code of the set was imported.
pub fn has_legacy(recovery: &RecoveryState) -> bool {
    recovery.codes.iter().any(|code| code.used_at.is_none() && crate::is_legacy(code))
}

impl ListedCode {
    /// Returns whether the code was used.
    pub const fn is_used(&self) -> bool {
        self.used_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::RecoveryCode;

    use super::*;

    #[test]
    fn a_warning_comes_with_three_codes_left() {
        assert_eq!(warning(10), None);
        assert_eq!(warning(4), None);
        assert_eq!(warning(3), Some(CodeWarning::FewLeft(3)));
        assert_eq!(warning(1), Some(CodeWarning::FewLeft(1)));
        assert_eq!(warning(0), Some(CodeWarning::NoneLeft));
        assert_eq!(warning_of(10, false), None);
        assert_eq!(warning_of(10, true), Some(CodeWarning::FromElsewhere));
        assert_eq!(warning_of(2, true), Some(CodeWarning::FromElsewhere));
        assert_eq!(warning_of(0, true), Some(CodeWarning::NoneLeft));
    }

    #[test]
    fn a_listing_tells_what_is_used_and_shows_neither_hash_nor_tag() {
        let at = Timestamp::from_seconds(1_700_000_000);
        let code = |id: &str, used_at| RecoveryCode {
            id: id.into(),
            digest: "$argon2id$secret".into(),
            tag_key: Some("k1".into()),
            tag: Some("beef".into()),
            used_at,
            rest: serde_json::Map::new(),
        };
        let state = RecoveryState {
            codes: vec![code("1", Some(at)), code("2", None)],
            generated_at: Some(at),
            ..RecoveryState::default()
        };
        let listed = listing(&state);
        assert_eq!((listed.left, listed.generated_at), (1, Some(at)));
        assert_eq!(listed.codes.iter().map(ListedCode::is_used).collect::<Vec<_>>(), [true, false]);
        let debug = format!("{listed:?}");
        assert!(!debug.contains("argon2id") && !debug.contains("beef"), "{debug}");
    }

    #[test]
    fn without_a_set_the_listing_is_empty() {
        let listed = listing(&RecoveryState::default());
        assert_eq!((listed.codes.len(), listed.left, listed.generated_at), (0, 0, None));
    }
}
