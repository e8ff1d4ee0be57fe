//! Page for a user who must enrol a second factor.

use actix_web::http::StatusCode;
use maud::html;
use mfa_flows::AcceptedStages;

use crate::SharedRequest;
use crate::layout::{Layout, document};
use crate::parts::{icon, key_field};
use crate::response::{PageResponse, PageResult};

/// `GET /interface/BRAND/start`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::Any)?;
    let profile = request.run(|flows| async move { flows.profile(&call).await }).await?;
    if profile.has_factor {
        return Ok(PageResponse::redirect(&request, ""));
    }
    let title = request.translate("start-title");
    let page = document(
        &request,
        &Layout::signed_out(title.clone()),
        html! {
            section.sheet {
                p.emblem aria-hidden="true" { (icon("shield")) }
                h1 { (title) }
                p.lead { (request.translate("start-lead")) }
                form method="post" action=(request.url("/app/start")) {
                    (key_field(&request))
                    button.button.full type="submit" { (icon("app")) (request.translate("start-app")) }
                }
                p.hint { (request.translate("start-app.hint")) }
                @if request.site.offers_sms() {
                    p.actions { a.button.plain-button.full href=(request.url("/phone")) {
                        (icon("message")) (request.translate("start-phone"))
                    } }
                    p.hint { (request.translate("start-phone.hint")) }
                }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}
