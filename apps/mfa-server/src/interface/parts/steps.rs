//! Where somebody is on the way to a well-protected account.

use maud::{Markup, html};

use crate::interface::page_request::PageRequest;

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::interface) enum TimeStep {
    App,
    Codes,
    Phone,
    Backup,
}

/// The way, with the part that this page is about.
pub(in crate::interface) fn steps(visit: &PageRequest, here: TimeStep) -> Markup {
    let all = [
        (TimeStep::App, "step-app"),
        (TimeStep::Codes, "step-codes"),
        (TimeStep::Phone, "step-phone"),
        (TimeStep::Backup, "step-backup"),
    ];
    let shown = if visit.site.offers_sms() { 4 } else { 2 };
    html! {
        ol.steps aria-label=(visit.translate("steps")) {
            @for (step, name) in all.into_iter().take(shown) {
                li.done[step < here] aria-current=[(step == here).then_some("step")] { span { (visit.translate(name)) } }
            }
        }
    }
}
