//! Account page: level of protection and next steps.

mod protection;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{FactorKind, Stage};
use mfa_flows::{Call, FlowError, Profile};

use self::protection::{Protection, ProtectionLevel};
use super::{activity, authenticators};
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{PasskeyCall, icon, lock_notice, moment, passkey_form, post_button};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::SealedState;

/// The number of events on the page.
const EVENTS: u32 = 3;

/// `GET /interface/BRAND` for a signed-in user.
pub(super) async fn show(request: SharedRequest, call: Call) -> PageResult {
    let token = call.clone();
    let has_sessions = matches!(call.token.stage, Stage::TwoFactors(_));
    let (profile, list) = request
        .run(|flows| async move {
            Ok::<_, FlowError>((flows.profile(&token).await?, flows.authenticators(&token).await?))
        })
        .await?;
    let list = authenticators::number_apps(&request, list);
    let events = activity::newest(&request, call, EVENTS).await?;
    let has_passkey = list.iter().any(|it| it.kind == FactorKind::Passkey);
    // Only offered: what a login of the user accepts.
    let is_only = profile.status.phishing_resistant_required;
    let protection = Protection::new(&profile, has_passkey, request.site.offers_sms() && !is_only);
    let title = request.translate("home-title");
    let layout = Layout::signed_in(title.clone(), &profile, NavItem::Account)
        .with(AssetFile::Clock)
        .with(AssetFile::Passkey);
    let page = document(
        &request,
        &layout,
        html! {
            h1.visually-hidden { (title) }
            (lock_notice(&request, &profile))
            (unsaved_codes(&request))
            // A locked account needs an action: a full protection does not say the contrary.
            @if !profile.status.locked || protection.level() != ProtectionLevel::Full {
                (hero(&request, &profile, protection))
            }
            (authenticators::section(&request, &profile, &list))
            section.cards aria-label=(request.translate("home-parts")) {
                @if profile.status.totp_enabled || !is_only { (app_card(&request, &profile)) }
                (codes_card(&request, &profile, protection))
                @if protection.offers_sms || protection.phone {
                    (phone_card(&request, &profile))
                    @if !is_only { (backup_card(&request, protection)) }
                }
            }
            section.sheet.recent {
                div.sheet-head {
                    h2 { (request.translate("home-recent")) }
                    a.link href=(request.url("/activity")) { (request.translate("home-all")) }
                }
                (activity::list(&request, &events))
                @if has_sessions { p { a.link href=(request.url("/sessions")) { (request.translate("sessions-link")) } } }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Reminds of new codes that were shown, and never confirmed to be saved.
fn unsaved_codes(request: &PageRequest) -> Markup {
    let is_unsaved = matches!(request.sealed_state(), Some(SealedState::Codes { of: None, .. }));
    html! {
        @if is_unsaved {
            p.banner.warn {
                (icon("alert"))
                span {
                    (request.translate("codes-unsaved")) " "
                    a href=(request.url("/codes/new")) { (request.translate("codes-unsaved.show")) }
                }
            }
        }
    }
}

fn hero(request: &PageRequest, profile: &Profile, protection: Protection) -> Markup {
    let (there, all) = protection.parts();
    let (class, name) = match protection.level() {
        ProtectionLevel::Open => ("level-open", "level-open"),
        ProtectionLevel::Half => ("level-half", "level-half"),
        ProtectionLevel::PasskeyMissing => ("level-half", "level-passkey"),
        ProtectionLevel::Full => ("level-full", "level-full"),
    };
    let text = match protection.level() {
        ProtectionLevel::Full if protection.passkey_only => "level-full.passkey".to_owned(),
        ProtectionLevel::Half if protection.codes => "level-half.sms".to_owned(),
        ProtectionLevel::Half if protection.app => "level-half.codes".to_owned(),
        _ => format!("{name}.text"),
    };
    html! {
        section.hero.(class) {
            (ring(there, all))
            div.hero-words {
                p.hero-count {
                    (request.translate_with("home-count", &[("there", there.into()), ("all", all.into())]))
                }
                h2 { (request.translate(name)) }
                p { (request.translate(&text)) }
                (next_step(request, profile, protection))
            }
            @if let Some(at) = profile.status.last_success_at {
                p.hero-last {
                    (request.translate("home-last")) " " (moment(request, at))
                    @if let Some(method) = profile.status.last_method { " · " (request.translate(method_name(method))) }
                }
            }
        }
    }
}

/// Returns the message key of a factor's name.
pub(super) const fn method_name(method: FactorKind) -> &'static str {
    match method {
        FactorKind::Totp => "way-totp",
        FactorKind::Sms => "way-sms",
        FactorKind::Recovery => "way-recovery",
        FactorKind::Passkey => "way-passkey",
    }
}

/// Renders a ring with one segment per part.
fn ring(there: usize, all: usize) -> Markup {
    let part = 100_usize.checked_div(all).unwrap_or(100);
    let gap = 7_usize;
    html! {
        svg.ring viewBox="0 0 120 120" width="120" height="120" aria-hidden="true" {
            @for place in 0..all {
                circle.ring-part.there[place < there] cx="60" cy="60" r="50" fill="none" pathLength="100"
                    stroke-dasharray=(format!("{} 100", part.saturating_sub(gap)))
                    stroke-dashoffset=(format!("-{}", place.saturating_mul(part).saturating_add(3)))
                    transform="rotate(-90 60 60)" {}
            }
            g.ring-sign transform="translate(38 37) scale(1.85)" {
                path d="M12 2.5l8 3v5.600c0 4.900-3.200 8.500-8 10.400-4.800-1.900-8-5.500-8-10.400V5.500z" {}
                @if there == all { path.ring-tick d="M8.400 11.900l2.600 2.600 4.700-5.100" fill="none" {} }
            }
        }
    }
}

fn next_step(request: &PageRequest, profile: &Profile, protection: Protection) -> Markup {
    let link = |path: &str, name: &str| {
        html! { a.button href=(request.url(path)) { (request.translate(name)) (icon("next")) } }
    };
    let is_only = profile.status.phishing_resistant_required;
    html! {
        div.actions {
            @if !protection.app {
                @if request.site.offers_passkeys() {
                    p { (request.translate("passkey-what")) }
                    (passkey_form(request, PasskeyCall::Create, is_only, &html! {}))
                } @else if is_only {
                    p { (request.translate("passkey-off")) }
                }
                @if !is_only { (post_button(request, "/app/start", "button", "next-app")) }
            } @else if is_only {
            } @else if !protection.codes {
                @if profile.has_factor { (link("/codes/renew", "next-codes")) }
            }
        }
    }
}

fn card(request: &PageRequest, sign: &str, name: &str, state: CardState, body: &Markup) -> Markup {
    let (class, word) = match state {
        CardState::Good => ("good", "state-on"),
        CardState::Low => ("low", "state-low"),
        CardState::Off => ("off", "state-off"),
        CardState::Optional => ("off", "state-optional"),
    };
    html! {
        article.card.(class) {
            div.card-sign { (icon(sign)) }
            div.card-body {
                h3 { (request.translate(name)) }
                p.state { (request.translate(word)) }
                (body)
            }
        }
    }
}

#[derive(Clone, Copy)]
enum CardState {
    Good,
    Low,
    Off,
    /// Not there, and not part of a full protection.
    Optional,
}

fn app_card(request: &PageRequest, profile: &Profile) -> Markup {
    let status = &profile.status;
    let state = if status.totp_enabled { CardState::Good } else { CardState::Off };
    card(
        request,
        "app",
        "card-app",
        state,
        &html! {
            @if let Some(at) = status.totp_enrolled_at {
                p { (request.translate("card-app-since")) " " (moment(request, at)) }
            } @else {
                p { (request.translate("card-app-none")) }
            }
            a.card-link href=(request.url("/app")) aria-label=(request.translate("card-app-manage")) { (request.translate("manage")) }
        },
    )
}

fn codes_card(request: &PageRequest, profile: &Profile, protection: Protection) -> Markup {
    let left = profile.status.recovery_codes_left;
    let is_only = protection.passkey_only;
    let state = match (profile.has_factor, protection.codes) {
        (true, true) => CardState::Good,
        // New codes would not be accepted either.
        (true, false) if !is_only => CardState::Low,
        _ => CardState::Off,
    };
    card(
        request,
        "key",
        "card-codes",
        state,
        &html! {
            @if profile.has_factor {
                p { (request.translate_with("card-codes-left", &[("left", left.into())])) }
                @if is_only { p { (request.translate("codes-what.passkey")) } }
                a.card-link href=(request.url("/codes")) aria-label=(request.translate("card-codes-manage")) { (request.translate("manage")) }
            } @else {
                p { (request.translate("card-codes-none")) }
            }
        },
    )
}

fn phone_card(request: &PageRequest, profile: &Profile) -> Markup {
    let status = &profile.status;
    let state = if status.phone_verified { CardState::Good } else { CardState::Optional };
    card(
        request,
        "message",
        "card-phone",
        state,
        &html! {
            @match &status.phone {
                Some(phone) => { p { span.number { (phone) } } },
                None => { p { (request.translate("card-phone-none")) } },
            }
            a.card-link href=(request.url("/phone")) aria-label=(request.translate("card-phone-manage")) { (request.translate("manage")) }
        },
    )
}

fn backup_card(request: &PageRequest, protection: Protection) -> Markup {
    let state = if protection.backup { CardState::Good } else { CardState::Optional };
    card(
        request,
        "backup",
        "card-backup",
        state,
        &html! {
            p { (request.translate(if protection.backup { "card-backup-sms" } else { "card-backup-none" })) }
            @if protection.phone {
                a.card-link href=(request.url("/backup")) aria-label=(request.translate("card-backup-manage")) { (request.translate("manage")) }
            }
        },
    )
}
