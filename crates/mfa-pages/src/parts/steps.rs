//! Where somebody is on the way to a well-protected account.

use maud::{Markup, html};

use crate::request::PageRequest;

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SetupStep {
    App,
    Codes,
    Phone,
    Backup,
}

/// The way, with the part that this page is about.
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
