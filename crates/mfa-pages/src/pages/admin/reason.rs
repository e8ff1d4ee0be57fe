//! Reason that an administrator gives for an act.

use maud::{Markup, html};
use mfa_http::admin_reason;
use mfa_http::problem::FieldErrorKind;

use crate::form_error::FormError;
use crate::request::PageRequest;

/// Parses a reason, without the blanks around it.
pub(super) fn reason(text: &str) -> Result<String, FieldErrorKind> {
    match text.trim() {
        "" => Err(FieldErrorKind::Missing),
        text => admin_reason(text),
    }
}

/// Renders the field for the reason, with what was typed into a refused or interrupted form.
pub(super) fn reason_field(request: &PageRequest, form_error: Option<&FormError>) -> Markup {
    let described = if form_error.is_some() { "complaint reason-hint" } else { "reason-hint" };
    html! {
        div.field {
            label for="reason" { (request.translate("act-reason")) }
            @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
            input #reason name="reason" type="text" maxlength="256" autocomplete="off" required
                value=[request.form_value("reason")] aria-describedby=(described)
                aria-invalid=[form_error.is_some().then_some("true")];
            p.hint #reason-hint { (request.translate("act-reason.hint")) }
        }
    }
}
