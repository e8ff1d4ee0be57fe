//! Other people's accounts, for administrators. Each page has the caller taken for one, as the API does.

pub(crate) mod dashboard;
pub(crate) mod events;
pub(crate) mod user;
pub(crate) mod users;

use maud::{Markup, html};
use mfa_core::UserId;
use mfa_flows::{AcceptedStages, Call};

use crate::page_request::PageRequest;
use crate::parts::icon;
use mfa_http::problem::ApiError;

/// The caller's token; whether it is an administrator's the flow finds out.
fn open(visit: &PageRequest) -> Result<Call, ApiError> {
    visit.open(AcceptedStages::TwoFactors)
}

/// The user that the path names: `/admin/users/{id}` and what lies below.
fn user_of(visit: &PageRequest) -> Result<UserId, ApiError> {
    let path = visit.path().strip_prefix(visit.site.base()).unwrap_or_default();
    let id = path.strip_prefix("/admin/users/").and_then(|it| it.split('/').next()).unwrap_or_default();
    let is_number = id.bytes().all(|it| it.is_ascii_digit());
    let id = id.parse().ok().filter(|id| is_number && *id > 0);
    id.map(UserId::new).ok_or(ApiError::NotFound)
}

fn search_form(visit: &PageRequest, typed: Option<&str>) -> Markup {
    html! {
        form.search method="get" action=(visit.to("/admin/users")) role="search" {
            div.field {
                label.visually-hidden for="query" { (visit.translate("admin-search")) }
                input #query name="query" type="search" maxlength="254" autocomplete="off" spellcheck="false"
                    placeholder=(visit.translate("admin-search")) value=[typed];
            }
            button.button type="submit" { (icon("search")) (visit.translate("admin-find")) }
        }
    }
}

/// The way back to the board.
fn back(visit: &PageRequest) -> Markup {
    html! { p.back { a.link href=(visit.to("/admin")) { (icon("next")) (visit.translate("admin-back")) } } }
}
