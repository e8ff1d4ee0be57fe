//! Form elements: fields, buttons, links and errors.

use std::time::Duration;

use maud::{Markup, html};
use mfa_core::Timestamp;
use mfa_flows::FlowError;

use super::{countdown, icon};
use crate::form_error::FormError;
use crate::request::{FORM_KEY, PageRequest};
use mfa_http::problem::{ApiError, retry_after};

impl FormError {
    /// Renders the error as an alert, which screen readers announce.
    pub(crate) fn shown(&self, request: &PageRequest, id: &str) -> Markup {
        html! {
            p.complaint #(id) role="alert" {
                (icon("alert"))
                span {
                    (self.text())
                    @if let Some(seconds) = self.seconds() {
                        " " (request.translate("wait")) " " (countdown(request, seconds))
                    }
                }
            }
        }
    }
}

/// Returns the text that the form shows for an error.
pub(crate) fn form_error_for(request: &PageRequest, error: &ApiError) -> FormError {
    let code = error.kind().code();
    let text = match error {
        ApiError::Fields(errors) => {
            let first = errors.first();
            first.map_or_else(
                || request.translate("form-invalid_field"),
                |it| mfa_http::problem::field_message(it, request.context()),
            )
        }
        ApiError::Flow(FlowError::NameTaken) => request.translate("form-name_taken"),
        ApiError::Flow(FlowError::SmsBudgetSpent { .. }) => request.translate("form-sms_budget"),
        _ => request.translate(&format!("form-{code}")),
    };
    FormError::new(text).with_seconds(retry_after(error))
}

/// Renders the hidden field with the CSRF key.
pub(crate) fn key_field(request: &PageRequest) -> Markup {
    hidden(FORM_KEY, request.form_key().expose())
}

/// Renders a hidden field.
pub(crate) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// Renders the form that ends the login.
pub(crate) fn leave_form(request: &PageRequest) -> Markup {
    html! {
        form.leave method="post" action=(request.url("/logout")) {
            (key_field(request))
            button.link type="submit" { (request.translate("verify-leave")) }
        }
    }
}

/// Renders a form with one button.
pub(crate) fn post_button(request: &PageRequest, path: &str, class: &str, name: &str) -> Markup {
    html! {
        form method="post" action=(request.url(path)) {
            (key_field(request))
            button class=(class) type="submit" { (request.translate(name)) }
        }
    }
}

/// Field for a code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeField {
    /// The number of digits, if it is known.
    pub(crate) digits: Option<u8>,
    /// The message key of the hint.
    pub(crate) hint: &'static str,
    /// Whether the field has the focus when the page opens. Not if something above it comes first: a phone would scroll
    /// past it.
    pub(crate) is_focused: bool,
}

/// Renders the field for a code of six digits, with the focus: one input, for paste, autofill and screen readers.
pub(crate) fn code_field(
    request: &PageRequest,
    hint: &'static str,
    form_error: Option<&FormError>,
) -> Markup {
    code_field_of(request, CodeField { digits: Some(6), hint, is_focused: true }, form_error)
}

/// Renders the field for a code of this number of digits, or of 6 to 8 if it is not known. Spaces between them are
/// accepted.
pub(crate) fn code_field_of(
    request: &PageRequest,
    field: CodeField,
    form_error: Option<&FormError>,
) -> Markup {
    let CodeField { digits, hint, is_focused } = field;
    let most = digits.unwrap_or(8);
    let least = digits.unwrap_or(6);
    let pattern = format!(r"\s*([0-9]\s*){{{least},{most}}}");
    // A space after every digit.
    let longest = most.saturating_mul(2);
    let text = |name: &str, any: &str| match digits {
        Some(digits) => request.translate_with(name, &[("digits", u64::from(digits).into())]),
        None => request.translate(any),
    };
    let (label, missing) = (text("code-label", "code-label-any"), text("code-missing", "code-missing-any"));
    let described = if form_error.is_some() { "code-complaint code-hint" } else { "code-hint" };
    html! {
        div.field {
            label for="code" { (label) }
            @if let Some(form_error) = form_error { (form_error.shown(request, "code-complaint")) }
            input.code #code name="code" type="text" inputmode="numeric" autocomplete="one-time-code"
                pattern=(pattern) maxlength=(longest) required autofocus[is_focused] spellcheck="false" autocapitalize="off"
                aria-describedby=(described) aria-invalid=[form_error.is_some().then_some("true")]
                data-digits=(most) data-missing=(missing);
            p.hint #code-hint { (request.translate(hint)) }
        }
    }
}

/// Returns the error for a code from a phone whose clock is off by this many seconds.
pub(crate) fn clock_error(request: &PageRequest, seconds: i64) -> FormError {
    let name = if seconds < 0 { "clock-behind" } else { "clock-ahead" };
    let seconds = seconds.unsigned_abs().to_string();
    FormError::new(request.translate_with(name, &[("seconds", seconds.into())]))
}

/// Returns the button that sends another SMS, with the time until it may be used.
pub(crate) fn resend_button(request: &PageRequest, sent_at: Option<Timestamp>) -> Markup {
    let passed = sent_at.map_or(Duration::ZERO, |at| request.now().since(at));
    let left = mfa_sms::RESEND_DELAY.saturating_sub(passed).as_secs();
    html! {
        button.link type="submit" data-after=(left) data-wait=(request.translate("resend-in")) {
            (request.translate("resend"))
        }
    }
}

/// Renders that only a passkey is accepted of the user, and the way to add one.
pub(crate) fn passkey_only(request: &PageRequest) -> Markup {
    html! {
        p { (request.translate("form-phishing_resistant_required")) }
        @if request.site.offers_passkeys() {
            p.actions { a.button.plain-button href=(request.url("/passkey")) {
                (icon("passkey")) (request.translate("passkey-add"))
            } }
        }
    }
}

/// Returns the title of a page, marked if its form has an error, so that screen readers announce it.
pub(crate) fn title_with_error(
    request: &PageRequest,
    title: String,
    form_error: Option<&FormError>,
) -> String {
    if form_error.is_some() {
        request.translate_with("title-error", &[("title", title.into())])
    } else {
        title
    }
}

/// Returns the link back to the account.
pub(crate) fn back_link(request: &PageRequest) -> Markup {
    html! { p.back { a.link href=(request.url("")) { (icon("next")) (request.translate("back")) } } }
}
