//! What a value on the command line must be like, to be stored.

use mfa_core::Timestamp;

/// As long as an e-mail address can be (RFC 5321 §4.5.3.1.3, less the angle brackets).
const LONGEST_EMAIL: usize = 254;
const LONGEST_NAME: usize = 150;
/// What the audit trail keeps of a text.
const LONGEST_REASON: usize = 256;

/// An e-mail address: something on either side of an `@`. Only a message to it would tell more.
pub(crate) fn email(text: &str) -> Result<String, String> {
    let has_both_sides =
        text.rsplit_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !has_both_sides || text.chars().any(char::is_whitespace) {
        return Err("it is no e-mail address, such as alice@example.com".to_owned());
    }
    line(text, LONGEST_EMAIL)
}

/// A user name.
pub(crate) fn username(text: &str) -> Result<String, String> {
    line(text, LONGEST_NAME)
}

/// A name for people to read.
pub(crate) fn full_name(text: &str) -> Result<String, String> {
    line(text, LONGEST_NAME)
}

/// An administrator's words.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    line(text, LONGEST_REASON)
}

/// A time (RFC 3339), or a day: the beginning of it, in UTC.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    let at = Timestamp::parse_rfc3339(text);
    let at = at.or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")));
    let wrong = || "it is no time, such as 2026-11-25T08:00:00Z, and no day, such as 2026-11-25".to_owned();
    at.ok_or_else(wrong)
}

/// A text of one line that looks as it is: no control characters, no blanks at its ends.
fn line(text: &str, longest: usize) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.chars().count() > longest {
        return Err(format!("it is longer than {longest} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("it holds a control character".to_owned());
    }
    if text.trim() != text {
        return Err("it starts or ends with a blank".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_something_on_either_side_of_its_at() {
        for good in ["a@b", "alice+mfa@example.com", "é@exemple.fr", "\"a@b\"@c"] {
            assert_eq!(email(good).as_deref(), Ok(good));
        }
        for bad in ["", "alice", "@example.com", "alice@", "al ice@b.c", "a@b.c\n", "a\0@b.c"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
        assert!(email(&format!("{}@b.c", "a".repeat(250))).is_ok());
        assert!(email(&format!("{}@b.c", "a".repeat(251))).is_err());
    }

    #[test]
    fn a_name_is_one_line_that_looks_as_it_is() {
        for good in ["a", "Zoé de la Tour", "bob@example.com", &"é".repeat(150)] {
            assert_eq!(username(good).as_deref(), Ok(good));
        }
        for bad in ["", " ", "bob ", "\tbob", "b\u{1b}[2Jb", "b\u{85}b", &"é".repeat(151)] {
            assert!(username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_time_has_an_offset_and_a_day_begins_in_utc() {
        assert_eq!(time("1970-01-02"), Ok(Timestamp::from_seconds(86_400)));
        assert_eq!(time("1970-01-01T01:00:01.5+01:00"), Ok(Timestamp::from_millis(1_500)));
        for bad in ["", "yesterday", "2026-11-31", "25.11.2026", "2026-11-25T08:00:00"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reason_is_refused_rather_than_cut() {
        assert!(reason(&"x".repeat(256)).is_ok());
        assert!(reason(&"x".repeat(257)).is_err());
    }
}
