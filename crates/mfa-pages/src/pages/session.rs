//! Logout, and the handover from another login page.

use actix_web::http::StatusCode;
use maud::html;
use mfa_core::{SecretText, Stage};
use mfa_flows::{AcceptedStages, FlowError};
use serde::Deserialize;

use crate::SharedRequest;
use crate::canonical_url::canonical_url;
use crate::flash::Flash;
use crate::layout::{Layout, document};
use crate::parts::icon;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::ApiError;
use mfa_http::request::Field;

/// Redirects a `GET` for a path that only accepts forms to the page with the form.
pub(crate) async fn go_to_the_form(request: SharedRequest) -> PageResult {
    Ok(PageResponse::redirect(&request, &canonical_url(&request)))
}

/// `POST /interface/BRAND/logout`: revokes the token for pages and API.
pub(crate) async fn logout(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::Any)?;
    match request.run(|flows| async move { flows.revoke(&call).await }).await {
        // A lock has ended a login that was not complete: nothing is left to revoke.
        Ok(()) | Err(ApiError::Flow(FlowError::TokenSpent)) => {}
        Err(error) => return Err(error.into()),
    }
    let response = PageResponse::redirect(&request, "").sign_out(&request).clear_return_to(&request);
    Ok(response.with_flash(&request, Flash::SignedOut))
}

/// Form with the token that another login page hands over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandoverForm {
    token: Field,
}

/// `POST /interface/BRAND/handover` with `token`: signs in a user whose password the login page at
/// `MFA_LOGIN_URL` verified.
///
/// Accepts only a pending token, from a page of that origin; the second factor is still required. The answer is a
/// page and not a redirect, because a browser that follows a redirect from another site does not send the cookie
/// (`SameSite=Strict`).
pub(crate) async fn take_over(request: SharedRequest) -> PageResult {
    request.require_handover()?;
    let (form, mut errors) = request.form().parse::<HandoverForm>()?;
    let token = form.token.text(&mut errors, |text| Ok(SecretText::new(text.to_owned())));
    let token = errors.finish(token)?;
    let call = request.open_token(Some(token.expose()), AcceptedStages::SecondFactor)?;
    if call.token.stage != Stage::Pending {
        return Err(ApiError::Flow(FlowError::WrongStage).into());
    }
    let seconds = call.token.expires_at.since(request.now()).as_secs();
    let profile = request.run(|flows| async move { flows.profile(&call).await }).await?;
    let next = request.url(if profile.has_factor { "/verify" } else { "/start" });
    let title = request.translate("handover-title");
    let page = document(
        &request,
        &Layout::signed_out(title.clone()).going_to(next.clone()),
        html! {
            section.sheet {
                h1 { (title) }
                p.lead { (request.translate("handover-lead")) " " strong { (profile.email) } }
                p.actions { a.button.full href=(next) { (request.translate("continue")) (icon("next")) } }
            }
        },
    );
    let response = PageResponse::page(&request, StatusCode::OK, page).renew_browser_id(&request)?;
    Ok(response.sign_in_with(&request, &token, seconds))
}
