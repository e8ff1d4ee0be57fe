//! Reason that an administrator gives for an act.

use mfa_http::admin_reason;
use mfa_http::problem::FieldErrorKind;

/// Parses a reason, without the blanks around it.
pub(super) fn reason(text: &str) -> Result<String, FieldErrorKind> {
    match text.trim() {
        "" => Err(FieldErrorKind::Missing),
        text => admin_reason(text),
    }
}
