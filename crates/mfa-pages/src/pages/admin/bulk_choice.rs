//! Form of the user list that leads to a change of many users.

use maud::{Markup, html};
use mfa_core::UserQuery;
use mfa_flows::BulkAction;

use crate::parts::hidden;
use crate::request::PageRequest;

/// Value of `who` in the address for everybody who matches the filter.
pub(super) const ALL: &str = "all";
/// Value of `who` in the address for those who are ticked.
pub(super) const TICKED: &str = "ticked";

/// Renders the form that chooses the act, with one button for those who are ticked and one for all who match the list.
pub(super) fn choice(request: &PageRequest, query: &UserQuery, total: u64, form: &'static str) -> Markup {
    html! {
        form.search.bulk id=(form) method="get" action=(request.url("/admin/users/bulk")) {
            @if let Some(text) = &query.filter.text { (hidden("query", text)) }
            @if let Some(state) = query.filter.state { (hidden("state", state.as_str())) }
            (hidden("sort", query.sort.as_str()))
            (hidden("order", query.order.as_str()))
            div.field {
                label for="action" { (request.translate("bulk-action")) }
                select #action name="action" aria-describedby="bulk-hint" {
                    @for action in BulkAction::ALL {
                        option value=(action.as_str()) { (request.translate(&format!("bulk-{}", action.as_str()))) }
                    }
                }
            }
            div.bulk-buttons {
                button.button.plain-button type="submit" name="who" value=(TICKED) { (request.translate("bulk-ticked")) }
                button.button.plain-button type="submit" name="who" value=(ALL) {
                    (request.translate_with("bulk-all", &[("count", total.into())]))
                }
            }
            p.hint #bulk-hint { (request.translate("bulk-hint")) }
        }
    }
}
