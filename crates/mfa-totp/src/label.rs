//! Issuer and account names that an authenticator app displays.

/// Issuer or account name in an otpauth URI.
///
/// 1 to 128 bytes of UTF-8 without colons, control characters and bidirectional formatting characters. A colon
/// separates issuer and account in the URI, so a name with one could pretend to be another issuer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label(String);

/// Error for a name that cannot be the issuer or the account of an otpauth URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// The name is empty.
    #[error("a label must not be empty")]
    Empty,
    /// The name is too long for a QR code that a phone can read.
    #[error("a label has at most {} bytes", Label::MAX_BYTES)]
    TooLong,
    /// The name has a colon, a control character or a bidirectional formatting character.
    #[error("a label has no colon and no control characters")]
    Forbidden,
}

impl Label {
    /// Maximum length in bytes of UTF-8. Percent-encoding can triple it.
    const MAX_BYTES: usize = 128;

    /// Parses a name. White space around it is dropped, as apps do.
    ///
    /// # Errors
    ///
    /// [`LabelError`] if the name is empty, too long or has a forbidden character: report the reason to the caller.
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

    /// Returns the name.
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
