//! Page with the security events of all users.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{AuditPage, AuditQuery, StoredEvent, UserId, UserRecord};
use mfa_flows::{AdminAction, AdminCall, CSV_START, Call, FlowError, Flows, SupportAction};
use mfa_http::event_csv_response;

use super::event_filter::{EventFilter, FilterResult};
use super::users::{address_of_search, name_of};
use super::{back, open};
use crate::SharedRequest;
use crate::layout::{Layout, NavItem, document};
use crate::pages::activity::{reason, what};
use crate::parts::moment;
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};

const PAGE: u32 = 50;

/// `GET /interface/BRAND/admin/events`
pub(crate) async fn list(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let (filter, before) =
        (EventFilter::read(&request), request.query("before").and_then(|it| it.parse().ok()));
    let asked = filter.clone();
    let (profile, found, names) = request
        .run(|flows| async move {
            let (admin, found) = authorise(&flows, &call, &asked).await?;
            let found = match found {
                FilterResult::Events(query) => {
                    let page = flows.list_events(&admin, AuditQuery { before, limit: PAGE, ..query }).await?;
                    Found::Events(page)
                }
                other => Found::Other(other),
            };
            let events = match &found {
                Found::Events(page) => page.events.as_slice(),
                Found::Other(_) => &[],
            };
            let names = names(&flows, &admin, events).await?;
            Ok::<_, FlowError>((flows.profile(&call).await?, found, names))
        })
        .await?;
    let title = request.translate("admin-events");
    let shown_title = if filter.is_invalid() {
        request.translate_with("title-error", &[("title", title.as_str().into())])
    } else {
        title.clone()
    };
    let page = document(
        &request,
        &Layout::signed_in(shown_title, &profile, NavItem::Admin).wide(),
        html! {
            (back(&request))
            section.sheet.all-events {
                h1 { (title) }
                (filter.form(&request))
                @match &found {
                    Found::Events(page) => (shown_events(&request, &filter, before, page, &names)),
                    Found::Other(FilterResult::Several { users, total }) => (several(&request, &filter, users, *total)),
                    Found::Other(FilterResult::Nobody) => {
                        p.empty role="status" {
                            (request.translate_with(
                                "list-event-nobody",
                                &[("text", filter.user_text().unwrap_or_default().into())],
                            ))
                        }
                    },
                    Found::Other(_) => {},
                }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Content of the page below the filter.
enum Found {
    Events(AuditPage),
    /// Why there are no events.
    Other(FilterResult),
}

fn shown_events(
    request: &PageRequest,
    filter: &EventFilter,
    before: Option<i64>,
    found: &AuditPage,
    names: &UserNames,
) -> Markup {
    let link = |path: &str, before| request.url(&filter.address(path, before));
    html! {
        p.total {
            (request.translate("list-zone"))
            " · " a.link href=(link("/admin/events.csv", None)) { (request.translate("list-csv")) }
        }
        (table(request, &found.events, names))
        @if before.is_some() || found.next.is_some() {
            nav.pager aria-label=(request.translate("list-pages")) {
                @if before.is_some() {
                    a.link href=(link("/admin/events", None)) { (request.translate("list-newest")) }
                }
                @if let Some(next) = found.next {
                    a.link rel="next" href=(link("/admin/events", Some(next))) { (request.translate("older")) }
                }
            }
        }
    }
}

/// Renders the users whom the text of the filter finds, each with a link to the events.
fn several(request: &PageRequest, filter: &EventFilter, users: &[UserRecord], total: u64) -> Markup {
    let text = filter.user_text().unwrap_or_default();
    let shown = u64::try_from(users.len()).unwrap_or(u64::MAX);
    html! {
        p role="status" {
            (request.translate_with("list-event-several", &[("text", text.into()), ("count", total.into())]))
        }
        ul.people {
            @for user in users {
                li {
                    a.person href=(request.url(&filter.for_user(user.user).address("/admin/events", None))) {
                        span.person-name { (name_of(user)) }
                        span.person-mail { (user.email) }
                    }
                }
            }
        }
        @if total > shown {
            p { a.link href=(address_of_search(request, text)) { (request.translate("list-event-all")) } }
        }
    }
}

/// `GET /interface/BRAND/admin/events.csv`: every event that the list has on its pages. Without a list, the page says why.
pub(crate) async fn csv(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let filter = EventFilter::read(&request);
    let asked = filter.clone();
    let export = request
        .run(|flows| async move {
            let (admin, found) = authorise(&flows, &call, &asked).await?;
            Ok::<_, FlowError>(match found {
                FilterResult::Events(query) => Some(flows.export_events(&admin, query)),
                FilterResult::Invalid | FilterResult::Nobody | FilterResult::Several { .. } => None,
            })
        })
        .await?;
    let Some(export) = export else {
        return Ok(PageResponse::redirect(&request, &filter.address("/admin/events", None)));
    };
    Ok(PageResponse::from(event_csv_response(request.shared_mfa(), export, CSV_START).await?))
}

/// Authorises the caller and returns what the filter finds. The helpdesk sees the events of one user whom it may view, by id.
/// Only administrators see all, and find people by name.
async fn authorise(
    flows: &Flows,
    call: &Call,
    filter: &EventFilter,
) -> Result<(AdminCall, FilterResult), FlowError> {
    let admin = match filter.user_id() {
        Some(user) => flows.support(call, SupportAction::View(user), None).await?.admin().clone(),
        None => flows.administrator(call, AdminAction::Read, None).await?,
    };
    let found = filter.find(flows, &admin).await?;
    Ok((admin, found))
}

/// Returns the user names of the users of these events.
pub(super) async fn names(
    flows: &Flows,
    admin: &AdminCall,
    events: &[StoredEvent],
) -> Result<UserNames, FlowError> {
    flows.usernames(admin, events.iter().map(|it| it.user).collect()).await
}

/// User names by id, for users that still exist.
pub(super) type UserNames = BTreeMap<UserId, String>;

/// Renders events as a table with the user names; on a phone each row is a card. The roles are explicit because a
/// style
/// that changes the layout would remove them.
pub(super) fn table(request: &PageRequest, events: &[StoredEvent], names: &UserNames) -> Markup {
    let head = |name: &str| html! { th scope="col" role="columnheader" { (request.translate(name)) } };
    html! {
        @if events.is_empty() { p.empty { (request.translate("activity-none")) } } @else {
            div.table tabindex="0" role="group" aria-label=(request.translate("admin-events")) {
                table.trail role="table" {
                    thead role="rowgroup" { tr role="row" {
                        (head("plot-when")) (head("column-user")) (head("column-what")) (head("column-where"))
                        (head("column-who"))
                    } }
                    tbody role="rowgroup" { @for event in events { (row(request, event, names)) } }
                }
            }
        }
    }
}

fn row(request: &PageRequest, event: &StoredEvent, names: &UserNames) -> Markup {
    let reason = reason(request, event);
    let is_plain = event.actor.is_none() && reason.is_none();
    html! {
        tr role="row" {
            td.when.nowrap role="cell" { (moment(request, event.at)) }
            td.whose role="cell" {
                a href=(request.url(&format!("/admin/users/{}", event.user))) {
                    @match names.get(&event.user) {
                        Some(name) => (name),
                        None => (request.translate_with("admin-user-gone", &[("id", event.user.to_string().into())])),
                    }
                }
            }
            td.what role="cell" { (what(request, event)) }
            td.where role="cell" { (event.ip.as_deref().unwrap_or("–")) }
            td.by.plain[is_plain] role="cell" data-label=(request.translate("column-who")) {
                @match &event.actor { Some(actor) => (actor_name(request, actor)), None => "–" }
                @if let Some(reason) = &reason { span.why { (reason) } }
            }
        }
    }
}

/// Returns the actor of an event: the name of an administrator, or that the command line was used.
fn actor_name(request: &PageRequest, actor: &str) -> String {
    if let Some((_, name)) = actor.strip_prefix("user:").and_then(|it| it.split_once(" (")) {
        return name.strip_suffix(')').unwrap_or(name).to_owned();
    }
    match (actor, actor.strip_prefix("os:")) {
        ("first start", _) => request.translate("actor-first-start"),
        (_, Some(name)) => request.translate_with("actor-shell", &[("name", name.into())]),
        (_, None) => actor.to_owned(),
    }
}
