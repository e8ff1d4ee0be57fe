//! What administrators read and change: users, events, statistics.
//!
//! Each handler reads what was sent, has the caller taken for an administrator, and calls one flow in that name.

pub(super) mod doc;
mod events;
mod stats;
mod users;

use mfa_core::UserId;

use crate::problem::{ApiError, FieldErrorKind, LengthUnit};

pub(super) use events::list as list_events;
pub(super) use stats::stats;
pub(super) use users::{enforce, list as list_users, regenerate, reset, show, unlock};

/// What the audit keeps of a reason.
const LONGEST_REASON: usize = 256;

/// The user of a path; what is no id is nobody's.
fn user(path: &str) -> Result<UserId, ApiError> {
    let digits = path.bytes().all(|it| it.is_ascii_digit());
    let id = path.parse().ok().filter(|id| digits && *id > 0);
    id.map(UserId::new).ok_or(ApiError::NotFound)
}

/// An administrator's words: one line, refused rather than cut.
pub fn reason(text: &str) -> Result<String, FieldErrorKind> {
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        return Err(FieldErrorKind::Length { most: LONGEST_REASON, unit: LengthUnit::Characters });
    }
    if text.chars().any(char::is_control) { Err(FieldErrorKind::Unusable) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_one_spelling() {
        assert_eq!(user("42").unwrap(), UserId::new(42));
        for bad in ["", "0", "-1", "+1", "1.0", "x", "99999999999999999999"] {
            assert!(matches!(user(bad), Err(ApiError::NotFound)), "{bad}");
        }
    }

    #[test]
    fn a_reason_is_one_line_of_some_length() {
        assert_eq!(reason("lost phone, ticket 7").as_deref(), Ok("lost phone, ticket 7"));
        assert!(reason(&"é".repeat(256)).is_ok());
        for bad in ["", "two\nlines", "\u{1b}[2J", &"é".repeat(257)] {
            assert!(reason(bad).is_err(), "{bad:?}");
        }
    }
}
