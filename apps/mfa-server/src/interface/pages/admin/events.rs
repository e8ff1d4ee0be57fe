//! The events of all users.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{StoredEvent, TrailQuery, UserId};
use mfa_flows::{AdminAct, Refusal};

use super::{back, open};
use crate::interface::assets::File;
use crate::interface::layout::{Frame, Here, document};
use crate::interface::pages::activity::what;
use crate::interface::parts::moment;
use crate::interface::visit::Visit;
use crate::interface::{Guest, Outcome, answer};

const PAGE: u32 = 50;

/// `GET /interface/BRAND/admin/events`
pub(in crate::interface) async fn list(visit: Guest) -> Outcome {
    let call = open(&visit)?;
    let user = visit.query("user").and_then(|it| it.parse().ok()).map(UserId::new);
    let before = visit.query("before").and_then(|it| it.parse().ok());
    let query = TrailQuery { user, kind: None, before, limit: PAGE };
    let (profile, found) = visit
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAct::Look, None).await?;
            let found = flows.list_events(&admin, query).await?;
            Ok::<_, Refusal>((flows.profile(&call).await?, found))
        })
        .await?;
    let title = visit.say("admin-events");
    let older = |next: i64| {
        let of_user = user.map(|it| format!("&user={it}")).unwrap_or_default();
        visit.to(&format!("/admin/events?before={next}{of_user}"))
    };
    let page = document(
        &visit,
        &Frame::inside(title.clone(), &profile, Here::Admin).with(File::Clock).wide(),
        html! {
            (back(&visit))
            section.sheet {
                h1 { (title) }
                (table(&visit, &found.events))
                @if let Some(next) = found.next {
                    p.pager { a.link href=(older(next)) { (visit.say("older")) } }
                }
            }
        },
    );
    Ok(answer::page(&visit, StatusCode::OK, page))
}

/// Events as a table, with whose they are.
pub(super) fn table(visit: &Visit, events: &[StoredEvent]) -> Markup {
    html! {
        @if events.is_empty() { p.empty { (visit.say("activity-none")) } } @else {
            div.table tabindex="0" role="group" aria-label=(visit.say("admin-events")) {
                table {
                    thead { tr {
                        th scope="col" { (visit.say("plot-when")) }
                        th scope="col" { (visit.say("column-user")) }
                        th scope="col" { (visit.say("column-what")) }
                        th scope="col" { (visit.say("column-where")) }
                        th scope="col" { (visit.say("column-who")) }
                    } }
                    tbody { @for event in events { (row(visit, event)) } }
                }
            }
        }
    }
}

fn row(visit: &Visit, event: &StoredEvent) -> Markup {
    html! {
        tr {
            td.nowrap { (moment(visit, event.at)) }
            td { a href=(visit.to(&format!("/admin/users/{}", event.user))) { (event.user) } }
            td { (what(visit, event)) }
            td { (event.ip.as_deref().unwrap_or("–")) }
            td {
                (event.actor.as_deref().unwrap_or("–"))
                @if let Some(reason) = &event.reason { br; span.hint { (reason) } }
            }
        }
    }
}
