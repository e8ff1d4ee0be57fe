//! For somebody who must have a second factor and has none yet.

use actix_web::http::StatusCode;
use maud::html;
use mfa_flows::AcceptedStages;

use crate::interface::layout::{Frame, document};
use crate::interface::parts::{icon, key_field};
use crate::interface::{Guest, Outcome, answer};

/// `GET /interface/BRAND/start`
pub(in crate::interface) async fn show(visit: Guest) -> Outcome {
    let call = visit.open(AcceptedStages::Any)?;
    let profile = visit.run(|flows| async move { flows.profile(&call).await }).await?;
    if profile.has_factor {
        return Ok(answer::go(&visit, ""));
    }
    let title = visit.say("start-title");
    let page = document(
        &visit,
        &Frame::door(title.clone()),
        html! {
            section.sheet {
                p.emblem aria-hidden="true" { (icon("shield")) }
                h1 { (title) }
                p.lead { (visit.say("start-lead")) }
                form method="post" action=(visit.to("/app/start")) {
                    (key_field(&visit))
                    button.button.full type="submit" { (icon("app")) (visit.say("start-app")) }
                }
                p.hint { (visit.say("start-app.hint")) }
                @if visit.site.offers_sms() {
                    p.actions { a.button.plain-button.full href=(visit.to("/phone")) {
                        (icon("message")) (visit.say("start-phone"))
                    } }
                    p.hint { (visit.say("start-phone.hint")) }
                }
            }
        },
    );
    Ok(answer::page(&visit, StatusCode::OK, page))
}
