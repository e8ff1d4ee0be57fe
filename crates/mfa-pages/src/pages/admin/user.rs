//! One user: how the account stands, and what an administrator may do about it.

use std::future::Future;
use std::sync::Arc;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Account, AuditQuery, SecretText, UserId};
use mfa_flows::{AccountStatus, AdminAct, AdminCall, FlowError, Flows, Profile};

use super::users::{UserBadges, chips};
use super::{back, open, user_of};
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::page_request::PageRequest;
use crate::pages::activity;
use crate::pages::home::method_name;
use crate::parts::{Flash, countdown, icon, key_field, moment};
use crate::sealed_state::SealedState;
use crate::{PageResult, SharedPageRequest, response};
use mfa_http::admin_reason;
use mfa_http::problem::{ApiError, FieldErrorKind};

/// As many events as the page shows.
const EVENTS: u32 = 8;

/// `GET /interface/BRAND/admin/users/{id}`
pub(crate) async fn show(visit: SharedPageRequest) -> PageResult {
    let call = open(&visit)?;
    let named = user_of(&visit);
    let (profile, account, status, events) = visit
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAct::Look, None).await?;
            // Nobody learns who there is before being taken for an administrator.
            let user = named?;
            let (account, status) = flows.show_user(&admin, user).await?;
            let query = AuditQuery { user: Some(user), kind: None, before: None, limit: EVENTS };
            let events = flows.list_events(&admin, query).await?.events;
            Ok::<_, ApiError>((flows.profile(&call).await?, account, status, events))
        })
        .await?;
    let title = account.email.clone();
    let page = document(
        &visit,
        &Layout::signed_in(title.clone(), &profile, NavItem::Admin)
            .with(AssetFile::Clock)
            .with(AssetFile::Clipboard)
            .wide(),
        html! {
            (back(&visit))
            div.columns.lopsided {
                section.sheet {
                    h1 { (title) }
                    (head_chips(&visit, &account, &status))
                    (facts(&visit, &account, &status))
                }
                section.sheet {
                    h2 { (visit.translate("admin-acts")) }
                    (acts(&visit, &account, &status))
                }
            }
            section.sheet.recent {
                div.sheet-head {
                    h2 { (visit.translate("home-recent")) }
                    a.link href=(visit.to(&format!("/admin/events?user={}", account.user))) {
                        (visit.translate("home-all"))
                    }
                }
                (activity::list(&visit, &events))
            }
        },
    );
    Ok(response::page(&visit, StatusCode::OK, page))
}

fn head_chips(visit: &PageRequest, account: &Account, status: &AccountStatus) -> Markup {
    let marks = UserBadges {
        locked: status.locked,
        totp: status.totp_enabled,
        enforced: status.mfa_enforced,
        superuser: account.is_superuser,
        disabled: !account.is_active,
    };
    html! { p.chips { (chips(visit, &marks)) } }
}

fn facts(visit: &PageRequest, account: &Account, status: &AccountStatus) -> Markup {
    let yes_or_no = |it: bool| visit.translate(if it { "yes" } else { "no" });
    let lock = status.lock_until.map(|end| end.since(visit.now()).as_secs().saturating_add(1));
    html! {
        dl.facts {
            div { dt { (visit.translate("fact-user")) } dd { (account.username) " · " (account.user) } }
            div { dt { (visit.translate("fact-locked")) } dd {
                (yes_or_no(status.locked))
                @if status.locked {
                    " · "
                    @match lock {
                        Some(seconds) => (countdown(visit, seconds)),
                        None => (visit.translate("fact-locked-for-good")),
                    }
                }
            } }
            div { dt { (visit.translate("fact-failures")) } dd { (status.failed_attempts) } }
            div { dt { (visit.translate("card-app")) } dd {
                @match status.totp_enrolled_at { Some(at) => (moment(visit, at)), None => (visit.translate("no")) }
            } }
            div { dt { (visit.translate("card-phone")) } dd {
                @match &status.phone { Some(phone) => (phone), None => (visit.translate("no")) }
            } }
            div { dt { (visit.translate("card-backup")) } dd {
                (visit.translate(if status.backup_method == "sms" { "way-sms" } else { "no" }))
            } }
            div { dt { (visit.translate("card-codes")) } dd { (status.recovery_codes_left) } }
            div { dt { (visit.translate("fact-last")) } dd {
                @match status.last_success_at { Some(at) => (moment(visit, at)), None => "–" }
                @if let Some(method) = status.last_method { " · " (visit.translate(method_name(method))) }
            } }
        }
    }
}

fn acts(visit: &PageRequest, account: &Account, status: &AccountStatus) -> Markup {
    let user = account.user;
    html! {
        div.acts {
            (act(visit, user, "unlock", "button", None, &html! {}))
            (act(visit, user, "codes", "button plain-button", Some("act-codes-ask"), &html! {}))
            @if status.mfa_enforced {
                (act(visit, user, "enforce", "button plain-button", None, &html! {
                    input type="hidden" name="enforced" value="no";
                }))
            } @else {
                (act(visit, user, "enforce", "button plain-button", None, &html! {
                    input type="hidden" name="enforced" value="yes";
                }))
            }
            (act(visit, user, "reset", "button danger", Some("act-reset-ask"), &html! {}))
        }
    }
}

fn act(
    visit: &PageRequest,
    user: UserId,
    name: &str,
    class: &str,
    ask: Option<&str>,
    more: &Markup,
) -> Markup {
    let field = format!("reason-{name}");
    let is_release = name == "enforce" && more.0.contains("\"no\"");
    let word = if is_release { "act-release".to_owned() } else { format!("act-{name}") };
    html! {
        form.act method="post" action=(visit.to(&format!("/admin/users/{user}/{name}")))
            data-ask=[ask.map(|it| visit.translate(it))] {
            (key_field(visit))
            (more)
            h3 { (visit.translate(&word)) }
            p { (visit.translate(&format!("{word}.text"))) }
            div.field {
                label for=(field) { (visit.translate("act-reason")) }
                input #(field) name="reason" type="text" maxlength="256" autocomplete="off";
            }
            button class=(class) type="submit" { (visit.translate(&format!("{word}.do"))) }
        }
    }
}

/// `POST /interface/BRAND/admin/users/{id}/unlock`
pub(crate) async fn unlock(visit: SharedPageRequest) -> PageResult {
    let change =
        |flows: Arc<Flows>, admin: AdminCall, user, ()| async move { flows.unlock_user(&admin, user).await };
    changed(&visit, Some(()), change).await?;
    done(&visit, Flash::Unlocked)
}

/// `POST /interface/BRAND/admin/users/{id}/reset`
pub(crate) async fn reset(visit: SharedPageRequest) -> PageResult {
    let change =
        |flows: Arc<Flows>, admin: AdminCall, user, ()| async move { flows.reset_user(&admin, user).await };
    changed(&visit, Some(()), change).await?;
    done(&visit, Flash::Reset)
}

/// `POST /interface/BRAND/admin/users/{id}/enforce` with `enforced`: `yes` or `no`
pub(crate) async fn enforce(visit: SharedPageRequest) -> PageResult {
    let enforced = match visit.typed("enforced") {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    };
    let change = |flows: Arc<Flows>, admin: AdminCall, user, enforced| async move {
        flows.enforce_user(&admin, user, enforced).await
    };
    changed(&visit, enforced, change).await?;
    done(&visit, if enforced == Some(true) { Flash::Enforced } else { Flash::NotEnforced })
}

/// `POST /interface/BRAND/admin/users/{id}/codes`: to be handed over by a safe way.
pub(crate) async fn codes(visit: SharedPageRequest) -> PageResult {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        flows.regenerate_for(&admin, user).await
    };
    let codes = changed(&visit, Some(()), change).await?;
    let user = user_of(&visit)?;
    visit.store_state(&SealedState::Codes { of: Some(user), with_factor: false, codes })?;
    Ok(response::go(&visit, &format!("/admin/users/{user}/codes")))
}

/// `GET /interface/BRAND/admin/users/{id}/codes`: for as long as the administrator's browser carries them.
pub(crate) async fn show_codes(visit: SharedPageRequest) -> PageResult {
    let user = user_of(&visit)?;
    match visit.carried() {
        Some(SealedState::Codes { of: Some(of), codes, .. }) if *of == user => {
            let call = open(&visit)?;
            let profile = visit.run(|flows| async move { flows.profile(&call).await }).await?;
            Ok(response::page(&visit, StatusCode::OK, codes_page(&visit, &profile, user, codes)))
        }
        _ => Ok(response::go(&visit, &format!("/admin/users/{user}"))),
    }
}

fn codes_page(visit: &PageRequest, profile: &Profile, user: UserId, codes: &[SecretText]) -> Markup {
    let title = visit.translate("admin-codes-title");
    let frame = Layout::signed_in(title.clone(), profile, NavItem::Admin).with(AssetFile::Clipboard);
    document(
        visit,
        &frame,
        html! {
            section.sheet.printed {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (visit.translate("admin-codes-lead")) }
                ol.codes #codes data-file="codes.txt" data-head=(title) {
                    @for code in codes { li { code { (code.expose()) } } }
                }
                div.keep hidden {
                    button.plain-button.button type="button" data-keep="copy" data-done=(visit.translate("copied")) {
                        (icon("copy")) span { (visit.translate("copy")) }
                    }
                    button.plain-button.button type="button" data-keep="print" {
                        (icon("print")) span { (visit.translate("print")) }
                    }
                }
                p.visually-hidden #keep-said role="status" {}
                p.actions { a.button href=(visit.to(&format!("/codes/kept?user={user}"))) { (visit.translate("admin-done")) } }
            }
        },
    )
}

fn done(visit: &PageRequest, told: Flash) -> PageResult {
    visit.set_flash(told);
    Ok(response::go(visit, &format!("/admin/users/{}", user_of(visit)?)))
}

/// Reads the reason, has the caller taken for an administrator, and runs one change of the user that the path names.
async fn changed<C, T, F>(
    visit: &PageRequest,
    what: Option<C>,
    change: impl FnOnce(Arc<Flows>, AdminCall, UserId, C) -> F + Send + 'static,
) -> Result<T, ApiError>
where
    C: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send,
{
    let call = open(visit)?;
    let mut fields = visit.form().object()?;
    let why = fields.optional("reason", |text| {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { admin_reason(text).map(Some) }
    });
    let _ = fields.optional("enforced", |_| Ok::<_, FieldErrorKind>(()));
    let what = fields.finish(what)?;
    let named = user_of(visit);
    visit
        .run(|flows| async move {
            let act = named.as_ref().map_or(AdminAct::Look, |user| AdminAct::Change(*user));
            let admin = flows.administrator(&call, act, why.flatten()).await?;
            Ok::<_, ApiError>(change(Arc::clone(&flows), admin, named?, what).await?)
        })
        .await
}
