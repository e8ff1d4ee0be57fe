//! Page that ends all sessions of a user: it names the person and takes a reason.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Account, UserId};
use mfa_flows::{AdminAction, FlowError, Profile, Session};
use mfa_http::admin_reason;
use mfa_http::problem::ApiError;
use mfa_http::request::{Field, UnparsedBody};
use serde::Deserialize;

use super::{open, user_of};
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::pages::sessions::list;
use crate::parts::{FormError, icon, key_field, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};

/// Renders the link to the page, for the page of the user.
pub(super) fn link(request: &PageRequest, user: UserId) -> Markup {
    html! {
        p { a.link href=(request.url(&format!("/admin/users/{user}/sessions"))) {
            (request.translate("admin-sessions"))
        } }
    }
}

/// `GET /interface/BRAND/admin/users/{id}/sessions`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let view = SessionsView::load(&request).await?;
    Ok(PageResponse::page(&request, StatusCode::OK, view.page(&request, request.form_error().as_ref())))
}

/// `POST /interface/BRAND/admin/users/{id}/sessions` with `reason`
pub(crate) async fn end(request: SharedRequest) -> PageResult {
    match end_sessions(&request).await {
        Ok(user) => {
            let response = PageResponse::redirect(&request, &format!("/admin/users/{user}"));
            Ok(response.with_flash(&request, Flash::UserSessionsEnded))
        }
        Err(error) => PageResponse::refused(&request, request.path_below_base(), error),
    }
}

async fn end_sessions(request: &PageRequest) -> Result<UserId, ApiError> {
    let call = open(request)?;
    let reason = required_reason(request.form())?;
    let named = user_of(request);
    request
        .run(|flows| async move {
            let act = named.as_ref().map_or(AdminAction::Read, |user| AdminAction::Change(*user));
            let admin = flows.administrator(&call, act, Some(reason)).await?;
            let user = named?;
            flows.revoke_all(&admin, user).await?;
            Ok::<_, ApiError>(user)
        })
        .await
}

/// Form with a reason, which is required.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequiredReasonForm {
    reason: Field,
}

fn required_reason(form: &UnparsedBody) -> Result<String, ApiError> {
    let (form, mut errors) = form.parse::<RequiredReasonForm>()?;
    let reason = form.reason.text(&mut errors, |text| admin_reason(text.trim()));
    errors.finish(reason)
}

/// What the page shows.
struct SessionsView {
    /// The administrator.
    profile: Profile,
    account: Account,
    sessions: Vec<Session>,
}

impl SessionsView {
    async fn load(request: &PageRequest) -> Result<Self, ApiError> {
        let call = open(request)?;
        let named = user_of(request);
        request
            .run(|flows| async move {
                let admin = flows.administrator(&call, AdminAction::Read, None).await?;
                // The administrator is authorised first, so that nobody else learns which users exist.
                let user = named?;
                let sessions = flows.sessions_of(&admin, user).await?;
                let account = flows.find_account(user).await?.ok_or(FlowError::NoSuchUser)?;
                Ok::<_, ApiError>(Self { profile: flows.profile(&call).await?, account, sessions })
            })
            .await
    }

    fn page(&self, request: &PageRequest, form_error: Option<&FormError>) -> Markup {
        let Self { profile, account, sessions } = self;
        let of = format!("/admin/users/{}", account.user);
        let title =
            request.translate_with("admin-sessions-title", &[("name", account.username.as_str().into())]);
        let described = form_error.is_some().then_some("complaint");
        document(
            request,
            &Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Admin)
                .with(AssetFile::Clock),
            html! {
                p.back { a.link href=(request.url(&of)) { (icon("next")) (request.translate("admin-sessions-back")) } }
                section.sheet {
                    h1.break-words { (title) }
                    p.break-words { (account.email) }
                    p.lead {
                        (request.translate_with("admin-sessions-count", &[("count", sessions.len().into())]))
                    }
                    (list(request, sessions))
                    p { (request.translate("admin-sessions-text")) }
                    form.stack method="post" action=(request.url(&format!("{of}/sessions"))) {
                        (key_field(request))
                        div.field {
                            label for="reason" { (request.translate("admin-sessions-reason")) }
                            @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
                            input #reason name="reason" type="text" required maxlength="256" autocomplete="off"
                                value=[request.form_value("reason")] aria-describedby=[described]
                                aria-invalid=[form_error.is_some().then_some("true")];
                        }
                        button.button.danger.full type="submit" { (request.translate("admin-sessions-do")) }
                    }
                }
            },
        )
    }
}
