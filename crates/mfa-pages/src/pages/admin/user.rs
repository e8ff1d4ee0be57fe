//! Page of one user for administrators: status, events and actions.

use std::sync::Arc;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Account, AuditQuery, SecretText, UserId};
use mfa_flows::{AccountStatus, AdminAction, AdminCall, Flows, Profile, RequirementChange};

use super::change::{ReasonAnd, changed, done, reason, reason_field, reason_only};
use super::users::{UserBadges, chips};
use super::{authenticators, back, open, user_of};
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::pages::activity;
use crate::pages::home::method_name;
use crate::parts::{countdown, icon, key_field, moment};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::SealedState;
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::{Field, UnparsedBody};
use serde::Deserialize;

/// The number of events on the page.
const EVENTS: u32 = 8;

/// `GET /interface/BRAND/admin/users/{id}`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let named = user_of(&request);
    let (profile, account, status, events, authenticators) = request
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAction::Read, None).await?;
            // The administrator is authorised first, so that nobody else learns which users exist.
            let user = named?;
            let (account, status) = flows.show_user(&admin, user).await?;
            let query = AuditQuery { user: Some(user), kind: None, before: None, limit: EVENTS };
            let events = flows.list_events(&admin, query).await?.events;
            let authenticators = flows.list_authenticators(user).await?;
            Ok::<_, ApiError>((flows.profile(&call).await?, account, status, events, authenticators))
        })
        .await?;
    let title = account.email.clone();
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Admin)
            .with(AssetFile::Clock)
            .with(AssetFile::Clipboard)
            .wide(),
        html! {
            (back(&request))
            div.columns.lopsided {
                div.admin-user {
                    section.sheet {
                        h1 { (title) }
                        (head_chips(&request, &account, &status))
                        (facts(&request, &account, &status))
                    }
                    (authenticators::section(&request, account.user, authenticators))
                }
                section.sheet {
                    h2 { (request.translate("admin-acts")) }
                    (acts(&request, &account, &status))
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

fn head_chips(request: &PageRequest, account: &Account, status: &AccountStatus) -> Markup {
    let marks = UserBadges {
        locked: status.locked,
        totp: status.totp_enabled,
        enforced: status.mfa_enforced,
        superuser: account.is_superuser,
        disabled: !account.is_active,
    };
    html! { p.chips { (chips(request, &marks)) } }
}

fn facts(request: &PageRequest, account: &Account, status: &AccountStatus) -> Markup {
    let yes_or_no = |it: bool| request.translate(if it { "yes" } else { "no" });
    let lock = status.lock_until.map(|end| end.since(request.now()).as_secs().saturating_add(1));
    html! {
        dl.facts {
            div { dt { (request.translate("fact-user")) } dd { (account.username) " · " (account.user) } }
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

fn acts(request: &PageRequest, account: &Account, status: &AccountStatus) -> Markup {
    let user = account.user;
    html! {
        div.acts {
            (act(request, user, "unlock", "button", None, &html! {}))
            (act(request, user, "codes", "button plain-button", Some("act-codes-ask"), &html! {}))
            @if status.mfa_enforced {
                (act(request, user, "enforce", "button plain-button", None, &html! {
                    input type="hidden" name="enforced" value="no";
                }))
            } @else {
                (act(request, user, "enforce", "button plain-button", None, &html! {
                    input type="hidden" name="enforced" value="yes";
                }))
            }
            (passkey_act(request, account, status))
            (act(request, user, "reset", "button danger", Some("act-reset-ask"), &html! {}))
        }
    }
}

/// Renders the form that requires a passkey of the user, or ends the requirement. Requiring one without a relying party
/// would lock the user out.
fn passkey_act(request: &PageRequest, account: &Account, status: &AccountStatus) -> Markup {
    let is_set = account.internal.phishing_resistant_required;
    let word = if is_set { "act-passkey-release" } else { "act-passkey" };
    let warning = match (status.phishing_resistant, account.has_factor()) {
        (true, _) => None,
        (false, true) => Some("act-passkey.none"),
        (false, false) => Some("act-passkey.first"),
    };
    html! {
        @if is_set || request.site.offers_passkeys() {
            form.act method="post" action=(request.url(&format!("/admin/users/{}/enforce", account.user))) {
                (key_field(request))
                input type="hidden" name="phishing_resistant" value=(if is_set { "no" } else { "yes" });
                h3 { (request.translate(word)) }
                p { (request.translate(&format!("{word}.text"))) }
                @if let Some(warning) = warning.filter(|_| !is_set) { p.hint { (request.translate(warning)) } }
                @if status.phishing_resistant_required && !is_set {
                    p.hint { (request.translate("act-passkey.setting")) }
                }
                (reason_field(request, "reason-passkey"))
                button.button.plain-button type="submit" { (request.translate(&format!("{word}.do"))) }
            }
        }
    }
}

fn act(
    request: &PageRequest,
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
        form.act method="post" action=(request.url(&format!("/admin/users/{user}/{name}")))
            data-ask=[ask.map(|it| request.translate(it))] {
            (key_field(request))
            (more)
            h3 { (request.translate(&word)) }
            p { (request.translate(&format!("{word}.text"))) }
            (reason_field(request, &field))
            button class=(class) type="submit" { (request.translate(&format!("{word}.do"))) }
        }
    }
}

/// `POST /interface/BRAND/admin/users/{id}/unlock`
pub(crate) async fn unlock(request: SharedRequest) -> PageResult {
    let change =
        |flows: Arc<Flows>, admin: AdminCall, user, ()| async move { flows.unlock_user(&admin, user).await };
    changed(&request, reason_only, change).await?;
    done(&request, Flash::Unlocked)
}

/// `POST /interface/BRAND/admin/users/{id}/reset`
pub(crate) async fn reset(request: SharedRequest) -> PageResult {
    let change =
        |flows: Arc<Flows>, admin: AdminCall, user, ()| async move { flows.reset_user(&admin, user).await };
    changed(&request, reason_only, change).await?;
    done(&request, Flash::Reset)
}

/// `POST /interface/BRAND/admin/users/{id}/enforce` with `enforced` or `phishing_resistant`: `yes` or `no`
pub(crate) async fn enforce(request: SharedRequest) -> PageResult {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, change| async move {
        flows.enforce_user(&admin, user, change).await?;
        Ok(change)
    };
    let flash = match changed(&request, enforcement, change).await? {
        RequirementChange { phishing_resistant: Some(true), .. } => Flash::PasskeyRequired,
        RequirementChange { phishing_resistant: Some(false), .. } => Flash::PasskeyNotRequired,
        RequirementChange { enforced: Some(true), .. } => Flash::Enforced,
        RequirementChange { .. } => Flash::NotEnforced,
    };
    done(&request, flash)
}

/// `POST /interface/BRAND/admin/users/{id}/codes`: generates recovery codes for the user.
pub(crate) async fn codes(request: SharedRequest) -> PageResult {
    let change = |flows: Arc<Flows>, admin: AdminCall, user, ()| async move {
        flows.regenerate_for(&admin, user).await
    };
    let codes = changed(&request, reason_only, change).await?;
    let user = user_of(&request)?;
    let state = SealedState::Codes { of: Some(user), with_factor: false, codes };
    let response = PageResponse::redirect(&request, &format!("/admin/users/{user}/codes"));
    Ok(response.with_sealed_state(&request, &state)?)
}

/// `GET /interface/BRAND/admin/users/{id}/codes`: shows them while the cookie is valid.
pub(crate) async fn show_codes(request: SharedRequest) -> PageResult {
    let user = user_of(&request)?;
    match request.sealed_state() {
        Some(SealedState::Codes { of: Some(of), codes, .. }) if *of == user => {
            let call = open(&request)?;
            let profile = request.run(|flows| async move { flows.profile(&call).await }).await?;
            Ok(PageResponse::page(&request, StatusCode::OK, codes_page(&request, &profile, user, codes)))
        }
        _ => Ok(PageResponse::redirect(&request, &format!("/admin/users/{user}"))),
    }
}

fn codes_page(request: &PageRequest, profile: &Profile, user: UserId, codes: &[SecretText]) -> Markup {
    let title = request.translate("admin-codes-title");
    let layout = Layout::signed_in(title.clone(), profile, NavItem::Admin).with(AssetFile::Clipboard);
    document(
        request,
        &layout,
        html! {
            section.sheet.printed {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (request.translate("admin-codes-lead")) }
                ol.codes #codes data-file="codes.txt" data-head=(title) {
                    @for code in codes { li { code { (code.expose()) } } }
                }
                div.keep hidden {
                    button.plain-button.button type="button" data-keep="copy" data-done=(request.translate("copied")) {
                        (icon("copy")) span { (request.translate("copy")) }
                    }
                    button.plain-button.button type="button" data-keep="print" {
                        (icon("print")) span { (request.translate("print")) }
                    }
                }
                p.visually-hidden #keep-said role="status" {}
                p.actions { a.button href=(request.url(&format!("/codes/kept?user={user}"))) { (request.translate("admin-done")) } }
            }
        },
    )
}

/// Form that requires MFA or a passkey of a user, or ends the requirement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnforceForm {
    enforced: Option<Field>,
    phishing_resistant: Option<Field>,
    reason: Option<Field>,
}

fn enforcement(form: &UnparsedBody) -> Result<ReasonAnd<RequirementChange>, ApiError> {
    let (form, mut errors) = form.parse::<EnforceForm>()?;
    let reason = reason(form.reason, &mut errors);
    let yes_or_no = |text: &str| match text {
        "yes" => Ok(Some(true)),
        "no" => Ok(Some(false)),
        _ => Err(FieldErrorKind::NotOneOf),
    };
    let enforced = form.enforced.map_or(Some(None), |it| it.text(&mut errors, yes_or_no));
    let phishing_resistant = form.phishing_resistant.map_or(Some(None), |it| it.text(&mut errors, yes_or_no));
    let change = enforced
        .zip(phishing_resistant)
        .map(|(enforced, phishing_resistant)| RequirementChange { enforced, phishing_resistant });
    errors.finish(change.map(|change| (reason, change)))
}
