//! Page that changes many users in one act: shows who and how many, takes the reason, and shows the result for each.
//!
//! The answer to the form is the result itself: a reload repeats an act that then changes nothing.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use data_encoding::HEXLOWER;
use maud::{Markup, html};
use mfa_core::{UserFilter, UserId, UserQuery, UserState, trim_login};
use mfa_flows::{AdminAction, AdminCall, BulkAction, BulkOutcome, BulkResult, FlowError, Flows, Profile};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::open;
use super::reason::reason;
use crate::SharedRequest;
use crate::error::belongs_on_the_form;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{FormError, form_error_for, hidden, icon, key_field, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::Field;

/// Users that one act changes at most.
const MAX_USERS: usize = 5_000;
/// Users that the page names at most. The others are counted.
const SHOWN: usize = 100;

/// Users that the form selects.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ChosenUsers {
    /// These users.
    Ids(Vec<UserId>),
    /// Everybody who fits the filter of the list.
    Filter(UserFilter),
}

/// What the page shows.
struct BulkView {
    profile: Profile,
    action: BulkAction,
    selection: ChosenUsers,
    users: Vec<UserId>,
    names: BTreeMap<UserId, String>,
}

/// Fields of the form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkForm {
    action: Field,
    users: Option<Field>,
    query: Option<Field>,
    state: Option<Field>,
    shown: Field,
    reason: Field,
}

/// Validated form.
struct ConfirmedBulk {
    action: BulkAction,
    selection: ChosenUsers,
    /// Digest of the users that the page showed.
    shown: String,
    reason: String,
}

/// `GET /interface/BRAND/admin/users/bulk`
pub(crate) async fn ask(request: SharedRequest) -> PageResult {
    let action = request.query("action").and_then(BulkAction::parse).unwrap_or(BulkAction::Enforce);
    let view = view(&request, action, selection_of(&request)).await?;
    let page = preview(&request, &view, "", None);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/admin/users/bulk`
pub(crate) async fn run(request: SharedRequest) -> PageResult {
    let asked = match read(&request) {
        Ok(asked) => asked,
        Err(error) => return refused(&request, error).await,
    };
    let call = open(&request)?;
    let ConfirmedBulk { action, selection, shown, reason } = asked;
    let again = selection.clone();
    let done = request
        .run(|flows| async move {
            let act = AdminAction::Change(call.token.user);
            let admin = flows.administrator(&call, act, Some(reason)).await?;
            let users = users_of(&flows, selection).await?;
            // Other users match now than those that the page showed.
            if digest(&users) != shown {
                return Ok(None);
            }
            let results = flows.perform_bulk(&admin, Some(call.token.user), action, users.clone()).await?;
            let names = names(&flows, &admin, &users).await?;
            Ok::<_, FlowError>(Some((flows.profile(&call).await?, results, names)))
        })
        .await?;
    let Some((profile, results, names)) = done else {
        let view = view(&request, action, again).await?;
        let typed = request.form_value("reason").unwrap_or_default().to_owned();
        let error = FormError::new(request.translate("bulk-others"));
        let page = preview(&request, &view, &typed, Some(&error));
        return Ok(PageResponse::page(&request, StatusCode::CONFLICT, page));
    };
    let page = results_page(&request, &profile, action, &results, &names);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Shows the form again with its error.
async fn refused(request: &PageRequest, error: ApiError) -> PageResult {
    let action = request.form_value("action").and_then(BulkAction::parse);
    let (Some(action), true) = (action, belongs_on_the_form(&error)) else { return Err(error.into()) };
    let selection = match request.form_value("users").and_then(ids) {
        Some(users) => ChosenUsers::Ids(users),
        None => ChosenUsers::Filter(filter(request.form_value("query"), request.form_value("state"))),
    };
    let view = view(request, action, selection).await?;
    let typed = request.form_value("reason").unwrap_or_default().to_owned();
    let form_error = if typed.trim().is_empty() {
        FormError::new(request.translate("act-reason.missing"))
    } else {
        form_error_for(request, &error)
    };
    let page = preview(request, &view, &typed, Some(&form_error));
    Ok(PageResponse::page(request, error.kind().status(), page).with_error(error))
}

/// Reads whom the address names: the ticked users, or everybody who fits the filter of the list.
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

/// Parses ids that are separated by commas.
fn ids(text: &str) -> Option<Vec<UserId>> {
    let ids = text.split(',').map(|it| it.parse().ok().filter(|id| *id > 0).map(UserId::new));
    ids.collect()
}

fn read(request: &PageRequest) -> Result<ConfirmedBulk, ApiError> {
    let (form, mut errors) = request.form().parse::<BulkForm>()?;
    let action = form.action.text(&mut errors, |it| BulkAction::parse(it).ok_or(FieldErrorKind::NotOneOf));
    let shown = form.shown.text(&mut errors, |it| Ok(it.to_owned()));
    let reason = form.reason.text(&mut errors, reason);
    let mut text = |field: Option<Field>| field.and_then(|it| it.text(&mut errors, |it| Ok(it.to_owned())));
    let (users, query, state) = (text(form.users), text(form.query), text(form.state));
    let selection = match users.as_deref().map(ids) {
        Some(users) => ChosenUsers::Ids(users.ok_or(ApiError::Malformed)?),
        None => ChosenUsers::Filter(filter(query.as_deref(), state.as_deref())),
    };
    let fields = action.zip(shown).zip(reason);
    let ((action, shown), reason) = errors.finish(fields)?;
    Ok(ConfirmedBulk { action, selection, shown, reason })
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

async fn view(
    request: &PageRequest,
    action: BulkAction,
    selection: ChosenUsers,
) -> Result<BulkView, ApiError> {
    let call = open(request)?;
    request
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAction::Prepare, None).await?;
            let users = users_of(&flows, selection.clone()).await?;
            let shown = users.get(..SHOWN.min(users.len())).unwrap_or_default();
            let names = names(&flows, &admin, shown).await?;
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>(BulkView { profile, action, selection, users, names })
        })
        .await
}

/// Renders the form that chooses the act for everybody who fits the filter of the list.
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

fn preview(request: &PageRequest, view: &BulkView, typed: &str, form_error: Option<&FormError>) -> Markup {
    let name = format!("bulk-{}", view.action.as_str());
    let count = u64::try_from(view.users.len()).unwrap_or(u64::MAX);
    let title = request.translate_with(
        "bulk-title",
        &[("action", request.translate(&name).into()), ("count", count.into())],
    );
    let more = view.users.len().saturating_sub(SHOWN);
    let layout = Layout::signed_in(
        title_with_error(request, title.clone(), form_error),
        &view.profile,
        NavItem::Admin,
    );
    let described = if form_error.is_some() { "complaint reason-hint" } else { "reason-hint" };
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
                form.stack method="post" action=(request.url("/admin/users/bulk")) {
                    (key_field(request))
                    (hidden("action", view.action.as_str()))
                    (hidden("shown", &digest(&view.users)))
                    (selection_fields(&view.selection))
                    div.field {
                        label for="reason" { (request.translate("act-reason")) }
                        @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
                        input #reason name="reason" type="text" maxlength="256" autocomplete="off" required value=(typed)
                            aria-describedby=(described) aria-invalid=[form_error.is_some().then_some("true")];
                        p.hint #reason-hint { (request.translate("act-reason.hint")) }
                    }
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

fn selection_fields(selection: &ChosenUsers) -> Markup {
    match selection {
        ChosenUsers::Ids(users) => {
            let users: Vec<_> = users.iter().map(ToString::to_string).collect();
            hidden("users", &users.join(","))
        }
        ChosenUsers::Filter(filter) => html! {
            @if let Some(text) = &filter.text { (hidden("query", text)) }
            @if let Some(state) = filter.state { (hidden("state", state.as_str())) }
        },
    }
}

fn person(request: &PageRequest, user: UserId, names: &BTreeMap<UserId, String>) -> Markup {
    let name = names.get(&user).filter(|it| !it.trim().is_empty());
    html! {
        a href=(request.url(&format!("/admin/users/{user}"))) {
            @match name { Some(name) => (name), None => { "#" (user.to_string()) } }
        }
    }
}

fn results_page(
    request: &PageRequest,
    profile: &Profile,
    action: BulkAction,
    results: &[BulkResult],
    names: &BTreeMap<UserId, String>,
) -> Markup {
    let title = request.translate("bulk-done");
    let of = |outcome| results.iter().filter(move |it| it.outcome == outcome);
    let outcomes = [BulkOutcome::Done, BulkOutcome::Unchanged, BulkOutcome::Refused, BulkOutcome::NotFound];
    let content = html! {
        (super::back(request))
        section.sheet {
            h1 { (title) }
            p role="status" { (icon("check")) " " (request.translate(&format!("bulk-{}", action.as_str()))) }
            @for outcome in outcomes {
                @let count = u64::try_from(of(outcome).count()).unwrap_or(0);
                @if count > 0 {
                    details open[outcome == BulkOutcome::Refused || outcome == BulkOutcome::NotFound] {
                        summary {
                            (request.translate_with(
                                &format!("bulk-outcome-{}", outcome.as_str()),
                                &[("count", count.into())],
                            ))
                        }
                        ul { @for result in of(outcome) { li { (person(request, result.user, names)) } } }
                    }
                }
            }
            p.actions { a.button.plain-button href=(request.url("/admin/users")) { (request.translate("admin-users")) } }
        }
    };
    document(request, &Layout::signed_in(title.clone(), profile, NavItem::Admin), content)
}
