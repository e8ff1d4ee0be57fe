//! Why a page did not come about, and what is shown instead.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError as _};
use maud::{Markup, html};
use mfa_flows::Refusal;

use super::answer::{self, RETRY_AFTER};
use super::layout::{Frame, document};
use super::parts::{Told, countdown, icon};
use super::visit::Visit;
use crate::problem::{Fault, retry_after};

/// Why a page did not come about.
#[derive(Debug)]
pub(super) enum Trouble {
    /// As an API call would be refused.
    Fault(Fault),
    /// The form was not sent by a page of ours, or by one from before the last login.
    NotOurForm,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Fault(refusal.into())
    }
}

/// A fault that the edge is to log, since its page does not look like one.
#[derive(Clone, Debug)]
pub(crate) struct ToldFault(pub(crate) Rc<Fault>);

/// What is shown where a handler ended in trouble: the login for a token that is over, the right stage for a token of
/// another one, the second factor for a change that asks for it anew, and a page that says what is wrong for the rest.
pub(super) fn answer(visit: &Visit, trouble: Trouble) -> HttpResponse {
    match trouble {
        Trouble::NotOurForm => {
            let fault = Fault::Refused(Refusal::NotAllowed);
            let page = notice(visit, "form", &fault);
            told(answer::page(visit, StatusCode::FORBIDDEN, page), fault)
        }
        Trouble::Fault(fault) => match &fault {
            Fault::Refused(
                Refusal::TokenMissing
                | Refusal::TokenInvalid
                | Refusal::TokenExpired
                | Refusal::TokenSpent
                | Refusal::TokenRevoked,
            ) => {
                if visit.has_session() || visit.is_form() {
                    visit.forget_session();
                    visit.tell_next(Told::SessionOver);
                }
                told(answer::go(visit, ""), fault)
            }
            Fault::Refused(Refusal::WrongStage) => told(answer::go(visit, ""), fault),
            Fault::Refused(Refusal::StepUpRequired { .. }) => {
                let then = visit.path().strip_prefix(visit.site.base()).unwrap_or_default();
                let then = super::parts::Then::of_path(then).as_str();
                told(answer::go(visit, &format!("/verify?then={then}")), fault)
            }
            _ => refused(visit, fault, |visit, fault| notice(visit, fault.kind().code(), fault)),
        },
    }
}

/// A page that tells of a fault, with the fault's status.
pub(super) fn refused(
    visit: &Visit,
    fault: Fault,
    markup: impl FnOnce(&Visit, &Fault) -> Markup,
) -> HttpResponse {
    let mut response = answer::page(visit, fault.kind().status(), markup(visit, &fault));
    if let Some(seconds) = retry_after(&fault) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    told(response, fault)
}

/// What is left where not even a page can be made.
pub(super) fn without_a_page(fault: Fault) -> HttpResponse {
    told(fault.error_response(), fault)
}

fn told(mut response: HttpResponse, fault: Fault) -> HttpResponse {
    response.extensions_mut().insert(ToldFault(Rc::new(fault)));
    response
}

/// Whether a fault is about what was typed, or passes with waiting, and belongs on the form itself.
pub(super) fn belongs_on_the_form(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Fields(_)
            | Fault::Refused(
                Refusal::InvalidCode
                    | Refusal::InvalidCredentials
                    | Refusal::RateLimited { .. }
                    | Refusal::PhoneRefused
                    | Refusal::SmsBudgetSpent { .. }
                    | Refusal::SmsUnavailable { .. }
                    | Refusal::FactorRequired
                    | Refusal::MethodNotAvailable
                    | Refusal::NotEnrolled
                    | Refusal::InvalidLabel
            )
    )
}

/// A page of its own for what is wrong, with the time left where waiting helps, and a way on.
fn notice(visit: &Visit, code: &str, fault: &Fault) -> Markup {
    let is_ours = fault.kind().is_ours();
    let sign = match code {
        _ if is_ours => "cloud",
        "not_found" | "method_not_allowed" => "search",
        "form" => "info",
        _ => "lock",
    };
    let title = visit.say(&format!("trouble-{code}"));
    let frame = Frame::door(title.clone()).with(super::assets::File::Clock);
    let again = if code == "form" || is_ours { "trouble-again" } else { "trouble-home" };
    document(
        visit,
        &frame,
        html! {
            section.sheet.plain {
                p.emblem.(if is_ours { "calm" } else { "warn" }) aria-hidden="true" {
                    (icon(sign))
                }
                h1 { (title) }
                p.lead { (visit.say(&format!("trouble-{code}.text"))) }
                @if let Some(seconds) = retry_after(fault) {
                    p.wait { (visit.say("wait")) " " (countdown(visit, seconds)) }
                }
                p.actions { a.button href=(visit.to("")) { (visit.say(again)) } }
                p.small { (visit.say("trouble-reference")) " " code { (visit.caller().request_id) } }
            }
        },
    )
}
