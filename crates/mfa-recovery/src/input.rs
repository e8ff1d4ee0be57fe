//! What people type when asked for a recovery code.

use mfa_core::SecretText;
use zeroize::Zeroizing;

use crate::PlainCode;
use crate::code::CHARACTERS;

/// The longest answer that is looked at, in characters: room for a code with a space after every one of them.
const MAX_INPUT_CHARS: usize = 64;

/// An answer to the question for a recovery code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCodeInput {
    /// Sixteen characters of the alphabet, where it is that: it may be someone's code. Anything else is a wrong code,
    /// which counts as a try and costs a hash like any other, unless the user has a set from elsewhere.
    code: Option<PlainCode>,
    /// As it was typed.
    text: SecretText,
}

/// A text that is no answer at all. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code is a text of 1 to 64 characters")]
pub struct RecoveryCodeInputError;

impl RecoveryCodeInput {
    /// Reads what was typed: case, white space and dashes do not matter, `o` is zero, `i` and `l` are one (Crockford's
    /// base32).
    ///
    /// Dashes are also those that a phone or a word processor puts in the place of a hyphen. Digits and letters of
    /// other scripts are not read as ours.
    ///
    /// # Errors
    ///
    /// [`RecoveryCodeInputError`] when it is empty or has more than 64 characters: tell the caller that the field is malformed,
    /// and count no try.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeInputError> {
        if text.is_empty() || text.chars().nth(MAX_INPUT_CHARS).is_some() {
            return Err(RecoveryCodeInputError);
        }
        // As large as it gets at once: a string that grows leaves copies behind.
        let mut canonical = Zeroizing::new(String::with_capacity(CHARACTERS));
        for character in text.chars().filter(|it| !is_separator(*it)) {
            match symbol(character) {
                Some(symbol) if canonical.len() < CHARACTERS => canonical.push(symbol),
                Some(_) | None => return Ok(Self::new(text, None)),
            }
        }
        if canonical.len() < CHARACTERS {
            return Ok(Self::new(text, None));
        }
        let code = PlainCode::from_canonical(SecretText::new(std::mem::take(&mut canonical)));
        Ok(Self::new(text, Some(code)))
    }

    fn new(text: &str, code: Option<PlainCode>) -> Self {
        Self { code, text: SecretText::new(text.to_owned()) }
    }

    /// Whether it has the form of a code of ours.
    pub const fn is_code(&self) -> bool {
        self.code.is_some()
    }

    /// The code that it may be.
    pub const fn code(&self) -> Option<&PlainCode> {
        self.code.as_ref()
    }

    /// As it was typed.
    pub(crate) const fn text(&self) -> &SecretText {
        &self.text
    }
}

/// Hyphen, U+2010 (hyphen) to U+2015 (horizontal bar), U+2212 (minus), and white space.
fn is_separator(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}') || character.is_whitespace()
}

/// The character of the alphabet that is meant. `u` is none: it is left out so that no code spells a word.
const fn symbol(character: char) -> Option<char> {
    match character.to_ascii_lowercase() {
        'o' => Some('0'),
        'i' | 'l' => Some('1'),
        it @ ('0'..='9' | 'a'..='h' | 'j' | 'k' | 'm' | 'n' | 'p'..='t' | 'v'..='z') => Some(it),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        let typed = RecoveryCodeInput::parse(text).unwrap();
        typed.code().map(|code| code.canonical().expose().to_owned())
    }

    #[test]
    fn spellings_of_one_code_are_one_code() {
        for text in [
            "01ab-cdef-1017-89zz",
            "01ABCDEF101789ZZ",
            "oIaB cDeF LoL7 89Zz",
            " 01ab-cdef-1017-89zz\n",
            "01ab–cdef—1017−89zz",
            "01ab\u{a0}cdef\u{2009}1017\t89zz",
            "0 1 a b - c d e f - 1 0 1 7 - 8 9 z z",
        ] {
            assert_eq!(canonical(text).as_deref(), Some("01abcdef101789zz"), "{text:?}");
        }
    }

    #[test]
    fn any_other_text_is_a_wrong_code() {
        for text in [
            " ",
            "-",
            "123456",
            "01ab-cdef-1017-89z",
            "01ab-cdef-1017-89zzz",
            "u1ab-cdef-1017-89zz",
            "U1ab-cdef-1017-89zz",
            "01ab_cdef_1017_89zz",
            "01ab-cdef-1017-89z\0",
            "０1ab-cdef-1017-89zz",
            "٠1ab-cdef-1017-89zz",
            "01ab-cdef-1017-89z\u{212a}", // the Kelvin sign, whose lower case is k
            "01ab-cdef-1017-89z\u{130}",  // İ, whose lower case starts with i
            &"0".repeat(64),
            &"€".repeat(64),
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_empty_or_long_text_is_no_answer() {
        for text in ["", &"0".repeat(65), &" ".repeat(65), &"€".repeat(65), &"0".repeat(1 << 16)] {
            assert_eq!(RecoveryCodeInput::parse(text), Err(RecoveryCodeInputError));
        }
    }

    #[test]
    fn neither_debug_nor_the_error_shows_what_was_typed() {
        assert_eq!(
            format!("{:?}", RecoveryCodeInput::parse("01ab-cdef-1017-89zz")),
            "Ok(RecoveryCodeInput { code: Some([redacted]), text: [redacted] })"
        );
        assert_eq!(RecoveryCodeInputError.to_string(), "a recovery code is a text of 1 to 64 characters");
    }
}
