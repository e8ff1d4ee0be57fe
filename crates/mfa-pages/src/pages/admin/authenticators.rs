//! Authenticators of a user on the page for administrators.

use maud::{Markup, html};
use mfa_core::UserId;
use mfa_flows::Authenticator;

use crate::pages::authenticators::{name, number_apps, summary};
use crate::request::PageRequest;

/// Renders the user's authenticators, each with a link to the page that removes it if the caller may.
pub(super) fn section(
    request: &PageRequest,
    user: UserId,
    list: Vec<Authenticator>,
    may_remove: bool,
) -> Markup {
    let list = number_apps(request, list);
    html! {
        section.sheet {
            h2 { (request.translate("authenticators")) }
            @if list.is_empty() { p.empty { (request.translate("authenticators-none")) } }
            ul.authenticators {
                @for it in &list {
                    li.authenticator {
                        (summary(request, it))
                        @if may_remove { a.link href=(request.url(&format!("/admin/users/{user}/authenticators/{}/remove", it.id)))
                            aria-label=(request.translate_with("act-remove.of", &[("factor", name(request, it).into())])) {
                            (request.translate("act-remove.link"))
                        } }
                    }
                }
            }
        }
    }
}
