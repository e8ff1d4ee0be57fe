//! Pages of a change of many users: one shows who and how many and takes the reason, the next shows the result for each.
//!
//! The address of the form has the selection, so that a refusal and a step-up lead back to the same users.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use data_encoding::HEXLOWER;
use maud::{Markup, html};
use mfa_core::{UserFilter, UserId, UserQuery, UserState, trim_login};
use mfa_flows::{AdminAction, AdminCall, BulkAction, BulkOutcome, BulkResult, FlowError, Flows, Profile};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::open;
use super::reason::{reason, reason_field};
use crate::SharedRequest;
use crate::canonical_url::canonical_url;
use crate::error::belongs_on_the_form;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{FormError, form_error_for, hidden, icon, key_field, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::{BulkGroup, BulkSummary, SealedState};
use mfa_http::problem::ApiError;
use mfa_http::request::Field;

/// Users that one act changes at most.
const MAX_USERS: usize = 5_000;
/// Users that the form names at most. The others are counted.
const SHOWN: usize = 100;
/// Bytes of user ids in the cookie with the result. The users that do not fit are counted.
const RESULT_BYTES: usize = 2_400;
/// Results in the order of the page: first what needs attention.
const OUTCOMES: [BulkOutcome; 4] =
    [BulkOutcome::Refused, BulkOutcome::NotFound, BulkOutcome::Unchanged, BulkOutcome::Done];

/// Users that the form selects.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ChosenUsers {
    /// These users.
    Ids(Vec<UserId>),
    /// Everybody who matches the filter of the list.
    Filter(UserFilter),
}

/// What the page shows.
struct BulkView {
    profile: Profile,
    action: BulkAction,
    users: Vec<UserId>,
    names: BTreeMap<UserId, String>,
}

/// Fields of the form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkForm {
    shown: Field,
    reason: Field,
}

/// `GET /interface/BRAND/admin/users/bulk`
pub(crate) async fn ask(request: SharedRequest) -> PageResult {
    let view = view(&request).await?;
    Ok(PageResponse::page(&request, StatusCode::OK, preview(&request, &view)))
}

/// `POST /interface/BRAND/admin/users/bulk`
pub(crate) async fn run(request: SharedRequest) -> PageResult {
    let error = match perform(&request).await {
        Ok(Some(results)) => {
            let state = SealedState::BulkResult(summary(action_of(&request), &results));
            let response = PageResponse::redirect(&request, "/admin/users/bulk/result");
            return Ok(response.with_sealed_state(&request, &state)?);
        }
        Ok(None) => {
            let error = FormError::new(request.translate("bulk-others"));
            return PageResponse::refused_with(&request, &canonical_url(&request), &error, None);
        }
        Err(error) => error,
    };
    if !belongs_on_the_form(&error) {
        return Err(error.into());
    }
    let form_error = if request.form_value("reason").is_none_or(|it| it.trim().is_empty()) {
        FormError::new(request.translate("act-reason.missing"))
    } else {
        form_error_for(&request, &error)
    };
    PageResponse::refused_with(&request, &canonical_url(&request), &form_error, error)
}

/// Changes the users; `None` if other users match now than those that the form showed.
async fn perform(request: &PageRequest) -> Result<Option<Vec<BulkResult>>, ApiError> {
    let (shown, reason) = read(request)?;
    let (action, selection) = (action_of(request), selection_of(request));
    let call = open(request)?;
    request
        .run(|flows| async move {
            let admin =
                flows.administrator(&call, AdminAction::Change(call.token.user), Some(reason)).await?;
            let users = users_of(&flows, selection).await?;
            if digest(&users) != shown {
                return Ok(None);
            }
            Ok::<_, FlowError>(Some(flows.perform_bulk(&admin, Some(call.token.user), action, users).await?))
        })
        .await
}

/// `GET /interface/BRAND/admin/users/bulk/result`
pub(crate) async fn result(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let Some(SealedState::BulkResult(summary)) = request.sealed_state() else {
        return Ok(PageResponse::redirect(&request, "/admin/users"));
    };
    let users: Vec<_> = summary.groups.iter().flat_map(|it| &it.users).copied().map(UserId::new).collect();
    let (profile, names) = request
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAction::Read, None).await?;
            let names = names(&flows, &admin, &users).await?;
            Ok::<_, FlowError>((flows.profile(&call).await?, names))
        })
        .await?;
    let page = result_page(&request, &profile, summary, &names);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Counts the results, and names as many users as fit into the cookie.
fn summary(action: BulkAction, results: &[BulkResult]) -> BulkSummary {
    let mut left = RESULT_BYTES;
    let groups = OUTCOMES.into_iter().map(|outcome| {
        let of_group = || results.iter().filter(|it| it.outcome == outcome).map(|it| it.user.value());
        let users = of_group()
            .take_while(|id| {
                // The digits and a comma.
                let length = id.to_string().len().saturating_add(1);
                let fits = length <= left;
                left = left.saturating_sub(length);
                fits
            })
            .collect();
        BulkGroup { outcome: outcome.as_str().to_owned(), count: of_group().count(), users }
    });
    let groups = groups.filter(|it| it.count > 0).collect();
    BulkSummary { action: action.as_str().to_owned(), groups }
}

/// Returns the action that the address names.
fn action_of(request: &PageRequest) -> BulkAction {
    request.query("action").and_then(BulkAction::parse).unwrap_or(BulkAction::Enforce)
}

/// Reads whom the address names: the ticked users, or everybody who matches the filter of the list.
fn selection_of(request: &PageRequest) -> ChosenUsers {
    let ticked = request.query_pairs().filter(|(name, _)| *name == "user");
    let users: Vec<_> = ticked.filter_map(|(_, id)| id.parse().ok()).map(UserId::new).collect();
    if users.is_empty() {
        ChosenUsers::Filter(filter(request.query("query"), request.query("state")))
    } else {
        ChosenUsers::Ids(users)
    }
}

fn filter(text: Option<&str>, state: Option<&str>) -> UserFilter {
    let text = text.map(|it| trim_login(it).chars().take(254).collect::<String>());
    UserFilter::new(text.filter(|it| !it.is_empty()), state.and_then(UserState::parse))
}

/// Reads the digest of the users that the form showed, and the reason.
fn read(request: &PageRequest) -> Result<(String, String), ApiError> {
    let (form, mut errors) = request.form().parse::<BulkForm>()?;
    let shown = form.shown.text(&mut errors, |it| Ok(it.to_owned()));
    let reason = form.reason.text(&mut errors, reason);
    errors.finish(shown.zip(reason))
}

async fn users_of(flows: &Flows, selection: ChosenUsers) -> Result<Vec<UserId>, FlowError> {
    match selection {
        ChosenUsers::Ids(users) => Ok(users),
        ChosenUsers::Filter(filter) => flows.find_user_ids(filter, MAX_USERS).await,
    }
}

async fn names(
    flows: &Flows,
    admin: &AdminCall,
    users: &[UserId],
) -> Result<BTreeMap<UserId, String>, FlowError> {
    flows.usernames(admin, users.iter().copied().collect()).await
}

async fn view(request: &PageRequest) -> Result<BulkView, ApiError> {
    let call = open(request)?;
    let (action, selection) = (action_of(request), selection_of(request));
    request
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAction::Prepare, None).await?;
            let users = users_of(&flows, selection).await?;
            let shown = users.get(..SHOWN.min(users.len())).unwrap_or_default();
            let names = names(&flows, &admin, shown).await?;
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>(BulkView { profile, action, users, names })
        })
        .await
}

/// Renders the form that chooses the act for everybody who matches the filter of the list.
pub(super) fn choice(request: &PageRequest, query: &UserQuery, form: &'static str) -> Markup {
    html! {
        form.search id=(form) method="get" action=(request.url("/admin/users/bulk")) {
            @if let Some(text) = &query.filter.text { (hidden("query", text)) }
            @if let Some(state) = query.filter.state { (hidden("state", state.as_str())) }
            div.field {
                label for="action" { (request.translate("bulk-action")) }
                select #action name="action" {
                    @for action in BulkAction::ALL {
                        option value=(action.as_str()) { (request.translate(&format!("bulk-{}", action.as_str()))) }
                    }
                }
            }
            button.button.plain-button type="submit" { (request.translate("bulk-go")) }
        }
        p.hint { (request.translate("bulk-hint")) }
    }
}

fn preview(request: &PageRequest, view: &BulkView) -> Markup {
    let form_error = request.form_error();
    let name = format!("bulk-{}", view.action.as_str());
    let count = u64::try_from(view.users.len()).unwrap_or(u64::MAX);
    let title = request.translate_with(
        "bulk-title",
        &[("action", request.translate(&name).into()), ("count", count.into())],
    );
    let more = view.users.len().saturating_sub(SHOWN);
    let layout = Layout::signed_in(
        title_with_error(request, title.clone(), form_error.as_ref()),
        &view.profile,
        NavItem::Admin,
    );
    let content = html! {
        (super::back(request))
        section.sheet {
            h1 { (title) }
            @if view.users.is_empty() { p.empty { (request.translate("admin-nobody")) } } @else {
                @if view.action == BulkAction::Reset { p.hint { (request.translate("bulk-reset.hint")) } }
                ul {
                    @for user in view.users.iter().take(SHOWN) { li { (person(request, *user, &view.names)) } }
                }
                @if view.users.len() >= MAX_USERS {
                    p.hint { (request.translate_with("bulk-limit", &[("count", count.into())])) }
                }
                @if more > 0 {
                    p { (request.translate_with("bulk-more", &[("count", u64::try_from(more).unwrap_or(0).into())])) }
                }
                form.stack method="post" action=(request.url(&canonical_url(request))) {
                    (key_field(request))
                    (hidden("shown", &digest(&view.users)))
                    (reason_field(request, form_error.as_ref()))
                    p.actions {
                        button.button.danger[view.action == BulkAction::Reset] type="submit" { (request.translate(&name)) }
                        a.button.plain-button href=(request.url("/admin/users")) { (request.translate("act-cancel")) }
                    }
                }
            }
        }
    };
    document(request, &layout, content)
}

/// Returns a digest of these users: the change is for the users that were shown, and no others.
fn digest(users: &[UserId]) -> String {
    let users: Vec<_> = users.iter().map(ToString::to_string).collect();
    HEXLOWER.encode(&Sha256::digest(users.join(",")))
}

fn person(request: &PageRequest, user: UserId, names: &BTreeMap<UserId, String>) -> Markup {
    let name = names.get(&user).filter(|it| !it.trim().is_empty());
    html! {
        a href=(request.url(&format!("/admin/users/{user}"))) {
            @match name { Some(name) => (name), None => { "#" (user.to_string()) } }
        }
    }
}

fn result_page(
    request: &PageRequest,
    profile: &Profile,
    summary: &BulkSummary,
    names: &BTreeMap<UserId, String>,
) -> Markup {
    let title = request.translate("bulk-done");
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let needs_attention = |group: &BulkGroup| {
        [BulkOutcome::Refused, BulkOutcome::NotFound]
            .map(BulkOutcome::as_str)
            .contains(&group.outcome.as_str())
    };
    let content = html! {
        (super::back(request))
        section.sheet {
            h1 { (title) }
            p role="status" { (icon("check")) " " (request.translate(&format!("bulk-{}", summary.action))) }
            @for group in &summary.groups {
                details open[needs_attention(group)] {
                    summary {
                        (request.translate_with(
                            &format!("bulk-outcome-{}", group.outcome),
                            &[("count", number(group.count).into())],
                        ))
                    }
                    ul { @for user in &group.users { li { (person(request, UserId::new(*user), names)) } } }
                    @let more = group.count.saturating_sub(group.users.len());
                    @if more > 0 { p { (request.translate_with("bulk-more", &[("count", number(more).into())])) } }
                }
            }
            p.actions { a.button.plain-button href=(request.url("/admin/users")) { (request.translate("admin-users")) } }
        }
    };
    document(request, &Layout::signed_in(title.clone(), profile, NavItem::Admin), content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_names_whom_it_can_and_counts_everybody() {
        let result = |id, outcome| BulkResult { user: UserId::new(id), outcome };
        let done = (1_000..6_000).map(|id| result(id, BulkOutcome::Done));
        let results: Vec<_> = done.chain([result(7, BulkOutcome::Refused)]).collect();
        let BulkSummary { action, groups } = summary(BulkAction::Unlock, &results);
        let found: Vec<_> = groups.iter().map(|it| (it.outcome.as_str(), it.count, it.users.len())).collect();
        // Who was refused comes first. An id of four digits takes five bytes.
        assert_eq!((action.as_str(), found), ("unlock", vec![("refused", 1, 1), ("done", 5_000, 479)]));
    }
}
