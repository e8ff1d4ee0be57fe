//! Percent-encoding in connection URIs, and their errors.

use std::fmt;

/// Reason why a URI cannot be used. Quotes nothing that may be part of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UriError {
    /// Problem, worded to follow the name of the setting.
    pub(crate) problem: String,
    /// Remedy.
    pub(crate) remedy: String,
}

impl UriError {
    pub(super) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into() }
    }

    /// Returns the error for a URI that cannot be split, usually because of its password.
    pub(super) fn encode() -> Self {
        Self::new(
            "is not a valid URL",
            "percent-encode special characters in the password (% is %25, @ is %40, / is %2F, : is %3A)",
        )
    }
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DATABASE_URL {}: {}", self.problem, self.remedy)
    }
}

/// Decodes percent-encoded characters, for display.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%').and_then(|it| std::str::from_utf8(it).ok());
        if let Some(byte) = digits.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Percent-encodes what may not stand in the value of a parameter.
pub(super) fn encoded(text: &str) -> String {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b':');
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
