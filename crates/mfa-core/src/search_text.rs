//! Text by which administrators find users: lower case, without accents.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Maximum number of words of a search. Further words are ignored.
const MAX_WORDS: usize = 8;

/// Returns the text in lower case and without accents: `Céline MÜLLER` is `celine muller`.
///
/// The databases fold the names of users in the same way, with a list of letters in the migration `user_search`. A letter
/// outside of Latin, Greek and Cyrillic stays as it is.
pub fn fold_search(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, &mut folded);
    }
    folded
}

/// Returns the folded words of a search. A user matches if each of them occurs, in any order.
pub fn search_words(text: &str) -> Vec<String> {
    fold_search(text).split_whitespace().take(MAX_WORDS).map(str::to_owned).collect()
}

fn fold_char(c: char, folded: &mut String) {
    match c {
        _ if c.is_ascii() => folded.push(c.to_ascii_lowercase()),
        '\u{300}'..='\u{36f}' | '\u{ad}' => {}
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => folded.push('\''),
        '\u{2010}' | '\u{2011}' | '\u{2013}' | '\u{2014}' => folded.push('-'),
        '\u{a0}' | '\u{202f}' => folded.push(' '),
        '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1e00}'..='\u{1eff}' => fold_letter(c, folded),
        _ => folded.push(c),
    }
}

fn fold_letter(c: char, folded: &mut String) {
    let mut buffer = [0; 4];
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(c.encode_utf8(&mut buffer));
    let base = decomposed.chars().filter(|it| !is_accent(*it)).flat_map(char::to_lowercase);
    for letter in base.filter(|it| !is_accent(*it)) {
        match plain(letter) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(letter),
        }
    }
}

const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Returns the plain spelling of a letter that is not a letter with an accent.
const fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' | 'ɨ' => "i",
        'ł' | 'ŀ' => "l",
        'ŋ' | 'ŉ' => "n",
        'ŧ' => "t",
        'ĸ' => "k",
        'ſ' => "s",
        'ĳ' => "ij",
        'ǆ' | 'ǳ' => "dz",
        'ǉ' => "lj",
        'ǌ' => "nj",
        'ς' => "σ",
        'ǥ' => "g",
        'ƒ' => "f",
        'ƶ' => "z",
        'ƀ' | 'ɓ' => "b",
        'ǝ' => "e",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_are_folded_in_composed_and_decomposed_texts() {
        for (text, folded) in [
            ("Céline PETIT", "celine petit"),
            ("Ce\u{301}line", "celine"),
            ("Müller", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("Œuvre Æsop Straße Łódź Øre Ñandú Åse ÿ", "oeuvre aesop strasse lodz ore nandu ase y"),
            ("Nguyễn Thị Thanh", "nguyen thi thanh"),
            ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
            ("Йорк Ёлка", "иорк елка"),
            ("d\u{2019}Arc Jean\u{2011}Luc", "d'arc jean-luc"),
            ("山田 a@B.C %_\\", "山田 a@b.c %_\\"),
            ("İstanbul", "istanbul"),
        ] {
            assert_eq!(fold_search(text), folded, "{text}");
            assert_eq!(fold_search(folded), folded, "{folded}: folded once");
        }
    }

    #[test]
    fn words_are_separated_by_blanks_and_limited() {
        assert_eq!(search_words("  Petit\u{a0}Céline\t"), ["petit", "celine"]);
        assert!(search_words(" \n").is_empty());
        assert_eq!(search_words(&"a ".repeat(50)).len(), MAX_WORDS);
    }
}
