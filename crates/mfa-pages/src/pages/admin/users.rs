//! Page with the list of users: search, states, order, pages and CSV.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{
    PageStart, Role, SortOrder, Timestamp, UserFilter, UserId, UserQuery, UserRecord, UserSort, UserState,
    trim_login,
};
use mfa_flows::{CSV_START, FlowError, SupportAction};
use mfa_http::user_csv_response;

use super::bulk_choice::choice;
use super::{back, open, search_form};
use crate::SharedRequest;
use crate::layout::{Layout, NavItem, document};
use crate::parts::moment;
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};

const PAGE: u32 = 20;
/// The id of the form that changes many users.
const BULK_FORM: &str = "bulk";
/// The orders that the page offers, with their directions.
const ORDERS: [(UserSort, SortOrder, &str); 3] = [
    (UserSort::Name, SortOrder::Ascending, "list-sort-name"),
    (UserSort::LastSuccess, SortOrder::Descending, "list-sort-recent"),
    (UserSort::LastSuccess, SortOrder::Ascending, "list-sort-unused"),
];

/// `GET /interface/BRAND/admin/users`
pub(crate) async fn list(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let query = read_query(&request);
    let (found, shown) = (query.clone(), query);
    let (profile, list, now) = request
        .run(|flows| async move {
            let support = flows.support(&call, SupportAction::List, None).await?;
            let admin = support.admin();
            let mut list = flows.list_users(admin, found.clone()).await?;
            if list.is_none() {
                // The user of the address was deleted: start again.
                list = flows.list_users(admin, UserQuery { start: PageStart::First, ..found }).await?;
            }
            Ok::<_, FlowError>((flows.profile(&call).await?, list, flows.now()))
        })
        .await?;
    let (page, total) = list.map(|it| (it.page, it.total)).unwrap_or_default();
    let title = request.translate("admin-users");
    let link = |query: &UserQuery| request.url(&address("/admin/users", query));
    let content = html! {
        (back(&request))
        section.sheet {
            h1 { (title) }
            (search_form(&request, shown.filter.text.as_deref(), shown.filter.state))
            (states(&request, &shown))
            (orders(&request, &shown))
            p.total role="status" {
                (request.translate_with("list-total", &[("count", total.into())]))
                @if total > 0 {
                    " · " a.link href=(request.url(&address("/admin/users.csv", &shown))) { (request.translate("list-csv")) }
                }
            }
            @if page.users.is_empty() { p.empty { (request.translate("admin-nobody")) } }
            @if total > 0 && profile.role == Role::Admin { (choice(&request, &shown, total, BULK_FORM)) }
            ul.people {
                @for user in &page.users {
                    li.ticked[profile.role == Role::Admin] {
                        @if profile.role == Role::Admin { (tick(&request, user)) }
                        (person(&request, user, now))
                    }
                }
            }
            @if page.previous.is_some() || page.next.is_some() {
                nav.pager aria-label=(request.translate("list-pages")) {
                    @if let Some(previous) = page.previous {
                        a.link rel="prev" href=(link(&UserQuery { start: PageStart::Before(previous), ..shown.clone() })) {
                            (request.translate("list-previous"))
                        }
                    }
                    @if let Some(next) = page.next {
                        a.link rel="next" href=(link(&UserQuery { start: PageStart::After(next), ..shown.clone() })) {
                            (request.translate("list-next"))
                        }
                    }
                }
            }
        }
    };
    let layout = Layout::signed_in(title.clone(), &profile, NavItem::Admin);
    Ok(PageResponse::page(&request, StatusCode::OK, document(&request, &layout, content)))
}

/// `GET /interface/BRAND/admin/users.csv`: every user that the list has on its pages.
pub(crate) async fn csv(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let query = read_query(&request);
    let export = request
        .run(|flows| async move {
            let support = flows.support(&call, SupportAction::List, None).await?;
            Ok::<_, FlowError>(flows.export_users(support.admin(), query))
        })
        .await?;
    Ok(PageResponse::from(user_csv_response(request.shared_mfa(), export, CSV_START).await?))
}

/// Reads the address of the list. What it does not know, it ignores.
fn read_query(request: &PageRequest) -> UserQuery {
    let text = request.query("query").map(|it| trim_login(it).chars().take(254).collect::<String>());
    let user = |name| request.query(name).and_then(|it| it.parse().ok()).map(UserId::new);
    let start = match user("before") {
        Some(before) => PageStart::Before(before),
        None => PageStart::after(user("after")),
    };
    UserQuery {
        filter: UserFilter::new(
            text.filter(|it| !it.is_empty()),
            request.query("state").and_then(UserState::parse),
        ),
        sort: request.query("sort").and_then(UserSort::parse).unwrap_or(UserSort::Name),
        order: request.query("order").and_then(SortOrder::parse).unwrap_or_default(),
        start,
        limit: PAGE,
    }
}

/// Returns the address of the list with the filter and the order of another page's address, from its start.
pub(super) fn address_of_list(request: &PageRequest) -> String {
    address("/admin/users", &UserQuery { start: PageStart::First, ..read_query(request) })
}

/// Returns the address of a list, below the first page.
fn address(path: &str, query: &UserQuery) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    if let Some(text) = &query.filter.text {
        pairs.append_pair("query", text);
    }
    if let Some(state) = query.filter.state {
        pairs.append_pair("state", state.as_str());
    }
    if query.sort != UserSort::Name {
        pairs.append_pair("sort", query.sort.as_str());
    }
    if query.order != SortOrder::Ascending {
        pairs.append_pair("order", query.order.as_str());
    }
    match query.start {
        PageStart::First => {}
        PageStart::After(user) => drop(pairs.append_pair("after", &user.to_string())),
        PageStart::Before(user) => drop(pairs.append_pair("before", &user.to_string())),
    }
    let pairs = pairs.finish();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{pairs}") }
}

/// Returns the address of the list of the users whom a text finds.
pub(super) fn address_of_search(request: &PageRequest, text: &str) -> String {
    let query = UserQuery {
        filter: UserFilter::new(Some(text.to_owned()), None),
        sort: UserSort::Name,
        ..UserQuery::default()
    };
    request.url(&address("/admin/users", &query))
}

/// Returns the address of the list of the users in a state.
pub(super) fn address_of_state(request: &PageRequest, state: UserState) -> String {
    request.url(&format!("/admin/users?state={}", state.as_str()))
}

/// Renders the links to the states.
fn states(request: &PageRequest, shown: &UserQuery) -> Markup {
    let link = |state| {
        let filter = UserFilter::new(shown.filter.text.clone(), state);
        request.url(&address("/admin/users", &UserQuery { filter, start: PageStart::First, ..shown.clone() }))
    };
    let is_here = |state| (shown.filter.state == state).then_some("true");
    html! {
        nav.periods aria-label=(request.translate("list-states")) {
            a href=(link(None)) aria-current=[is_here(None)] { (request.translate("list-state-all")) }
            @for state in UserState::ALL {
                a href=(link(Some(state))) aria-current=[is_here(Some(state))] {
                    (request.translate(&format!("list-state-{}", state.as_str())))
                }
            }
        }
    }
}

/// Renders the links to the orders.
fn orders(request: &PageRequest, shown: &UserQuery) -> Markup {
    html! {
        nav.periods aria-label=(request.translate("list-sort")) {
            @for (sort, order, name) in ORDERS {
                @let query = UserQuery { sort, order, start: PageStart::First, ..shown.clone() };
                a href=(request.url(&address("/admin/users", &query)))
                    aria-current=[(shown.sort == sort && shown.order == order).then_some("true")] {
                    (request.translate(name))
                }
            }
        }
    }
}

/// Renders the box that selects a user for the act of the form above the list.
fn tick(request: &PageRequest, user: &UserRecord) -> Markup {
    let name = name_of(user);
    html! {
        label.tick {
            input type="checkbox" name="user" value=(user.user.to_string()) form=(BULK_FORM);
            span.visually-hidden { (request.translate_with("bulk-select", &[("name", name.into())])) }
        }
    }
}

/// Returns the best name that is known of a user.
pub(super) fn name_of(user: &UserRecord) -> String {
    let names = [user.full_name.as_deref(), Some(&user.username), Some(&user.email)];
    let name = names.into_iter().flatten().find(|it| !it.trim().is_empty());
    // A row without any name still needs a link.
    name.map_or_else(|| format!("#{}", user.user), str::to_owned)
}

fn person(request: &PageRequest, user: &UserRecord, now: Timestamp) -> Markup {
    let name = name_of(user);
    html! {
        a.person href=(request.url(&format!("/admin/users/{}", user.user))) {
            span.person-name { (name) }
            span.person-mail { (user.email) }
            span.person-mail {
                @match user.last_success_at {
                    Some(at) => { (request.translate("list-used")) " " (moment(request, at)) }
                    None => (request.translate("list-unused")),
                }
            }
            span.chips { (badges(request, &UserBadges::of_record(user, now))) }
        }
    }
}

/// Badges of an account.
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
pub(super) struct UserBadges {
    pub(super) locked: bool,
    pub(super) disabled: bool,
    pub(super) passkey: bool,
    pub(super) totp: bool,
    pub(super) sms: bool,
    pub(super) enforced: bool,
    pub(super) superuser: bool,
    pub(super) helpdesk: bool,
}

impl UserBadges {
    fn of_record(user: &UserRecord, now: Timestamp) -> Self {
        Self {
            locked: user.lock(now).is_some(),
            disabled: !user.is_active,
            passkey: user.has_passkey,
            totp: user.totp_enabled,
            sms: user.sms_enabled,
            enforced: user.mfa_enforced,
            superuser: user.is_superuser,
            // A list of accounts does not load the role.
            helpdesk: false,
        }
    }
}

/// Renders the badges of an account: state, second factors, requirement, role.
pub(super) fn badges(request: &PageRequest, marks: &UserBadges) -> Markup {
    let chip = |name: &str| html! { span.chip { (request.translate(name)) } };
    let has_factor = marks.passkey || marks.totp || marks.sms;
    html! {
        @if marks.locked { span.chip.bad { (request.translate("chip-locked")) } }
        @if marks.disabled { span.chip.bad { (request.translate("chip-disabled")) } }
        @if marks.passkey { (chip("list-chip-passkey")) }
        @if marks.totp { (chip("chip-app")) }
        @if marks.sms { (chip("list-chip-sms")) }
        @if !has_factor { span.chip.off { (request.translate("list-chip-none")) } }
        @if marks.enforced { span.chip.warn { (request.translate("chip-enforced")) } }
        @if marks.superuser { (chip("chip-superuser")) }
        @if marks.helpdesk { (chip("chip-helpdesk")) }
    }
}
