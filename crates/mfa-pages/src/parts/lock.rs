//! Lock of an account: until when, for the page of a login and for a session that goes on.

use maud::{Markup, html};
use mfa_flows::Profile;

use super::{icon, moment, need_help};
use crate::request::PageRequest;

/// Returns the seconds until the lock ends; `None` if only an administrator can end it.
pub(crate) fn lock_seconds(request: &PageRequest, profile: &Profile) -> Option<u64> {
    profile.status.lock_until.map(|end| end.since(request.now()).as_secs().saturating_add(1))
}

/// Renders why the account is locked, and until when.
pub(crate) fn lock_text(request: &PageRequest, profile: &Profile) -> Markup {
    html! {
        (request.translate("verify-locked"))
        @match profile.status.lock_until {
            Some(end) => { " " (request.translate("verify-locked.until")) " " (moment(request, end)) "." },
            None => { " " (request.translate("verify-locked.forever")) },
        }
    }
}

/// Tells a session that goes on that the account is locked: somebody may be guessing its codes.
pub(crate) fn lock_notice(request: &PageRequest, profile: &Profile) -> Markup {
    html! {
        @if profile.status.locked {
            section.sheet.lock-notice {
                div.complaint role="status" { (icon("lock")) span { (lock_text(request, profile)) } }
                p { (request.translate("home-locked")) }
                (need_help(request))
            }
        }
    }
}
