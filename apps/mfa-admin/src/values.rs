//! Parsers of command-line values that are stored or compared.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mfa_core::{EventKind, Outcome, Timestamp, TokenId, UserSort, UserState, trim_login};

/// Maximum length of an email address (RFC 5321 §4.5.3.1.3, without the angle brackets).
const MAX_EMAIL: usize = 254;
/// Maximum length of a user name or display name.
const MAX_NAME: usize = 150;
/// Maximum length of a text in the audit log.
const MAX_REASON: usize = 256;

/// Parses an email address, without the blanks around it: text on both sides of an `@`. Only a message to it could verify
/// more.
pub(crate) fn email(text: &str) -> Result<String, String> {
    let text = trim_login(text);
    let has_both_sides =
        text.rsplit_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !has_both_sides || text.chars().any(char::is_whitespace) {
        return Err("not an email address, such as alice@example.com".to_owned());
    }
    single_line(text, MAX_EMAIL)
}

/// Parses a user name, without the blanks around it.
pub(crate) fn username(text: &str) -> Result<String, String> {
    single_line(trim_login(text), MAX_NAME)
}

/// Parses a display name.
pub(crate) fn full_name(text: &str) -> Result<String, String> {
    single_line(text, MAX_NAME)
}

/// Parses the ID of a session.
pub(crate) fn session_id(text: &str) -> Result<TokenId, String> {
    TokenId::parse_hex(text)
        .ok_or_else(|| "expected 32 hexadecimal digits, as `session list` prints them".to_owned())
}

/// Parses the reason of an administrator.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    single_line(text, MAX_REASON)
}

/// Returns the parser of a state of users.
pub(crate) fn user_state() -> impl TypedValueParser<Value = UserState> {
    let names = UserState::ALL.map(UserState::as_str);
    PossibleValuesParser::new(names).try_map(|it| UserState::parse(&it).ok_or("not a state"))
}

/// Returns the parser of an order of users.
pub(crate) fn user_sort() -> impl TypedValueParser<Value = UserSort> {
    let names = UserSort::ALL.map(UserSort::as_str);
    PossibleValuesParser::new(names).try_map(|it| UserSort::parse(&it).ok_or("not an order"))
}

/// Returns the parser of a kind of events.
pub(crate) fn event_kind() -> impl TypedValueParser<Value = EventKind> {
    let names: Vec<_> = EventKind::ALL.iter().map(|it| it.as_str()).collect();
    PossibleValuesParser::new(names).try_map(|it| EventKind::parse(&it).ok_or("not a kind of event"))
}

/// Returns the parser of an outcome.
pub(crate) fn outcome() -> impl TypedValueParser<Value = Outcome> {
    let names = [Outcome::Success, Outcome::Failure, Outcome::Refused].map(Outcome::as_str);
    PossibleValuesParser::new(names).try_map(|it| Outcome::parse(&it).ok_or("not an outcome"))
}

/// Parses a time (RFC 3339), or a day, which stands for its start in UTC.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    let at = Timestamp::parse_rfc3339(text);
    let at = at.or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")));
    let message = || "expected a time such as 2026-11-25T08:00:00Z or a day such as 2026-11-25".to_owned();
    at.ok_or_else(message)
}

/// Parses a single line without control characters and without whitespace at its ends.
fn single_line(text: &str, max_chars: usize) -> Result<String, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.chars().count() > max_chars {
        return Err(format!("must not be longer than {max_chars} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain a control character".to_owned());
    }
    if text.trim() != text {
        return Err("must not start or end with whitespace".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_has_text_on_both_sides_of_the_at_sign() {
        for good in ["a@b", "alice+mfa@example.com", "é@exemple.fr", "\"a@b\"@c"] {
            assert_eq!(email(good).as_deref(), Ok(good));
        }
        for bad in ["", "alice", "@example.com", "alice@", "al ice@b.c", "a@b.c\nx", "a\0@b.c"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
        for typed in [" a@b.c", "a@b.c\n", "\u{a0}a@b.c\u{200e}"] {
            assert_eq!(email(typed).as_deref(), Ok("a@b.c"), "{typed:?}");
        }
        assert!(email(&format!("{}@b.c", "a".repeat(250))).is_ok());
        assert!(email(&format!("{}@b.c", "a".repeat(251))).is_err());
    }

    #[test]
    fn a_name_is_one_line_of_visible_text() {
        for good in ["a", "Zoé de la Tour", "bob@example.com", &"é".repeat(150)] {
            assert_eq!(username(good).as_deref(), Ok(good));
        }
        for typed in ["bob ", "\tbob", "\u{202f}bob\u{feff}"] {
            assert_eq!(username(typed).as_deref(), Ok("bob"), "{typed:?}");
        }
        for bad in ["", " ", "b\u{1b}[2Jb", "b\u{85}b", &"é".repeat(151)] {
            assert!(username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_time_has_an_offset_and_a_day_starts_in_utc() {
        assert_eq!(time("1970-01-02"), Ok(Timestamp::from_seconds(86_400)));
        assert_eq!(time("1970-01-01T01:00:01.5+01:00"), Ok(Timestamp::from_millis(1_500)));
        for bad in ["", "yesterday", "2026-11-31", "25.11.2026", "2026-11-25T08:00:00"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reason_is_rejected_rather_than_truncated() {
        assert!(reason(&"x".repeat(256)).is_ok());
        assert!(reason(&"x".repeat(257)).is_err());
    }
}
