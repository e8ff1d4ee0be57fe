//! The names that an app shows beside a code.

/// The name of an issuer or an account, as an app shows it.
///
/// 1 to 128 bytes of UTF-8; no colon (it parts issuer and account in the URI, so one inside could pass an
/// account off as another issuer's), no control characters, nothing that turns the direction of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label(String);

/// Why a text cannot stand as issuer or account in an otpauth URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// There is nothing to show.
    #[error("a label must not be empty")]
    Empty,
    /// It would not fit in a QR code that a phone can read.
    #[error("a label has at most {} bytes", Label::MAX_BYTES)]
    TooLong,
    /// It has a colon, a control character, or one that turns the direction of writing.
    #[error("a label has no colon and no control characters")]
    Forbidden,
}

impl Label {
    /// The most bytes of UTF-8: 128 plain letters. Percent-encoded they are three times as many.
    const MAX_BYTES: usize = 128;

    /// Parses a label that a caller chose. Blanks around it are dropped, as apps drop them.
    ///
    /// # Errors
    ///
    /// [`LabelError`] when it is empty, too long, or has a forbidden character: tell the caller which.
    pub(crate) fn parse(text: &str) -> Result<Self, LabelError> {
        if text.chars().any(is_forbidden) {
            return Err(LabelError::Forbidden);
        }
        let text = text.trim();
        match text.len() {
            0 => Err(LabelError::Empty),
            1..=Self::MAX_BYTES => Ok(Self(text.to_owned())),
            _ => Err(LabelError::TooLong),
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_forbidden(c: char) -> bool {
    let turns_writing =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c == ':' || c.is_control() || turns_writing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_labels_and_lose_only_the_blanks_around_them() {
        for text in ["alice@example.com", "NOVA & Söhne", "名前", "👩‍💻 work", "a%2Fb?c#d"] {
            assert_eq!(Label::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Label::parse("  home ").unwrap().as_str(), "home");
    }

    #[test]
    fn names_that_would_mislead_or_not_fit_are_refused() {
        for text in ["", " ", "\u{3000}"] {
            assert_eq!(Label::parse(text), Err(LabelError::Empty), "{text:?}");
        }
        for text in ["Bank:alice", ":", "a\nb", "a\0", "a\u{7f}", "a\u{85}", "\u{202e}evil", "x\u{2029}y"] {
            assert_eq!(Label::parse(text), Err(LabelError::Forbidden), "{text:?}");
        }
        assert!(Label::parse(&"x".repeat(128)).is_ok());
        assert_eq!(Label::parse(&"x".repeat(129)), Err(LabelError::TooLong));
        assert_eq!(Label::parse(&"é".repeat(65)), Err(LabelError::TooLong));
    }
}
