//! Forms: their key, their fields, and what is wrong with them.

use maud::{Markup, html};
use mfa_flows::FlowError;

use super::{countdown, icon};
use crate::page_request::{FORM_KEY, PageRequest};
use mfa_http::problem::{ApiError, retry_after};

/// What is wrong with a form, as it is said beside the field.
#[derive(Clone, Debug)]
pub(crate) struct FormError {
    text: String,
    seconds: Option<u64>,
}

impl FormError {
    /// With these words.
    pub(crate) const fn new(text: String) -> Self {
        Self { text, seconds: None }
    }

    /// As it stands above a form; read out when it appears.
    pub(crate) fn shown(&self, visit: &PageRequest, id: &str) -> Markup {
        html! {
            p.complaint #(id) role="alert" {
                (icon("alert"))
                span {
                    (self.text)
                    @if let Some(seconds) = self.seconds {
                        " " (visit.translate("wait")) " " (countdown(visit, seconds))
                    }
                }
            }
        }
    }
}

/// What a fault that belongs on the form says there.
pub(crate) fn complaint_of(visit: &PageRequest, fault: &ApiError) -> FormError {
    let code = fault.kind().code();
    let text = match fault {
        ApiError::Fields(faults) => {
            let first = faults.first();
            first.map_or_else(
                || visit.translate("form-invalid_field"),
                |it| mfa_http::problem::field_message(it, visit.caller()),
            )
        }
        ApiError::Refused(FlowError::SmsBudgetSpent { .. }) => visit.translate("form-sms_budget"),
        _ => visit.translate(&format!("form-{code}")),
    };
    FormError { text, seconds: retry_after(fault) }
}

/// The hidden field without which no form of ours is taken.
pub(crate) fn key_field(visit: &PageRequest) -> Markup {
    hidden(FORM_KEY, visit.form_key().expose())
}

/// A field that the page hands itself.
pub(crate) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// A form that is a button.
pub(crate) fn post_button(visit: &PageRequest, path: &str, class: &str, name: &str) -> Markup {
    html! {
        form method="post" action=(visit.to(path)) {
            (key_field(visit))
            button class=(class) type="submit" { (visit.translate(name)) }
        }
    }
}

/// The field for six digits: one input, so that paste, autofill and screen readers find what they expect.
pub(crate) fn code_field(visit: &PageRequest, hint: &str, complaint: Option<&FormError>) -> Markup {
    let described = if complaint.is_some() { "code-complaint code-hint" } else { "code-hint" };
    html! {
        div.field {
            label for="code" { (visit.translate("code-label")) }
            @if let Some(complaint) = complaint { (complaint.shown(visit, "code-complaint")) }
            input.code #code name="code" type="text" inputmode="numeric" autocomplete="one-time-code"
                pattern="[0-9]{6}" maxlength="6" required autofocus spellcheck="false" autocapitalize="off"
                aria-describedby=(described) aria-invalid=[complaint.is_some().then_some("true")]
                data-digits="6" data-missing=(visit.translate("code-missing"));
            p.hint #code-hint { (visit.translate(hint)) }
        }
    }
}
