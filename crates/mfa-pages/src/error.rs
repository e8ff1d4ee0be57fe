//! Why a page did not come about, and what is shown instead.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError as _};
use maud::{Markup, html};
use mfa_flows::FlowError;

use super::layout::{Layout, document};
use super::page_request::PageRequest;
use super::parts::{Flash, countdown, icon};
use super::response::{self, RETRY_AFTER};
use mfa_http::problem::{ApiError, RenderedError, retry_after};

/// Why a page did not come about.
#[derive(Debug)]
pub(super) enum PageError {
    /// As an API call would be refused.
    Fault(ApiError),
    /// The form was not sent by a page of ours, or by one from before the last login.
    NotOurForm,
}

impl From<ApiError> for PageError {
    fn from(fault: ApiError) -> Self {
        Self::Fault(fault)
    }
}

impl From<FlowError> for PageError {
    fn from(refusal: FlowError) -> Self {
        Self::Fault(refusal.into())
    }
}

/// What is shown where a handler ended in trouble: the login for a token that is over, the right stage for a token of
/// another one, the second factor for a change that asks for it anew, and a page that says what is wrong for the rest.
pub(super) fn answer(visit: &PageRequest, trouble: PageError) -> HttpResponse {
    match trouble {
        PageError::NotOurForm => {
            let fault = ApiError::Refused(FlowError::NotAllowed);
            let page = notice(visit, "form", &fault);
            told(response::page(visit, StatusCode::FORBIDDEN, page), fault)
        }
        PageError::Fault(fault) => match &fault {
            ApiError::Refused(
                FlowError::TokenMissing
                | FlowError::TokenInvalid
                | FlowError::TokenExpired
                | FlowError::TokenSpent
                | FlowError::TokenRevoked,
            ) => {
                if visit.has_session() || visit.is_form() {
                    visit.forget_session();
                    visit.set_flash(Flash::SessionOver);
                }
                told(response::go(visit, ""), fault)
            }
            ApiError::Refused(FlowError::WrongStage) => told(response::go(visit, ""), fault),
            ApiError::Refused(FlowError::StepUpRequired { .. }) => {
                let then = visit.path().strip_prefix(visit.site.base()).unwrap_or_default();
                let then = super::parts::ReturnTo::from_path(then).as_str();
                told(response::go(visit, &format!("/verify?then={then}")), fault)
            }
            _ => refused(visit, fault, |visit, fault| notice(visit, fault.kind().code(), fault)),
        },
    }
}

/// A page that tells of a fault, with the fault's status.
pub(super) fn refused(
    visit: &PageRequest,
    fault: ApiError,
    markup: impl FnOnce(&PageRequest, &ApiError) -> Markup,
) -> HttpResponse {
    let mut response = response::page(visit, fault.kind().status(), markup(visit, &fault));
    if let Some(seconds) = retry_after(&fault) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    told(response, fault)
}

/// What is left where not even a page can be made.
pub(super) fn without_a_page(fault: ApiError) -> HttpResponse {
    told(fault.error_response(), fault)
}

fn told(mut response: HttpResponse, fault: ApiError) -> HttpResponse {
    response.extensions_mut().insert(RenderedError(Rc::new(fault)));
    response
}

/// Whether a fault is about what was typed, or passes with waiting, and belongs on the form itself.
pub(super) fn belongs_on_the_form(fault: &ApiError) -> bool {
    matches!(
        fault,
        ApiError::Fields(_)
            | ApiError::Refused(
                FlowError::InvalidCode
                    | FlowError::InvalidCredentials
                    | FlowError::RateLimited { .. }
                    | FlowError::PhoneRefused
                    | FlowError::SmsBudgetSpent { .. }
                    | FlowError::SmsUnavailable { .. }
                    | FlowError::FactorRequired
                    | FlowError::MethodNotAvailable
                    | FlowError::NotEnrolled
                    | FlowError::InvalidLabel
            )
    )
}

/// A page of its own for what is wrong, with the time left where waiting helps, and a way on.
fn notice(visit: &PageRequest, code: &str, fault: &ApiError) -> Markup {
    let is_ours = fault.kind().is_server_error();
    let sign = match code {
        _ if is_ours => "cloud",
        "not_found" | "method_not_allowed" => "search",
        "form" => "info",
        _ => "lock",
    };
    let title = visit.translate(&format!("trouble-{code}"));
    let frame = Layout::signed_out(title.clone()).with(super::assets::AssetFile::Clock);
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
                p.lead { (visit.translate(&format!("trouble-{code}.text"))) }
                @if let Some(seconds) = retry_after(fault) {
                    p.wait { (visit.translate("wait")) " " (countdown(visit, seconds)) }
                }
                p.actions { a.button href=(visit.to("")) { (visit.translate(again)) } }
                p.small { (visit.translate("trouble-reference")) " " code { (visit.caller().request_id) } }
            }
        },
    )
}
