//! Page with the list of users and the search.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Timestamp, UserId, UserQuery, UserRecord, trim_login};
use mfa_flows::{AdminAction, FlowError};

use super::{back, open, search_form};
use crate::SharedRequest;
use crate::layout::{Layout, NavItem, document};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};

const PAGE: u32 = 20;

/// `GET /interface/BRAND/admin/users`
pub(crate) async fn list(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let text = request.query("query").map(|it| trim_login(it).chars().take(254).collect::<String>());
    let after = request.query("after").and_then(|it| it.parse().ok()).map(UserId::new);
    let query = UserQuery { text: text.clone(), after, limit: PAGE.saturating_add(1) };
    let (profile, users, now) = request
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAction::Read, None).await?;
            let users = flows.list_users(&admin, query).await?.users;
            Ok::<_, FlowError>((flows.profile(&call).await?, users, flows.now()))
        })
        .await?;
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let shown = users.get(..most.min(users.len())).unwrap_or_default();
    let next = shown.last().filter(|_| users.len() > most).map(|it| it.user.value());
    let title = request.translate("admin-users");
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Admin),
        html! {
            (back(&request))
            section.sheet {
                h1 { (title) }
                (search_form(&request, text.as_deref()))
                @if shown.is_empty() { p.empty { (request.translate("admin-nobody")) } }
                ul.people {
                    @for user in shown { li { (person(&request, user, now)) } }
                }
                @if let Some(next) = next {
                    p.pager { a.link href=(next_page(&request, text.as_deref(), next)) { (request.translate("admin-more")) } }
                }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

fn next_page(request: &PageRequest, text: Option<&str>, after: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("query", text.unwrap_or_default());
    query.append_pair("after", &after.to_string());
    request.url(&format!("/admin/users?{}", query.finish()))
}

fn person(request: &PageRequest, user: &UserRecord, now: Timestamp) -> Markup {
    let names = [user.full_name.as_deref(), Some(&user.username), Some(&user.email)];
    let name = names.into_iter().flatten().find(|it| !it.trim().is_empty());
    // A row without any name still needs a link.
    let name = name.map_or_else(|| format!("#{}", user.user), str::to_owned);
    html! {
        a.person href=(request.url(&format!("/admin/users/{}", user.user))) {
            span.person-name { (name) }
            span.person-mail { (user.email) }
            span.chips { (chips(request, &UserBadges::new(user, now))) }
        }
    }
}

/// Badges of an account in the list.
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
pub(super) struct UserBadges {
    pub(super) locked: bool,
    pub(super) totp: bool,
    pub(super) enforced: bool,
    pub(super) superuser: bool,
    pub(super) disabled: bool,
}

impl UserBadges {
    fn new(user: &UserRecord, now: Timestamp) -> Self {
        Self {
            locked: user.lock(now).is_some(),
            totp: user.totp_enabled,
            enforced: user.mfa_enforced,
            superuser: user.is_superuser,
            disabled: !user.is_active,
        }
    }
}

pub(super) fn chips(request: &PageRequest, marks: &UserBadges) -> Markup {
    html! {
        @if marks.locked { span.chip.bad { (request.translate("chip-locked")) } }
        @if marks.disabled { span.chip.bad { (request.translate("chip-disabled")) } }
        @if marks.totp { span.chip { (request.translate("chip-app")) } } @else { span.chip.off { (request.translate("chip-no-app")) } }
        @if marks.enforced { span.chip.warn { (request.translate("chip-enforced")) } }
        @if marks.superuser { span.chip { (request.translate("chip-superuser")) } }
    }
}
