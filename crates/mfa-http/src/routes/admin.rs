//! Handlers for administrators: users, events and statistics.
//!
//! Each handler parses the request, verifies that the user is an administrator, and calls one flow.

mod access_pass;
mod bulk;
pub(super) mod doc;
mod events;
mod role;
mod sessions;
mod stats;
mod user_list;
mod users;

use mfa_core::{Timestamp, UserId};

use crate::problem::{ApiError, FieldErrorKind, LengthUnit};

pub(super) use access_pass::issue as issue_access_pass;
pub(super) use bulk::change as change_users;
pub(super) use events::list as list_events;
pub(super) use role::set as set_role;
pub(super) use sessions::revoke as revoke_sessions;
pub(super) use stats::stats;
pub(super) use user_list::list as list_users;
pub(super) use users::{enforce, regenerate, remove_authenticator, reset, show, unlock};

/// Maximum length of a reason in characters, as in the audit log.
const MAX_REASON_LENGTH: usize = 256;

/// Parses the user id of a path. A text that is not an id is 404, as an unknown user is.
fn user_id(path: &str) -> Result<UserId, ApiError> {
    let digits = path.bytes().all(|it| it.is_ascii_digit());
    let id = path.parse().ok().filter(|id| digits && *id > 0);
    id.map(UserId::new).ok_or(ApiError::NotFound)
}

/// Parses the reason of an administrator: one line, without the blanks around it. A longer text is rejected, not truncated.
///
/// # Errors
///
/// [`FieldErrorKind::Length`], also for blanks alone; for control characters, [`FieldErrorKind::Unusable`].
pub fn reason(text: &str) -> Result<String, FieldErrorKind> {
    let text = text.trim_matches(' ');
    if text.trim().is_empty() || text.chars().count() > MAX_REASON_LENGTH {
        return Err(FieldErrorKind::Length { most: MAX_REASON_LENGTH, unit: LengthUnit::Characters });
    }
    if text.chars().any(char::is_control) { Err(FieldErrorKind::Unusable) } else { Ok(text.to_owned()) }
}

/// Parses a time of a query string.
fn time(text: &str) -> Result<Timestamp, FieldErrorKind> {
    Timestamp::parse_rfc3339(text).ok_or(FieldErrorKind::NotATime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_one_spelling() {
        assert_eq!(user_id("42").unwrap(), UserId::new(42));
        for bad in ["", "0", "-1", "+1", "1.0", "x", "99999999999999999999"] {
            assert!(matches!(user_id(bad), Err(ApiError::NotFound)), "{bad}");
        }
    }

    #[test]
    fn a_reason_is_one_line_of_limited_length() {
        assert_eq!(reason("lost phone, ticket 7").as_deref(), Ok("lost phone, ticket 7"));
        assert!(reason(&"é".repeat(256)).is_ok());
        assert_eq!(reason("  lost phone ").as_deref(), Ok("lost phone"));
        for bad in ["", " ", "\u{a0} \u{2003}", "two\nlines", "\u{1b}[2J", &"é".repeat(257)] {
            assert!(reason(bad).is_err(), "{bad:?}");
        }
    }
}
