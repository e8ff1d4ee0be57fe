//! User names and e-mail addresses as people type them: blanks around them, and the case of an address.

use crate::UserId;

/// Returns the text without blanks and invisible marks around it, which a paste brings along.
pub fn trim_login(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// Returns the text in which two spellings of one user name or address are equal: trimmed, and the same for every case.
///
/// Upper case first, so that letters with several lower-case forms are equal, such as the two Greek sigmas.
pub fn fold_login(text: &str) -> String {
    trim_login(text).to_uppercase().to_lowercase()
}

/// Zero-width spaces and joiners, direction marks, and the byte order mark.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Users whose e-mail address is the one that was typed.
///
/// Exhaustive, so that every caller decides about an address that fits several users.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressMatch<T> {
    /// No user.
    None,
    /// One user: the only one with exactly this address or, without one, the only one with it in any case.
    One(T),
    /// Several users.
    Several(Vec<T>),
}

impl<T> AddressMatch<T> {
    /// Chooses among candidates, each with the address of a row. An exact match takes precedence.
    pub fn choose(typed: &str, candidates: impl IntoIterator<Item = (String, T)>) -> Self {
        let folded = fold_login(typed);
        let (exact, others): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .filter(|(address, _)| fold_login(address) == folded)
            .partition(|(address, _)| address == typed);
        let mut fitting = if exact.is_empty() { others } else { exact };
        match fitting.pop() {
            None => Self::None,
            Some((_, one)) if fitting.is_empty() => Self::One(one),
            Some((_, last)) => Self::Several(fitting.into_iter().map(|(_, it)| it).chain([last]).collect()),
        }
    }

    /// Returns the user, if it is one.
    pub fn one(self) -> Option<T> {
        match self {
            Self::One(one) => Some(one),
            Self::None | Self::Several(_) => None,
        }
    }
}

/// User with an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressOwner {
    /// ID of the user.
    pub user: UserId,
    /// Address as it is stored.
    pub email: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_without_blanks_and_case() {
        for spelling in [
            "ada@example.com",
            " Ada@Example.COM\t",
            "\u{a0}ADA@EXAMPLE.COM\u{202f}",
            "\u{feff}ada@example.com\u{200e}",
        ] {
            assert_eq!(fold_login(spelling), "ada@example.com", "{spelling:?}");
        }
        assert_eq!(fold_login("ΟΔΥΣΣΕΥΣ"), fold_login("οδυσσευς"));
        assert_eq!(fold_login("STRASSE"), fold_login("straße"));
        assert_ne!(fold_login("ada"), fold_login("ad a"));
    }

    #[test]
    fn an_exact_address_wins_and_several_others_are_none() {
        let choose = |typed, rows: &[&str]| {
            AddressMatch::choose(typed, rows.iter().enumerate().map(|(n, it)| ((*it).to_owned(), n)))
        };
        assert_eq!(choose("a@b.c", &[]), AddressMatch::None);
        assert_eq!(choose("a@b.c", &["A@b.c"]), AddressMatch::One(0));
        assert_eq!(choose("a@b.c", &["A@b.c", "a@b.c", "a@B.c"]), AddressMatch::One(1));
        assert_eq!(choose("a@b.c", &["A@b.c", "a@B.c"]), AddressMatch::Several(vec![0, 1]));
        assert_eq!(choose("a@b.c", &["a@b.c", "a@b.c"]), AddressMatch::Several(vec![0, 1]));
        assert_eq!(choose("a@b.c", &["x@b.c"]), AddressMatch::None);
    }
}
