//! For somebody who must have a second factor and has none yet.

use actix_web::http::StatusCode;
use maud::html;
use mfa_flows::AcceptedStages;

use crate::layout::{Layout, document};
use crate::parts::{icon, key_field};
use crate::{PageResult, SharedPageRequest, response};

/// `GET /interface/BRAND/start`
pub(crate) async fn show(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::Any)?;
    let profile = visit.run(|flows| async move { flows.profile(&call).await }).await?;
    if profile.has_factor {
        return Ok(response::go(&visit, ""));
    }
    let title = visit.translate("start-title");
    let page = document(
        &visit,
        &Layout::signed_out(title.clone()),
        html! {
            section.sheet {
                p.emblem aria-hidden="true" { (icon("shield")) }
                h1 { (title) }
                p.lead { (visit.translate("start-lead")) }
                form method="post" action=(visit.to("/app/start")) {
                    (key_field(&visit))
                    button.button.full type="submit" { (icon("app")) (visit.translate("start-app")) }
                }
                p.hint { (visit.translate("start-app.hint")) }
                @if visit.site.offers_sms() {
                    p.actions { a.button.plain-button.full href=(visit.to("/phone")) {
                        (icon("message")) (visit.translate("start-phone"))
                    } }
                    p.hint { (visit.translate("start-phone.hint")) }
                }
            }
        },
    );
    Ok(response::page(&visit, StatusCode::OK, page))
}
