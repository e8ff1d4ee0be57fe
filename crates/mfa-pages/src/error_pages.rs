//! Responses for errors: the login page, the step-up page, or a page with the reason.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::Stage;
use mfa_flows::{AcceptedStages, FlowError};
use mfa_http::problem::{ApiError, retry_after};

use super::assets::AssetFile;
use super::canonical_url::canonical_url;
use super::error::PageError;
use super::flash::Flash;
use super::layout::{Layout, document};
use super::parts::{countdown, icon, need_help};
use super::refused_form::{Notice, RefusedForm};
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
        PageError::NoCookies => {
            let error = ApiError::Flow(FlowError::NotAllowed);
            let page = notice(request, "cookies", &error);
            return PageResponse::page(request, StatusCode::FORBIDDEN, page).with_error(error);
        }
        PageError::LoggedInElsewhere => {
            return PageResponse::redirect(request, "").with_flash(request, Flash::LoggedInElsewhere);
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
            let then = ReturnTo::from_path(&canonical_url(request));
            let mut response = PageResponse::redirect(request, "").returning_to(request, &then);
            if request.has_session() || request.is_form() {
                // A lock ends the login of somebody who lost the phone: the pass is typed after another one.
                let flash = if then.is_lost_phone() { Flash::LogInForPass } else { Flash::SessionOver };
                response = response.sign_out(request).with_flash(request, flash);
            }
            response.with_error(error)
        }
        ApiError::Flow(FlowError::WrongStage) => {
            let response = PageResponse::redirect(request, "");
            // A login that is not complete continues to the page; a session without a second factor cannot.
            let is_pending =
                request.open(AcceptedStages::Any).is_ok_and(|it| it.token.stage == Stage::Pending);
            let then = ReturnTo::from_path(&canonical_url(request));
            let response = if is_pending { response.returning_to(request, &then) } else { response };
            response.with_error(error)
        }
        // An administrator of whom a passkey is required has logged in with another factor, before it was required.
        ApiError::Flow(FlowError::PhishingResistantRequired)
            if request.path_below_base().starts_with("/admin") =>
        {
            PageResponse::redirect(request, "/verify?then=admin").with_error(error)
        }
        ApiError::Flow(FlowError::StepUpRequired { .. }) => {
            let page = canonical_url(request);
            let then = ReturnTo::from_path(&page);
            let response = PageResponse::redirect(request, &format!("/verify?then={}", then.encoded()));
            let response = keep_typed(request, response, &then.path());
            response.with_error(error)
        }
        _ if request.is_form() && passes(&error) => {
            let page = canonical_url(request);
            let form = RefusedForm::instead(&page, &error, request.now());
            match PageResponse::redirect(request, &page).with_refused_form(request, &form) {
                Ok(response) => response.with_error(error),
                Err(error) => {
                    PageResponse::error_page(request, notice(request, error.kind().code(), &error), error)
                }
            }
        }
        _ => {
            let page = notice(request, error.kind().code(), &error);
            PageResponse::error_page(request, page, error)
        }
    }
}

/// Returns true for an error that the page with the form shows after a redirect. A form that is not ours or not one, and
/// an error of the server, are answered at once, with their status.
const fn passes(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Fields(_)
            | ApiError::Flow(
                FlowError::AccountLocked { .. }
                    | FlowError::AccountDisabled
                    | FlowError::RateLimited { .. }
                    | FlowError::NotEnrolled
                    | FlowError::NoEnrolmentInProgress
                    | FlowError::MethodNotAvailable
                    | FlowError::FactorRequired
                    | FlowError::PhoneRefused
                    | FlowError::PhishingResistantRequired
                    | FlowError::SmsBudgetSpent { .. }
                    | FlowError::SmsUnavailable { .. }
                    | FlowError::TooManyAuthenticators
                    | FlowError::NoChallenge
            )
    )
}

/// Keeps what was typed into a form that a step-up interrupts.
fn keep_typed(request: &PageRequest, response: PageResponse, page: &str) -> PageResponse {
    if !request.is_form() {
        return response;
    }
    let form = RefusedForm::interrupted(page).with_typed(request.form_fields());
    let redirect = format!("/verify?then={}", ReturnTo::from_path(page).encoded());
    // Without randomness, the form is empty again after the step-up.
    response.with_refused_form(request, &form).unwrap_or_else(|_| PageResponse::redirect(request, &redirect))
}

/// Returns the page that shows an error of a refused form instead of the form.
pub(crate) fn notice_of_a_refused_form(request: &PageRequest, it: &Notice) -> PageResponse {
    PageResponse::page(request, it.status, notice_page(request, &it.code, false, it.seconds))
}

/// Returns a page with the reason, the time left if waiting helps, and a link to go on.
fn notice(request: &PageRequest, code: &str, error: &ApiError) -> Markup {
    notice_page(request, code, error.kind().is_server_error(), retry_after(error))
}

fn notice_page(request: &PageRequest, code: &str, is_ours: bool, seconds: Option<u64>) -> Markup {
    let sign = match code {
        _ if is_ours => "cloud",
        "not_found" | "method_not_allowed" => "search",
        "form" | "cookies" => "info",
        _ => "lock",
    };
    let title = request.translate(&format!("error-{code}"));
    let layout = Layout::signed_out(title.clone()).with(AssetFile::Clock);
    let again = if matches!(code, "form" | "cookies") || is_ours { "error-again" } else { "error-home" };
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
                @if let Some(seconds) = seconds {
                    p.wait { (request.translate("wait")) " " (countdown(request, seconds)) }
                }
                p.actions { a.button href=(request.url("")) { (request.translate(again)) } }
                (need_help(request))
                p.small { (request.translate("error-reference")) " " code { (request.context().request_id) } }
            }
        },
    )
}
