//! Page for a user who must enrol a second factor.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_flows::AcceptedStages;

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::layout::{Layout, document};
use crate::parts::{PasskeyCall, icon, key_field, leave_form, passkey_form};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};

/// `GET /interface/BRAND/start`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::Any)?;
    let profile = request.run(|flows| async move { flows.profile(&call).await }).await?;
    if profile.has_factor {
        return Ok(PageResponse::redirect(&request, ""));
    }
    let by_pass = profile.enrols_by_pass;
    let title = request.translate(if by_pass { "new-title" } else { "start-title" });
    let is_only = profile.status.phishing_resistant_required;
    let lead = match (is_only, profile.status.mfa_enforced) {
        _ if by_pass => "new-title.lead",
        (true, _) => "start-lead.passkey",
        (false, true) => "start-lead",
        (false, false) => "start-lead.optional",
    };
    let page = document(
        &request,
        &Layout::signed_out(title.clone()).with(AssetFile::Passkey),
        html! {
            section.sheet {
                p.emblem aria-hidden="true" { (icon("shield")) }
                h1 { (title) }
                p.lead { (request.translate(lead)) }
                @if request.site.offers_passkeys() {
                    (passkey_form(&request, PasskeyCall::Create, is_only, &html! {}))
                    p.hint { (request.translate("passkey-what")) }
                } @else if is_only {
                    p { (request.translate("passkey-off")) }
                }
                @if is_only { (leave_form(&request)) } @else { (others(&request)) }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Renders the factors besides a passkey.
fn others(request: &PageRequest) -> Markup {
    let is_second = request.site.offers_passkeys();
    html! {
        form method="post" action=(request.url("/app/start")) {
            (key_field(request))
            button.button.full.plain-button[is_second] type="submit" { (icon("app")) (request.translate("start-app")) }
        }
        p.hint { (request.translate("start-app.hint")) }
        @if request.site.offers_sms() {
            p.actions { a.button.plain-button.full href=(request.url("/phone")) {
                (icon("message")) (request.translate("start-phone"))
            } }
            p.hint { (request.translate("start-phone.hint")) }
        }
    }
}
