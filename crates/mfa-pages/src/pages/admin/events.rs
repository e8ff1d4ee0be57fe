//! The events of all users.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{AuditQuery, StoredEvent, UserId};
use mfa_flows::{AdminAct, AdminCall, FlowError, Flows};

use super::{back, open};
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::page_request::PageRequest;
use crate::pages::activity::what;
use crate::parts::moment;
use crate::{PageResult, SharedPageRequest, response};

const PAGE: u32 = 50;

/// `GET /interface/BRAND/admin/events`
pub(crate) async fn list(visit: SharedPageRequest) -> PageResult {
    let call = open(&visit)?;
    let user = visit.query("user").and_then(|it| it.parse().ok()).map(UserId::new);
    let before = visit.query("before").and_then(|it| it.parse().ok());
    let query = AuditQuery { user, kind: None, before, limit: PAGE };
    let (profile, found, names) = visit
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAct::Look, None).await?;
            let found = flows.list_events(&admin, query).await?;
            let names = names(&flows, &admin, &found.events).await?;
            Ok::<_, FlowError>((flows.profile(&call).await?, found, names))
        })
        .await?;
    let title = visit.translate("admin-events");
    let older = |next: i64| {
        let of_user = user.map(|it| format!("&user={it}")).unwrap_or_default();
        visit.to(&format!("/admin/events?before={next}{of_user}"))
    };
    let page = document(
        &visit,
        &Layout::signed_in(title.clone(), &profile, NavItem::Admin).with(AssetFile::Clock).wide(),
        html! {
            (back(&visit))
            section.sheet {
                h1 { (title) }
                (table(&visit, &found.events, &names))
                @if let Some(next) = found.next {
                    p.pager { a.link href=(older(next)) { (visit.translate("older")) } }
                }
            }
        },
    );
    Ok(response::page(&visit, StatusCode::OK, page))
}

/// The names of those whose events these are.
pub(super) async fn names(
    flows: &Flows,
    admin: &AdminCall,
    events: &[StoredEvent],
) -> Result<UserNames, FlowError> {
    flows.usernames(admin, events.iter().map(|it| it.user).collect()).await
}

/// User names, of those who are there still.
pub(super) type UserNames = BTreeMap<UserId, String>;

/// Events as a table, with whose they are; on a phone each is a card. A table keeps the roles of one where a style lays it
/// out otherwise.
pub(super) fn table(visit: &PageRequest, events: &[StoredEvent], names: &UserNames) -> Markup {
    let head = |name: &str| html! { th scope="col" role="columnheader" { (visit.translate(name)) } };
    html! {
        @if events.is_empty() { p.empty { (visit.translate("activity-none")) } } @else {
            div.table tabindex="0" role="group" aria-label=(visit.translate("admin-events")) {
                table.trail role="table" {
                    thead role="rowgroup" { tr role="row" {
                        (head("plot-when")) (head("column-user")) (head("column-what")) (head("column-where"))
                        (head("column-who"))
                    } }
                    tbody role="rowgroup" { @for event in events { (row(visit, event, names)) } }
                }
            }
        }
    }
}

fn row(visit: &PageRequest, event: &StoredEvent, names: &UserNames) -> Markup {
    let is_plain = event.actor.is_none() && event.reason.is_none();
    html! {
        tr role="row" {
            td.when.nowrap role="cell" { (moment(visit, event.at)) }
            td.whose role="cell" {
                a href=(visit.to(&format!("/admin/users/{}", event.user))) {
                    @match names.get(&event.user) {
                        Some(name) => (name),
                        None => (visit.translate_with("admin-user-gone", &[("id", event.user.to_string().into())])),
                    }
                }
            }
            td.what role="cell" { (what(visit, event)) }
            td.where role="cell" { (event.ip.as_deref().unwrap_or("–")) }
            td.by.plain[is_plain] role="cell" data-label=(visit.translate("column-who")) {
                @match &event.actor { Some(actor) => (actor_name(visit, actor)), None => "–" }
                @if let Some(reason) = &event.reason { span.why { (reason) } }
            }
        }
    }
}

/// Who did it, as people say it: an administrator of the pages by name, somebody at the command line by that.
fn actor_name(visit: &PageRequest, actor: &str) -> String {
    if let Some((_, name)) = actor.strip_prefix("user:").and_then(|it| it.split_once(" (")) {
        return name.strip_suffix(')').unwrap_or(name).to_owned();
    }
    match actor.strip_prefix("os:") {
        Some(name) => visit.translate_with("actor-shell", &[("name", name.into())]),
        None => actor.to_owned(),
    }
}
