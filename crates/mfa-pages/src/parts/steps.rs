//! Progress of the setup of an account.

use maud::{Markup, html};

use crate::request::PageRequest;

/// A step of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SetupStep {
    App,
    Codes,
    Phone,
    Backup,
}

/// Renders all steps with the current one.
pub(crate) fn steps(request: &PageRequest, here: SetupStep) -> Markup {
    let all = [
        (SetupStep::App, "step-app"),
        (SetupStep::Codes, "step-codes"),
        (SetupStep::Phone, "step-phone"),
        (SetupStep::Backup, "step-backup"),
    ];
    let shown = if request.site.offers_sms() { 4 } else { 2 };
    html! {
        ol.steps aria-label=(request.translate("steps")) {
            @for (step, name) in all.into_iter().take(shown) {
                li.done[step < here] aria-current=[(step == here).then_some("step")] { span { (request.translate(name)) } }
            }
        }
    }
}
