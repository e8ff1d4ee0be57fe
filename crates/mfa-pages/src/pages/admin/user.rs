//! Page of one user for administrators: status, events and actions.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Account, AuditQuery, Role};
use mfa_flows::{AccountStatus, Profile, SupportAction};

use super::act::Act;
use super::person::UserView;
use super::users::{UserBadges, badges};
use super::{authenticators, back, open, user_of};
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::pages::activity;
use crate::pages::home::method_name;
use crate::parts::{countdown, moment};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::ApiError;

/// The number of events on the page.
const EVENTS: u32 = 8;

/// `GET /interface/BRAND/admin/users/{id}`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let named = user_of(&request);
    let (profile, subject, events, authenticators) = request
        .run(|flows| async move {
            let action = named.as_ref().map_or(SupportAction::List, |user| SupportAction::View(*user));
            let support = flows.support(&call, action, None).await?;
            // The caller is authorised first, so that nobody else learns which users exist.
            let (user, admin) = (named?, support.admin());
            let subject = UserView::load(&flows, admin, user).await?;
            let query = AuditQuery { user: Some(user), ..AuditQuery::newest(EVENTS) };
            let events = flows.list_events(admin, query).await?.events;
            let authenticators = flows.list_authenticators(user).await?;
            let profile = flows.profile(&call).await?;
            Ok::<_, ApiError>((profile, subject, events, authenticators))
        })
        .await?;
    let UserView { account, status, role, person } = &subject;
    let title = person.name.clone();
    let may_remove = profile.role == Role::Admin;
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Admin).with(AssetFile::Clock).wide(),
        html! {
            (back(&request))
            div.columns.lopsided {
                div.admin-user {
                    section.sheet.person-sheet {
                        h1 { (title) }
                        @if let Some(email) = &person.email { p.person-mail { (email) } }
                        (head_chips(&request, &subject))
                        (facts(&request, account, status, *role))
                    }
                    (authenticators::section(&request, account.user, authenticators, may_remove))
                }
                section.sheet {
                    h2 { (request.translate("admin-acts")) }
                    (acts(&request, &profile, &subject))
                }
            }
            section.sheet.recent {
                div.sheet-head {
                    h2 { (request.translate("home-recent")) }
                    a.link href=(request.url(&format!("/admin/events?user={}", account.user))) {
                        (request.translate("home-all"))
                    }
                }
                (activity::list(&request, &events))
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

fn head_chips(request: &PageRequest, subject: &UserView) -> Markup {
    let UserView { account, status, role, .. } = subject;
    let marks = UserBadges {
        locked: status.locked,
        passkey: status.authenticators.passkey > 0,
        totp: status.authenticators.totp > 0,
        sms: status.authenticators.sms > 0 && status.backup_method == "sms",
        enforced: status.mfa_enforced,
        superuser: account.is_superuser,
        helpdesk: *role == Role::Helpdesk,
        disabled: !account.is_active,
    };
    html! { p.chips { (badges(request, &marks)) } }
}

fn facts(request: &PageRequest, account: &Account, status: &AccountStatus, role: Role) -> Markup {
    let yes_or_no = |it: bool| request.translate(if it { "yes" } else { "no" });
    let lock = status.lock_until.map(|end| end.since(request.now()).as_secs().saturating_add(1));
    html! {
        dl.facts {
            div { dt { (request.translate("fact-user")) } dd { (account.username) " · " (account.user) } }
            @if role != Role::None {
                div { dt { (request.translate("fact-role")) } dd { (request.translate(role_name(role))) } }
            }
            div { dt { (request.translate("fact-locked")) } dd {
                (yes_or_no(status.locked))
                @if status.locked {
                    " · "
                    @match lock {
                        Some(seconds) => (countdown(request, seconds)),
                        None => (request.translate("fact-locked-for-good")),
                    }
                }
            } }
            div { dt { (request.translate("fact-failures")) } dd { (status.failed_attempts) } }
            div { dt { (request.translate("card-app")) } dd {
                @match status.totp_enrolled_at { Some(at) => (moment(request, at)), None => (request.translate("no")) }
            } }
            div { dt { (request.translate("card-phone")) } dd {
                @match &status.phone { Some(phone) => (phone), None => (request.translate("no")) }
            } }
            div { dt { (request.translate("card-backup")) } dd {
                (request.translate(if status.backup_method == "sms" { "way-sms" } else { "no" }))
            } }
            div { dt { (request.translate("card-codes")) } dd { (status.recovery_codes_left) } }
            div { dt { (request.translate("fact-passkey-only")) } dd { (yes_or_no(status.phishing_resistant_required)) } }
            div { dt { (request.translate("fact-last")) } dd {
                @match status.last_success_at { Some(at) => (moment(request, at)), None => "–" }
                @if let Some(method) = status.last_method { " · " (request.translate(method_name(method))) }
            } }
        }
    }
}

/// Returns the text that names a role.
const fn role_name(role: Role) -> &'static str {
    match role {
        Role::None => "no",
        Role::Helpdesk => "chip-helpdesk",
        Role::Admin => "chip-superuser",
    }
}

/// Renders the acts that the caller may take, each with what it does and a link to its page.
fn acts(request: &PageRequest, profile: &Profile, subject: &UserView) -> Markup {
    let user = subject.account.user;
    html! {
        div.acts {
            @for act in Act::offered(request, profile, subject) {
                @let message = act.message();
                div.act {
                    h3 { (request.translate(message)) }
                    p { (request.translate(&format!("{message}.text"))) }
                    a.button.plain-button href=(request.url(&format!("/admin/users/{user}/{}", act.path()))) {
                        (request.translate(&format!("{message}.go")))
                    }
                }
            }
        }
    }
}
