//! Responses for errors: the login page, the step-up page, or a page with the reason.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_flows::FlowError;
use mfa_http::problem::{ApiError, retry_after};

use super::assets::AssetFile;
use super::error::PageError;
use super::flash::Flash;
use super::layout::{Layout, document};
use super::parts::{countdown, icon, need_help};
use super::request::PageRequest;
use super::response::PageResponse;
use super::return_to::ReturnTo;

/// Returns the response for a handler that failed: the first page for a token that has ended or has another stage, the
/// second factor for a change that needs step-up, and a page with the reason for everything else.
pub(crate) fn respond(request: &PageRequest, error: PageError) -> PageResponse {
    let error = match error {
        PageError::Api(error) => error,
        PageError::NotOurForm => {
            let error = ApiError::Flow(FlowError::NotAllowed);
            let page = notice(request, "form", &error);
            return PageResponse::page(request, StatusCode::FORBIDDEN, page).with_error(error);
        }
    };
    match &error {
        ApiError::Flow(
            FlowError::TokenMissing
            | FlowError::TokenInvalid
            | FlowError::TokenExpired
            | FlowError::TokenSpent
            | FlowError::TokenRevoked,
        ) => {
            let mut response = PageResponse::redirect(request, "");
            if request.has_session() || request.is_form() {
                response = response.sign_out(request).with_flash(request, Flash::SessionOver);
            }
            response.with_error(error)
        }
        ApiError::Flow(FlowError::WrongStage) => PageResponse::redirect(request, "").with_error(error),
        // An administrator of whom a passkey is required has logged in with another factor, before it was required.
        ApiError::Flow(FlowError::PhishingResistantRequired)
            if request.path_below_base().starts_with("/admin") =>
        {
            PageResponse::redirect(request, "/verify?then=admin").with_error(error)
        }
        ApiError::Flow(FlowError::StepUpRequired { .. }) => {
            let then = ReturnTo::from_path(request.path_below_base()).name().into_owned();
            PageResponse::redirect(request, &format!("/verify?then={then}")).with_error(error)
        }
        _ => {
            let page = notice(request, error.kind().code(), &error);
            PageResponse::error_page(request, page, error)
        }
    }
}

/// Returns a page with the reason, the time left if waiting helps, and a link to go on.
fn notice(request: &PageRequest, code: &str, error: &ApiError) -> Markup {
    let is_ours = error.kind().is_server_error();
    let sign = match code {
        _ if is_ours => "cloud",
        "not_found" | "method_not_allowed" => "search",
        "form" => "info",
        _ => "lock",
    };
    let title = request.translate(&format!("error-{code}"));
    let layout = Layout::signed_out(title.clone()).with(AssetFile::Clock);
    let again = if code == "form" || is_ours { "error-again" } else { "error-home" };
    document(
        request,
        &layout,
        html! {
            section.sheet.plain {
                p.emblem.(if is_ours { "calm" } else { "warn" }) aria-hidden="true" {
                    (icon(sign))
                }
                h1 { (title) }
                p.lead { (request.translate(&format!("error-{code}.text"))) }
                @if let Some(seconds) = retry_after(error) {
                    p.wait { (request.translate("wait")) " " (countdown(request, seconds)) }
                }
                p.actions { a.button href=(request.url("")) { (request.translate(again)) } }
                (need_help(request))
                p.small { (request.translate("error-reference")) " " code { (request.context().request_id) } }
            }
        },
    )
}
