//! Page of the user's sessions: where the user is logged in, and ending a session.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{FactorKind, TokenId};
use mfa_flows::{AcceptedStages, FlowError, Profile, Session};
use mfa_http::problem::ApiError;
use mfa_http::request::Field;
use serde::Deserialize;

use super::home::method_name;
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{agent_name, back_link, hidden, icon, is_handheld, key_field, moment, post_button};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};

/// `GET /interface/BRAND/sessions`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    let (profile, sessions) = request
        .run(|flows| async move {
            Ok::<_, FlowError>((flows.profile(&call).await?, flows.sessions(&call).await?))
        })
        .await?;
    let page = sessions_page(&request, &profile, &sessions);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

fn sessions_page(request: &PageRequest, profile: &Profile, sessions: &[Session]) -> Markup {
    let title = request.translate("sessions-title");
    let current = sessions.iter().find(|it| it.is_current);
    let others: Vec<_> = sessions.iter().filter(|it| !it.is_current).collect();
    document(
        request,
        &Layout::signed_in(title.clone(), profile, NavItem::Account).with(AssetFile::Clock),
        html! {
            (back_link(request))
            section.sheet {
                h1 { (title) }
                p.lead { (request.translate("sessions-lead")) }
                h2 { (request.translate("sessions-current")) }
                ul.authenticators {
                    @match current {
                        Some(it) => { li.authenticator { (summary(request, it)) } },
                        // Issued by an earlier version, which recorded no token.
                        None => { li { p.empty { (request.translate("sessions-current.unlisted")) } } },
                    }
                }
                h2 { (request.translate("sessions-others")) }
                @if others.is_empty() {
                    p.empty { (request.translate("sessions-others.none")) }
                } @else {
                    ul.authenticators {
                        @for it in &others { li.authenticator { (summary(request, it)) (end_form(request, it)) } }
                    }
                }
                div.actions { (post_button(request, "/sessions/end-others", "button", "sessions-end-others")) }
                p.hint { (request.translate("sessions-unknown")) }
                p.hint { (request.translate("sessions-delay")) }
            }
        },
    )
}

/// Renders a list of sessions without forms.
pub(super) fn list(request: &PageRequest, sessions: &[Session]) -> Markup {
    html! {
        ul.authenticators { @for it in sessions { li.authenticator { (summary(request, it)) } } }
    }
}

/// Renders the device, the time, the address and the factor of a session.
fn summary(request: &PageRequest, it: &Session) -> Markup {
    let sign = if it.user_agent.as_deref().is_some_and(is_handheld) { "app" } else { "screen" };
    html! {
        span.authenticator-sign aria-hidden="true" { (icon(sign)) }
        div.authenticator-words {
            p.authenticator-name { (device(request, it)) }
            p.authenticator-facts {
                span { (request.translate("session-since")) " " (moment(request, it.created_at)) }
                @if let Some(method) = it.method.as_deref().and_then(FactorKind::parse) {
                    span { (request.translate(method_name(method))) }
                }
                @if let Some(ip) = &it.ip { span { (request.translate("session-from")) " " (ip) } }
            }
        }
    }
}

fn device(request: &PageRequest, it: &Session) -> String {
    match &it.user_agent {
        Some(agent) => agent_name(request, agent),
        None if it.method.is_none() => request.translate("session-by-admin"),
        None => request.translate("agent-unknown"),
    }
}

fn end_form(request: &PageRequest, it: &Session) -> Markup {
    let at = it.created_at.to_rfc3339().unwrap_or_default();
    let label = [("device", device(request, it).into()), ("at", at.into())];
    html! {
        form method="post" action=(request.url("/sessions/end")) {
            (key_field(request))
            (hidden("session", &it.id.to_hex()))
            button.link type="submit" aria-label=(request.translate_with("session-end-of", &label)) {
                (request.translate("session-end"))
            }
        }
    }
}

/// Form that names a session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndForm {
    session: Field,
}

/// `POST /interface/BRAND/sessions/end` with `session`
pub(crate) async fn end(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    let (form, mut errors) = request.form().parse::<EndForm>()?;
    let id = form.session.text(&mut errors, |text| Ok(TokenId::parse_hex(text)));
    let id = errors.finish(id)?.ok_or(ApiError::NotFound)?;
    match request.run(|flows| async move { flows.revoke_session(&call, id).await }).await {
        Ok(()) => Ok(to_list(&request, Flash::SessionEnded)),
        // It ended by itself, or in another tab.
        Err(ApiError::Flow(FlowError::NoSuchSession)) => Ok(to_list(&request, Flash::SessionGone)),
        Err(error) => Err(error.into()),
    }
}

/// `POST /interface/BRAND/sessions/end-others`
pub(crate) async fn end_others(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    request.run(|flows| async move { flows.revoke_other_sessions(&call).await }).await?;
    Ok(to_list(&request, Flash::OtherSessionsEnded))
}

fn to_list(request: &PageRequest, flash: Flash) -> PageResponse {
    PageResponse::redirect(request, "/sessions").with_flash(request, flash)
}
