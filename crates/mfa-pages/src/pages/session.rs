//! The login itself: its end, and one that was begun elsewhere.

use actix_web::http::StatusCode;
use maud::html;
use mfa_core::{SecretText, Stage};
use mfa_flows::AcceptedStages;

use crate::canonical_url::canonical_url;
use crate::layout::{Layout, document};
use crate::parts::{Flash, icon};
use crate::{PageResult, SharedPageRequest, response};
use mfa_http::problem::ApiError;

/// Any page that only takes forms, asked for by `GET`.
pub(crate) async fn go_to_the_form(visit: SharedPageRequest) -> PageResult {
    Ok(response::go(&visit, &canonical_url(&visit)))
}

/// `POST /interface/BRAND/logout`: the token is refused from now on, here and at the API.
pub(crate) async fn logout(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::Any)?;
    visit.run(|flows| async move { flows.revoke(&call).await }).await?;
    visit.forget_session();
    visit.set_flash(Flash::SignedOut);
    Ok(response::go(&visit, ""))
}

/// `POST /interface/BRAND/handover` with `token`: a user whose first factor was checked by the login at `MFA_LOGIN_URL`.
///
/// Only a pending token is taken, only from a page of that login's origin, and nobody is logged in by it: the second
/// factor is still owed. The answer is a page and no redirection, since a browser that follows one from another site
/// would not send the cookie (`SameSite=Strict`).
pub(crate) async fn take_over(visit: SharedPageRequest) -> PageResult {
    visit.require_handover()?;
    let token = visit.form().clone();
    let mut fields = token.object()?;
    let token = fields.required("token", |text| Ok(SecretText::new(text.to_owned())));
    let token = fields.finish(token)?;
    let call = visit.open_this(token.expose(), AcceptedStages::SecondFactor)?;
    if call.token.stage != Stage::Pending {
        return Err(ApiError::Refused(mfa_flows::FlowError::WrongStage).into());
    }
    let seconds = call.token.expires_at.since(visit.now()).as_secs();
    let profile = visit.run(|flows| async move { flows.profile(&call).await }).await?;
    visit.rename_browser()?;
    visit.adopt_token(&token, seconds);
    let next = visit.to(if profile.has_factor { "/verify" } else { "/start" });
    let title = visit.translate("handover-title");
    let page = document(
        &visit,
        &Layout::signed_out(title.clone()).going_to(next.clone()),
        html! {
            section.sheet {
                h1 { (title) }
                p.lead { (visit.translate("handover-lead")) " " strong { (profile.email) } }
                p.actions { a.button.full href=(next) { (visit.translate("continue")) (icon("next")) } }
            }
        },
    );
    Ok(response::page(&visit, StatusCode::OK, page))
}
