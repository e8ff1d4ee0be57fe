//! Parser of recovery codes as users type them.

use mfa_core::SecretText;
use zeroize::Zeroizing;

use crate::PlainCode;
use crate::code::CHARACTERS;

/// Maximum length in characters: room for a code with a space after every character.
const MAX_INPUT_CHARS: usize = 64;

/// Text that a user submitted as a recovery code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCodeInput {
    /// The code, if the text has the form of one. Any other text is a wrong code: it counts as an attempt and costs a
    /// hash, unless the user has an imported set.
    code: Option<PlainCode>,
    /// The text as submitted.
    text: SecretText,
}

/// Error for a text of the wrong length. It does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code is a text of 1 to 64 characters")]
pub struct RecoveryCodeInputError;

impl RecoveryCodeInput {
    /// Parses a submitted text.
    ///
    /// Case, white space and dashes are ignored; `o` is read as zero, `i` and `l` as one (Crockford's base32).
    /// Typographic dashes count as dashes, because phones and word processors insert them. Digits and letters of
    /// other scripts are not converted.
    ///
    /// # Errors
    ///
    /// [`RecoveryCodeInputError`] if the text is empty or has more than 64 characters: report a malformed field and
    /// count no attempt.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeInputError> {
        if text.is_empty() || text.chars().nth(MAX_INPUT_CHARS).is_some() {
            return Err(RecoveryCodeInputError);
        }
        // Final capacity from the start: a growing string leaves copies in memory.
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

    /// Returns whether the text has the form of a code generated here.
    pub const fn is_code(&self) -> bool {
        self.code.is_some()
    }

    /// Returns the code, if the text has the form of one.
    pub const fn code(&self) -> Option<&PlainCode> {
        self.code.as_ref()
    }

    /// Returns the text as submitted.
    pub(crate) const fn text(&self) -> &SecretText {
        &self.text
    }
}

/// Returns whether the character is a hyphen, U+2010 (hyphen) to U+2015 (horizontal bar), U+2212 (minus) or white
/// space.
fn is_separator(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}') || character.is_whitespace()
}

/// Returns the character of the alphabet. `u` is not one: it is left out so that no code spells a word.
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
