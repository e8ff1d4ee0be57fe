//! Base64url, as WebAuthn uses it in JSON (RFC 4648 §5).

use data_encoding::BASE64URL_NOPAD;

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Decodes text with or without padding. Returns `None` for any other character.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    if unpadded.len() != text.len() && !text.len().is_multiple_of(4) {
        return None;
    }
    BASE64URL_NOPAD.decode(unpadded.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_optional() {
        for (text, bytes) in
            [("", ""), ("Zg", "f"), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm8", "fo"), ("Zm9v", "foo")]
        {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["Zg=", "Zg===", "=", "==", "Zh", "Zm9v=", "Zm8+", "Zm8/", "Z g", "Zg\n"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
