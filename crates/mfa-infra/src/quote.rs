//! Quotes of configured values in messages: the only place that decides what may be shown of one.
//!
//! An operator may write a secret where another value belongs: the key instead of the path of its file, a whole address
//! instead of a host, or several settings on one line. Such a value is not quoted, or its credentials are masked.

use std::path::Path;

/// Text in place of credentials.
const MASK: &str = "***";
/// Maximum number of quoted characters.
const MAX_QUOTED: usize = 80;
/// Minimum length of a text that is taken for a random key.
const KEY_LENGTH: usize = 20;

/// Returns the value as a message may quote it; `None` if it may be or contain a secret.
pub(crate) fn value(text: &str) -> Option<String> {
    let text = text.trim();
    if has_secret_form(text) || text.split(|c: char| !is_of_key(c)).any(is_key) {
        return None;
    }
    let shown: String = masked(text).chars().take(MAX_QUOTED).collect();
    Some(shown.escape_debug().to_string())
}

/// Returns the path as a message may quote it; `None` if the text does not look like a path. `dir`: base of relative paths.
pub(crate) fn path(text: &str, dir: &Path) -> Option<String> {
    let is_rooted = ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start));
    let has_folder = || text.split_once('/').is_some_and(|(folder, _)| dir.join(folder).is_dir());
    (!is_secret_path(text) && (is_rooted || has_folder())).then(|| text.to_owned())
}

/// Returns an absolute path as a message may quote it, or other words for it.
pub(crate) fn full_path(path: &Path) -> String {
    let text = path.display().to_string();
    if is_secret_path(&text) { "a file".to_owned() } else { text }
}

fn is_secret_path(text: &str) -> bool {
    has_secret_form(text)
        || text.contains(['=', '@', ';', '&', '?'])
        || is_key(text)
        || text.split('/').any(is_key)
}

/// Masks user and password in an address, and the values of its parameters.
pub(crate) fn masked(text: &str) -> String {
    let Some((before, host)) = text.rsplit_once('@') else { return text.to_owned() };
    if !before.contains(':') {
        return text.to_owned();
    }
    let host = host.split_once('?').map_or(host.to_owned(), |(host, _)| format!("{host}?{MASK}"));
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{MASK}@{host}"),
        None => format!("{MASK}@{host}"),
    }
}

/// Returns the name of a setting that the text assigns a value to, as in several settings on one line.
pub(crate) fn assigned_setting(text: &str, is_setting: impl Fn(&str) -> bool) -> Option<&str> {
    let mut parts = text.split('=').peekable();
    while let Some(part) = parts.next() {
        parts.peek()?;
        let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let name = part.rsplit(|c: char| !is_of_name(c)).next().unwrap_or_default();
        if is_setting(name) {
            return Some(name);
        }
    }
    None
}

/// Returns whether the text has a part that only secrets and several values have.
fn has_secret_form(text: &str) -> bool {
    let is_name = |name: &str| name.len() > 3 && name.starts_with(|c: char| c.is_ascii_uppercase());
    text.contains(char::is_control)
        || text.contains("-----BEGIN")
        || text.to_ascii_lowercase().contains("password=")
        || assigned_setting(text, is_name).is_some()
}

/// Returns whether the text looks like a random key: long, with capital letters, small letters and digits.
fn is_key(text: &str) -> bool {
    let has = |test: fn(&char) -> bool| text.chars().any(|c| test(&c));
    text.len() >= KEY_LENGTH
        && text.chars().all(is_of_key)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

const fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_may_be_a_secret_is_not_quoted() {
        for secret in [
            "fr\nJWT_SECRET_KEY=hunter2",
            "production JWT_SECRET_KEY=hunter2",
            "fr\rhunter2",
            "-----BEGIN PRIVATE KEY----- hunter2",
            "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N",
            "x;user=nova;password=hunter2",
        ] {
            assert_eq!(value(secret), None, "{secret}");
        }
        for (text, shown) in [
            ("127.0.0.1:8200", "127.0.0.1:8200"),
            ("ada@example.com", "ada@example.com"),
            ("nova:hunter2@h:8200", "***@h:8200"),
            ("https://nova:hun@ter2@h/login?next=hunter2", "https://***@h/login?***"),
            ("ftp://x", "ftp://x"),
        ] {
            assert_eq!(value(text).as_deref(), Some(shown));
        }
    }

    #[test]
    fn only_what_looks_like_a_path_is_quoted_as_one() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("keys")).unwrap();
        for text in ["/run/secrets/jwt", "./jwt", "keys/jwt", "~/jwt"] {
            assert_eq!(path(text, dir.path()).as_deref(), Some(text));
        }
        for text in [
            "hunter2",
            "hunter/2",
            "/b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N",
            "/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "postgresql://nova:hunter2@h/db",
            "./.keys/b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N",
            "./-----BEGIN PRIVATE KEY-----",
        ] {
            assert_eq!(path(text, dir.path()), None, "{text}");
        }
    }

    #[test]
    fn a_second_setting_in_a_value_is_found() {
        let found = |text| assigned_setting(text, |it| it == "MFA_LOCALE");
        assert_eq!(found("production MFA_LOCALE=fr"), Some("MFA_LOCALE"));
        assert_eq!(found("MFA_LOCALE=fr"), Some("MFA_LOCALE"));
        for text in ["MFA_LOCALE", "a=b", "XMFA_LOCALE=fr", "MFA_LOCALE:fr="] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
