//! Page of one act on one account: names the person, says what happens, and takes the reason.
//!
//! The second factor is asked for before the form. What was typed outlives a refusal and a later step-up.

use std::future::Future;
use std::sync::Arc;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::UserId;
use mfa_flows::{
    AdminAction, AdminCall, FlowError, Flows, Profile, RequirementChange, Session, SupportAction, SupportCall,
};
use serde::Deserialize;

use super::act::Act;
use super::person::{UserView, back_to_person};
use super::reason::{reason, reason_field};
use super::{access_pass, codes, open, user_of};
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::pages::authenticators::{name, number_apps};
use crate::pages::sessions::list;
use crate::parts::{FormError, form_error_for, icon, key_field, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::ApiError;
use mfa_http::request::{Field, UnparsedBody};

/// What the page of an act shows.
struct ActView {
    profile: Profile,
    subject: UserView,
    /// The name of the authenticator that the act removes.
    authenticator: Option<String>,
    /// The sessions that the act ends.
    sessions: Option<Vec<Session>>,
}

/// `GET /interface/BRAND/admin/users/{id}/{act}`
pub(crate) async fn ask(request: SharedRequest) -> PageResult {
    let act = act_of(&request)?;
    let made = match act {
        Act::Codes => codes::show_new(&request).await?,
        Act::AccessPass => access_pass::show_new(&request).await?,
        _ => None,
    };
    if let Some(page) = made {
        return Ok(page);
    }
    let view = view(&request, &act).await?;
    Ok(PageResponse::page(&request, StatusCode::OK, act_page(&request, &act, &view)))
}

/// `POST /interface/BRAND/admin/users/{id}/{act}`
pub(crate) async fn run(request: SharedRequest) -> PageResult {
    let act = act_of(&request)?;
    let error = match perform(&request, &act).await {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    if !belongs_on_the_form(&error) {
        return Err(error.into());
    }
    let complaint = complaint(&request, &act, &error);
    PageResponse::refused_with(&request, request.path_below_base(), &complaint, error)
}

fn complaint(request: &PageRequest, act: &Act, error: &ApiError) -> FormError {
    let is_missing = act.needs_reason() && request.form_value("reason").is_none_or(|it| it.trim().is_empty());
    match error {
        ApiError::Fields(_) if is_missing => FormError::new(request.translate("act-reason.missing")),
        error => form_error_for(request, error),
    }
}

/// Returns the act in the path.
fn act_of(request: &PageRequest) -> Result<Act, ApiError> {
    let below = request.path_below_base().strip_prefix("/admin/users/").and_then(|it| it.split_once('/'));
    below.and_then(|(_, act)| Act::parse(act)).ok_or(ApiError::NotFound)
}

async fn view(request: &PageRequest, act: &Act) -> Result<ActView, ApiError> {
    let call = open(request)?;
    let named = user_of(request);
    let (is_support, ends_sessions) = (act.is_support(), *act == Act::EndSessions);
    let (profile, subject, list, sessions) = request
        .run(|flows| async move {
            let user = named.as_ref().ok().copied();
            let admin = match user.filter(|_| is_support) {
                Some(user) => flows.support(&call, SupportAction::Prepare(user), None).await?.admin().clone(),
                None => flows.administrator(&call, AdminAction::Prepare, None).await?,
            };
            // The caller is authorised first, so that nobody else learns which users exist.
            let user = named?;
            let subject = UserView::load(&flows, &admin, user).await?;
            let list = flows.list_authenticators(user).await?;
            let sessions = if ends_sessions { Some(flows.sessions_of(&admin, user).await?) } else { None };
            Ok::<_, ApiError>((flows.profile(&call).await?, subject, list, sessions))
        })
        .await?;
    let authenticator = match act {
        Act::Remove(id) => {
            let found = number_apps(request, list).into_iter().find(|it| it.id == id.as_str());
            Some(name(request, &found.ok_or(ApiError::NotFound)?))
        }
        _ => None,
    };
    Ok(ActView { profile, subject, authenticator, sessions })
}

fn act_page(request: &PageRequest, act: &Act, view: &ActView) -> Markup {
    let message = act.message();
    let removed = view.authenticator.as_deref().unwrap_or_default();
    let UserView { account, status, person, .. } = &view.subject;
    let arguments = [("name", person.name.as_str().into()), ("factor", removed.into())];
    let text = |part: &str| request.translate_with(&format!("{message}{part}"), &arguments);
    let form_error = request.form_error();
    let title = text(".title");
    let layout = Layout::signed_in(
        title_with_error(request, title.clone(), form_error.as_ref()),
        &view.profile,
        NavItem::Admin,
    )
    .with(AssetFile::Clock);
    document(
        request,
        &layout,
        html! {
            (back_to_person(request, account.user, person))
            section.sheet.person-sheet {
                h1 { (title) }
                p.who { (icon("people")) span { (person.line()) } }
                p { (text(".text")) }
                @for warning in act.warnings(account, status) {
                    p.hint { (request.translate(warning)) }
                }
                @if let Some(sessions) = &view.sessions {
                    p.lead { (request.translate_with("act-sessions.count", &[("count", sessions.len().into())])) }
                    (list(request, sessions))
                }
                form.stack method="post" action=(request.url(request.path_below_base())) {
                    (key_field(request))
                    @if *act == Act::AccessPass { (access_pass::fields(request, &view.profile, &view.subject)) }
                    @if act.needs_reason() { (reason_field(request, form_error.as_ref())) }
                    @else if let Some(form_error) = &form_error { (form_error.shown(request, "complaint")) }
                    p.actions {
                        button.button.danger[act.is_dangerous()] type="submit" { (text(".do")) }
                        a.button.plain-button href=(request.url(&format!("/admin/users/{}", account.user))) {
                            (request.translate("act-cancel"))
                        }
                    }
                }
            }
        },
    )
}

async fn perform(request: &PageRequest, act: &Act) -> Result<PageResponse, ApiError> {
    let enforce = |change: RequirementChange| {
        move |flows: Arc<Flows>, admin: AdminCall, user| async move {
            flows.enforce_user(&admin, user, change).await.map(drop)
        }
    };
    let factor = |enforced| enforce(RequirementChange { enforced: Some(enforced), phishing_resistant: None });
    let passkey =
        |required| enforce(RequirementChange { enforced: None, phishing_resistant: Some(required) });
    let role = |is_helpdesk| {
        move |flows: Arc<Flows>, admin: AdminCall, user| async move {
            flows.set_helpdesk(&admin, user, is_helpdesk).await.map(drop)
        }
    };
    let flash = match act {
        Act::Unlock => {
            let unlock = |flows: Arc<Flows>, call: SupportCall, user| async move {
                flows.unlock_for(&call, user).await
            };
            supported(request, None, unlock).await?;
            Flash::Unlocked
        }
        Act::AccessPass => {
            let (reason, pass) = access_pass::read(request.form())?;
            let issue = move |flows: Arc<Flows>, call: SupportCall, user| async move {
                flows.issue_access_pass(&call, user, pass).await
            };
            let issued = supported(request, Some(reason), issue).await?;
            return access_pass::keep_new(request, issued);
        }
        Act::Codes => {
            let renew = |flows: Arc<Flows>, admin: AdminCall, user| async move {
                flows.regenerate_for(&admin, user).await
            };
            let new = changed(request, renew).await?;
            return codes::keep_new(request, new);
        }
        Act::Enforce => {
            changed(request, factor(true)).await?;
            Flash::Enforced
        }
        Act::Release => {
            changed(request, factor(false)).await?;
            Flash::NotEnforced
        }
        Act::RequirePasskey => {
            changed(request, passkey(true)).await?;
            Flash::PasskeyRequired
        }
        Act::ReleasePasskey => {
            changed(request, passkey(false)).await?;
            Flash::PasskeyNotRequired
        }
        Act::Reset => {
            let reset = |flows: Arc<Flows>, admin: AdminCall, user| async move {
                flows.reset_user(&admin, user).await
            };
            changed(request, reset).await?;
            Flash::Reset
        }
        Act::EndSessions => {
            let end = |flows: Arc<Flows>, admin: AdminCall, user| async move {
                flows.revoke_all(&admin, user).await.map(drop)
            };
            changed(request, end).await?;
            Flash::UserSessionsEnded
        }
        Act::GrantHelpdesk => {
            changed(request, role(true)).await?;
            Flash::HelpdeskGranted
        }
        Act::RevokeHelpdesk => {
            changed(request, role(false)).await?;
            Flash::HelpdeskRevoked
        }
        Act::Remove(id) => {
            let id = id.as_str().to_owned();
            let remove = |flows: Arc<Flows>, admin: AdminCall, user| async move {
                flows.remove_authenticator_of(&admin, user, id).await
            };
            changed(request, remove).await?;
            Flash::AuthenticatorRemoved
        }
    };
    let response = PageResponse::redirect(request, &format!("/admin/users/{}", user_of(request)?));
    Ok(response.clear_sealed_state(request).with_flash(request, flash))
}

/// Form of an act that needs a reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonForm {
    reason: Field,
}

fn reason_of(form: &UnparsedBody) -> Result<String, ApiError> {
    let (form, mut errors) = form.parse::<ReasonForm>()?;
    let reason = form.reason.text(&mut errors, reason);
    errors.finish(reason)
}

/// Authorises the administrator and runs one change of the user in the path.
async fn changed<T, F>(
    request: &PageRequest,
    change: impl FnOnce(Arc<Flows>, AdminCall, UserId) -> F + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let call = open(request)?;
    let reason = reason_of(request.form())?;
    let named = user_of(request);
    request
        .run(|flows| async move {
            let action = named.as_ref().map_or(AdminAction::Read, |user| AdminAction::Change(*user));
            let admin = flows.administrator(&call, action, Some(reason)).await?;
            Ok::<_, ApiError>(change(Arc::clone(&flows), admin, named?).await?)
        })
        .await
}

/// Authorises an administrator or the helpdesk and runs one change of the user in the path.
async fn supported<T, F>(
    request: &PageRequest,
    reason: Option<String>,
    change: impl FnOnce(Arc<Flows>, SupportCall, UserId) -> F + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let call = open(request)?;
    let named = user_of(request);
    request
        .run(|flows| async move {
            let action = named.as_ref().map_or(SupportAction::List, |user| SupportAction::Change(*user));
            let support = flows.support(&call, action, reason).await?;
            Ok::<_, ApiError>(change(Arc::clone(&flows), support, named?).await?)
        })
        .await
}
