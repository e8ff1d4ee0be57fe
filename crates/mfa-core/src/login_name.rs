//! User names and e-mail addresses as people type them: blanks around them, and the case of an address.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use crate::UserId;

/// Returns the text without blanks and invisible marks around it, which a paste brings along.
pub fn trim_login(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// Returns the text in which two spellings of one user name or address are equal: trimmed, the same for every case, and
/// with composed accents (Unicode NFC).
///
/// Upper case first, so that letters with several lower-case forms are equal, such as the two Greek sigmas.
pub fn fold_login(text: &str) -> String {
    compose_login(&trim_login(text).to_uppercase().to_lowercase())
}

/// Returns the text as it was typed, with composed accents (NFC), and with separate accents (NFD).
pub fn login_forms(typed: &str) -> Vec<String> {
    let mut forms = vec![typed.to_owned()];
    for form in [compose_login(typed), decomposed(typed)] {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// Returns the spellings of an address in the lower case of a database that may only know the case of ASCII letters.
///
/// Up to five other letters are spelt in every combination of cases; more only in lower case, in upper case, and with the
/// first one in upper case.
pub fn address_spellings(typed: &str) -> Vec<String> {
    let lower = compose_login(typed).to_lowercase();
    let cased: Vec<(usize, char)> = lower
        .chars()
        .enumerate()
        .filter(|(_, c)| !c.is_ascii())
        .filter_map(|(place, c)| upper(c).map(|upper| (place, upper)))
        .collect();
    let count = cased.len();
    let choices: Vec<Vec<(usize, char)>> = if count <= MAX_COMBINED {
        (0_u32..1 << count)
            .map(|bits| {
                let chosen = cased.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1);
                chosen.map(|(_, letter)| *letter).collect()
            })
            .collect()
    } else {
        vec![Vec::new(), cased.clone(), cased.iter().take(1).copied().collect()]
    };
    let spelt = choices.into_iter().map(|choice| {
        let upper = |place| choice.iter().find(|(other, _)| *other == place).map(|(_, upper)| *upper);
        lower.chars().enumerate().map(|(place, c)| upper(place).unwrap_or(c)).collect::<String>()
    });
    let mut all: Vec<String> =
        spelt.chain([decomposed(&lower), typed.to_uppercase().to_ascii_lowercase()]).collect();
    all.sort();
    all.dedup();
    all
}

/// Largest number of letters with a case, other than ASCII letters, of which every combination is a spelling.
const MAX_COMBINED: usize = 5;

/// Returns the upper case of a letter, if it is another single letter.
fn upper(c: char) -> Option<char> {
    let mut upper = c.to_uppercase();
    upper.next().filter(|first| *first != c && upper.next().is_none())
}

/// Returns the text with composed accents (Unicode NFC).
pub fn compose_login(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

fn decomposed(text: &str) -> String {
    DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned()
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
        assert_eq!(fold_login("E\u{301}lise"), fold_login("\u{c9}LISE"), "separate and composed accents");
        assert_ne!(fold_login("ada"), fold_login("ad a"));
    }

    #[test]
    fn an_address_is_spelt_in_every_case_that_a_database_may_hold() {
        assert_eq!(address_spellings("Ada@Example.COM"), ["ada@example.com"]);
        assert_eq!(address_spellings("ZoÉ@x.fr"), ["zoe\u{301}@x.fr", "zo\u{c9}@x.fr", "zo\u{e9}@x.fr"]);
        let spelt = address_spellings("éloïse@x.fr");
        for stored in ["éloïse@x.fr", "Éloïse@x.fr", "ÉLOÏSE@x.fr", "e\u{301}loi\u{308}se@x.fr"] {
            assert!(spelt.contains(&stored.to_ascii_lowercase()), "{stored}");
        }
        assert!(address_spellings("STRASSE@x.de").contains(&"strasse@x.de".to_owned()));
        assert!(address_spellings("straße@x.de").contains(&"strasse@x.de".to_owned()));
        assert!(address_spellings(&"é".repeat(300)).len() <= 5);
        assert_eq!(login_forms("ada"), ["ada"]);
        assert_eq!(login_forms("élise"), ["élise", "e\u{301}lise"]);
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
