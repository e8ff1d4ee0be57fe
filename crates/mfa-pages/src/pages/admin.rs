//! Pages for administrators. Each flow checks that the caller is an administrator, as for the API.

mod access_pass;
mod act;
pub(crate) mod act_page;
mod authenticators;
pub(crate) mod bulk;
mod bulk_choice;
mod codes;
pub(crate) mod dashboard;
mod event_filter;
pub(crate) mod events;
mod person;
mod reason;
pub(crate) mod user;
pub(crate) mod users;

use maud::{Markup, html};
use mfa_core::{UserId, UserState};
use mfa_flows::{AcceptedStages, Call};

use crate::parts::{hidden, icon};
use crate::request::PageRequest;
use mfa_http::problem::ApiError;

/// Verifies the session; the flow checks that the user is an administrator.
fn open(request: &PageRequest) -> Result<Call, ApiError> {
    request.open(AcceptedStages::TwoFactors)
}

/// Returns the user id in the path `/admin/users/{id}` and below.
fn user_of(request: &PageRequest) -> Result<UserId, ApiError> {
    let path = request.path().strip_prefix(request.site.base()).unwrap_or_default();
    let id = path.strip_prefix("/admin/users/").and_then(|it| it.split('/').next()).unwrap_or_default();
    let is_number = id.bytes().all(|it| it.is_ascii_digit());
    let id = id.parse().ok().filter(|id| is_number && *id > 0);
    id.map(UserId::new).ok_or(ApiError::NotFound)
}

/// Renders the search for users. It keeps the state of the list.
fn search_form(request: &PageRequest, typed: Option<&str>, state: Option<UserState>) -> Markup {
    html! {
        form.search method="get" action=(request.url("/admin/users")) role="search" {
            @if let Some(state) = state { (hidden("state", state.as_str())) }
            div.field {
                label.visually-hidden for="query" { (request.translate("admin-search")) }
                input #query name="query" type="search" maxlength="254" autocomplete="off" spellcheck="false"
                    placeholder=(request.translate("admin-search")) value=[typed];
            }
            button.button type="submit" { (icon("search")) (request.translate("admin-find")) }
        }
    }
}

/// Renders the link back to the dashboard.
fn back(request: &PageRequest) -> Markup {
    html! { p.back { a.link href=(request.url("/admin")) { (icon("next")) (request.translate("admin-back")) } } }
}
