//! One user: how the account stands, and what an administrator may do about it.

use std::future::Future;
use std::sync::Arc;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Account, AuditQuery, SecretText, UserId};
use mfa_flows::{AccountStatus, AdminAct, AdminCall, FlowError, Flows, Profile};

use super::users::{Marks, chips};
use super::{back, open, user_of};
use crate::interface::assets::File;
use crate::interface::carried::Carried;
use crate::interface::layout::{Frame, Here, document};
use crate::interface::pages::activity;
use crate::interface::pages::home::method_name;
use crate::interface::parts::{Told, countdown, icon, key_field, moment};
use crate::interface::visit::Visit;
use crate::interface::{Guest, Outcome, answer};
use crate::problem::{ApiError, FieldErrorKind};
use crate::routes::admin_reason;

/// As many events as the page shows.
const EVENTS: u32 = 8;

/// `GET /interface/BRAND/admin/users/{id}`
pub(in crate::interface) async fn show(visit: Guest) -> Outcome {
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
        &Frame::inside(title.clone(), &profile, Here::Admin).with(File::Clock).with(File::Keep).wide(),
        html! {
            (back(&visit))
            div.columns.lopsided {
                section.sheet {
                    h1 { (title) }
                    (head_chips(&visit, &account, &status))
                    (facts(&visit, &account, &status))
                }
                section.sheet {
                    h2 { (visit.say("admin-acts")) }
                    (acts(&visit, &account, &status))
                }
            }
            section.sheet.recent {
                div.sheet-head {
                    h2 { (visit.say("home-recent")) }
                    a.link href=(visit.to(&format!("/admin/events?user={}", account.user))) {
                        (visit.say("home-all"))
                    }
                }
                (activity::list(&visit, &events))
            }
        },
    );
    Ok(answer::page(&visit, StatusCode::OK, page))
}

fn head_chips(visit: &Visit, account: &Account, status: &AccountStatus) -> Markup {
    let marks = Marks {
        locked: status.locked,
        totp: status.totp_enabled,
        enforced: status.mfa_enforced,
        superuser: account.is_superuser,
        disabled: !account.is_active,
    };
    html! { p.chips { (chips(visit, &marks)) } }
}

fn facts(visit: &Visit, account: &Account, status: &AccountStatus) -> Markup {
    let yes_or_no = |it: bool| visit.say(if it { "yes" } else { "no" });
    let lock = status.lock_until.map(|end| end.since(visit.now()).as_secs().saturating_add(1));
    html! {
        dl.facts {
            div { dt { (visit.say("fact-user")) } dd { (account.username) " · " (account.user) } }
            div { dt { (visit.say("fact-locked")) } dd {
                (yes_or_no(status.locked))
                @if status.locked {
                    " · "
                    @match lock {
                        Some(seconds) => (countdown(visit, seconds)),
                        None => (visit.say("fact-locked-for-good")),
                    }
                }
            } }
            div { dt { (visit.say("fact-failures")) } dd { (status.failed_attempts) } }
            div { dt { (visit.say("card-app")) } dd {
                @match status.totp_enrolled_at { Some(at) => (moment(visit, at)), None => (visit.say("no")) }
            } }
            div { dt { (visit.say("card-phone")) } dd {
                @match &status.phone { Some(phone) => (phone), None => (visit.say("no")) }
            } }
            div { dt { (visit.say("card-backup")) } dd {
                (visit.say(if status.backup_method == "sms" { "way-sms" } else { "no" }))
            } }
            div { dt { (visit.say("card-codes")) } dd { (status.recovery_codes_left) } }
            div { dt { (visit.say("fact-last")) } dd {
                @match status.last_success_at { Some(at) => (moment(visit, at)), None => "–" }
                @if let Some(method) = status.last_method { " · " (visit.say(method_name(method))) }
            } }
        }
    }
}

fn acts(visit: &Visit, account: &Account, status: &AccountStatus) -> Markup {
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

fn act(visit: &Visit, user: UserId, name: &str, class: &str, ask: Option<&str>, more: &Markup) -> Markup {
    let field = format!("reason-{name}");
    let is_release = name == "enforce" && more.0.contains("\"no\"");
    let word = if is_release { "act-release".to_owned() } else { format!("act-{name}") };
    html! {
        form.act method="post" action=(visit.to(&format!("/admin/users/{user}/{name}")))
            data-ask=[ask.map(|it| visit.say(it))] {
            (key_field(visit))
            (more)
            h3 { (visit.say(&word)) }
            p { (visit.say(&format!("{word}.text"))) }
            div.field {
                label for=(field) { (visit.say("act-reason")) }
                input #(field) name="reason" type="text" maxlength="256" autocomplete="off";
            }
            button class=(class) type="submit" { (visit.say(&format!("{word}.do"))) }
        }
    }
}

/// `POST /interface/BRAND/admin/users/{id}/unlock`
pub(in crate::interface) async fn unlock(visit: Guest) -> Outcome {
    let change =
        |flows: Arc<Flows>, admin: AdminCall, user, ()| async move { flows.unlock_user(&admin, user).await };
    changed(&visit, Some(()), change).await?;
    done(&visit, Told::Unlocked)
}

/// `POST /interface/BRAND/admin/users/{id}/reset`
pub(in crate::interface) async fn reset(visit: Guest) -> Outcome {
    let change =
        |flows: Arc<Flows>, admin: AdminCall, user, ()| async move { flows.reset_user(&admin, user).await };
    changed(&visit, Some(()), change).await?;
    done(&visit, Told::Reset)
}

/// `POST /interface/BRAND/admin/users/{id}/enforce` with `enforced`: `yes` or `no`
pub(in crate::interface) async fn enforce(visit: Guest) -> Outcome {
    let enforced = match visit.typed("enforced") {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    };
    let change = |flows: Arc<Flows>, admin: AdminCall, user, enforced| async move {
        flows.enforce_user(&admin, user, enforced).await
    };
    changed(&visit, enforced, change).await?;
    done(&visit, if enforced == Some(true) { Told::Enforced } else { Told::NotEnforced })
}

/// `POST /interface/BRAND/admin/users/{id}/codes`: to be handed over by a safe way.
pub(in crate::interface) async fn codes(visit: Guest) -> Outcome {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        flows.regenerate_for(&admin, user).await
    };
    let codes = changed(&visit, Some(()), change).await?;
    let user = user_of(&visit)?;
    visit.carry(&Carried::Codes { of: Some(user), with_factor: false, codes })?;
    Ok(answer::go(&visit, &format!("/admin/users/{user}/codes")))
}

/// `GET /interface/BRAND/admin/users/{id}/codes`: for as long as the administrator's browser carries them.
pub(in crate::interface) async fn show_codes(visit: Guest) -> Outcome {
    let user = user_of(&visit)?;
    match visit.carried() {
        Some(Carried::Codes { of: Some(of), codes, .. }) if *of == user => {
            let call = open(&visit)?;
            let profile = visit.run(|flows| async move { flows.profile(&call).await }).await?;
            Ok(answer::page(&visit, StatusCode::OK, codes_page(&visit, &profile, user, codes)))
        }
        _ => Ok(answer::go(&visit, &format!("/admin/users/{user}"))),
    }
}

fn codes_page(visit: &Visit, profile: &Profile, user: UserId, codes: &[SecretText]) -> Markup {
    let title = visit.say("admin-codes-title");
    let frame = Frame::inside(title.clone(), profile, Here::Admin).with(File::Keep);
    document(
        visit,
        &frame,
        html! {
            section.sheet.printed {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (visit.say("admin-codes-lead")) }
                ol.codes #codes data-file="codes.txt" data-head=(title) {
                    @for code in codes { li { code { (code.expose()) } } }
                }
                div.keep hidden {
                    button.plain-button.button type="button" data-keep="copy" data-done=(visit.say("copied")) {
                        (icon("copy")) span { (visit.say("copy")) }
                    }
                    button.plain-button.button type="button" data-keep="print" {
                        (icon("print")) span { (visit.say("print")) }
                    }
                }
                p.visually-hidden #keep-said role="status" {}
                p.actions { a.button href=(visit.to(&format!("/codes/kept?user={user}"))) { (visit.say("admin-done")) } }
            }
        },
    )
}

fn done(visit: &Visit, told: Told) -> Outcome {
    visit.tell_next(told);
    Ok(answer::go(visit, &format!("/admin/users/{}", user_of(visit)?)))
}

/// Reads the reason, has the caller taken for an administrator, and runs one change of the user that the path names.
async fn changed<C, T, F>(
    visit: &Visit,
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
