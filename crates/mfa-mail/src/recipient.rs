//! Address of a recipient.

use std::fmt;

/// E-mail address of one recipient, safe in a header and in an SMTP command.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(String);

/// Error for a text that is not exactly one e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not one e-mail address, such as ada@example.com")]
pub struct RecipientError;

/// Maximum length of an address (RFC 5321 §4.5.3.1.3, without the angle brackets).
const MAX_LENGTH: usize = 254;
/// Maximum length of the part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_LENGTH: usize = 64;

impl Recipient {
    /// Parses an address. Spaces around it are ignored.
    ///
    /// Stricter than RFC 5322: no quoted part, no name, no comment and no list. So nothing in it can end a header or a
    /// command, or add a second recipient.
    ///
    /// # Errors
    ///
    /// [`RecipientError`]: send nothing.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim_matches(' ');
        let (local, domain) = text.split_once('@').ok_or(RecipientError)?;
        let is_allowed = |c: char| {
            let is_special = "()<>[]:;@\\,\"`".contains(c);
            !is_special && !c.is_control() && !c.is_whitespace() && !is_invisible(c)
        };
        let has_good_dots = |part: &str| !part.is_empty() && part.split('.').all(|label| !label.is_empty());
        let is_valid = text.len() <= MAX_LENGTH
            && local.len() <= MAX_LOCAL_LENGTH
            && [local, domain].into_iter().all(|part| part.chars().all(is_allowed) && has_good_dots(part))
            && domain.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'));
        if is_valid { Ok(Self(text.to_owned())) } else { Err(RecipientError) }
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Whether a character is not visible or changes the direction of the text.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Debug for Recipient {
    /// Writes the domain only: an address does not belong in the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient(…@{})", self.domain())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_address_is_accepted() {
        for address in [
            "ada@example.com",
            " ada@example.com ",
            "o'brien+mfa@mail.example.fr",
            "élise@exämple.fr",
            "a@localhost",
        ] {
            assert_eq!(Recipient::parse(address).unwrap().as_str(), address.trim(), "{address}");
        }
    }

    #[test]
    fn anything_but_one_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@@example.com",
            "ada@a@b",
            "ada@example..com",
            ".ada@example.com",
            "ada@example.com,eve@example.com",
            "ada@example.com;eve@example.com",
            "ada@example.com eve@example.com",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\n",
            "ada@example.com\0",
            "\"ada\"@example.com",
            "ada(comment)@example.com",
            "ada@[127.0.0.1]",
            "ada@-a.fr",
            "a\u{202e}da@example.com",
            "ada\u{2028}@example.com",
            "ada@exam\u{200b}ple.com",
        ] {
            assert_eq!(Recipient::parse(text), Err(RecipientError), "{text:?}");
        }
        assert!(Recipient::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
        assert!(Recipient::parse(&format!("a@{}.com", "a".repeat(250))).is_err());
    }

    #[test]
    fn the_address_is_not_in_debug() {
        assert_eq!(format!("{:?}", Recipient::parse("ada@example.com").unwrap()), "Recipient(…@example.com)");
    }

    proptest! {
        #[test]
        fn no_accepted_address_breaks_a_line_or_a_list(text in "\\PC{0,40}|[ -~\\r\\n\\t]{0,40}@[ -~\\r\\n]{0,40}") {
            if let Ok(recipient) = Recipient::parse(&text) {
                let bad = |c: char| c.is_control() || c.is_whitespace() || ",;<>\"".contains(c);
                prop_assert!(!recipient.as_str().contains(bad));
                prop_assert_eq!(recipient.as_str().matches('@').count(), 1);
            }
        }
    }
}
