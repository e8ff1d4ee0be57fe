//! The recovery codes: shown when they are new, counted after.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{SecretText, Timestamp};
use mfa_flows::{AcceptedStages, FlowError, Profile};

use super::app::{back, profile};
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::page_request::PageRequest;
use crate::parts::{SetupStep, icon, moment, post_button, steps};
use crate::sealed_state::SealedState;
use crate::{PageResult, SharedPageRequest, response};

/// Leads to the page that shows the set that came with a new factor.
pub(super) fn hand_on(visit: &PageRequest, codes: Vec<SecretText>) -> PageResult {
    visit.store_state(&SealedState::Codes { of: None, with_factor: true, codes })?;
    Ok(response::go(visit, "/codes/new"))
}

/// `GET /interface/BRAND/codes/new`: a new set, for as long as the browser carries it.
pub(crate) async fn show_new(visit: SharedPageRequest) -> PageResult {
    let Some(SealedState::Codes { of: None, with_factor, codes }) = visit.carried() else {
        return Ok(response::go(&visit, "/codes"));
    };
    let profile = profile(&visit, AcceptedStages::Access).await?;
    let page = new_page(&visit, &profile, codes, *with_factor);
    Ok(response::page(&visit, StatusCode::OK, page))
}

/// `GET /interface/BRAND/codes/kept`: the browser need not carry them any more.
pub(crate) async fn kept(visit: SharedPageRequest) -> PageResult {
    visit.clear_state();
    let user = visit.query("user").and_then(|it| it.parse::<u64>().ok());
    let next = match (visit.query("then"), user) {
        (Some("phone"), _) => "/phone".to_owned(),
        (_, Some(user)) => format!("/admin/users/{user}"),
        _ => String::new(),
    };
    Ok(response::go(&visit, &next))
}

fn new_page(visit: &PageRequest, profile: &Profile, codes: &[SecretText], with_factor: bool) -> Markup {
    let title = visit.translate("codes-new-title");
    let goes_on_to_phone = with_factor && visit.site.offers_sms() && !profile.status.phone_verified;
    let (next, word) = if goes_on_to_phone {
        ("/codes/kept?then=phone", "codes-kept-phone")
    } else {
        ("/codes/kept", "codes-kept")
    };
    let file = format!("{}-codes.txt", visit.site.name().to_lowercase().replace(' ', "-"));
    let frame = Layout::signed_in(title.clone(), profile, NavItem::Account).with(AssetFile::Clipboard);
    document(
        visit,
        &frame,
        html! {
            @if with_factor { (steps(visit, SetupStep::Codes)) }
            section.sheet.printed {
                @if with_factor {
                    p.banner.good role="status" { (icon("check")) span { (visit.translate("codes-app-ready")) } }
                }
                h1 { (title) }
                p.lead { (visit.translate("codes-new-lead")) }
                ol.codes #codes data-file=(file) data-head=(visit.translate_with(
                    "codes-file-head", &[("name", visit.site.name().into()), ("email", profile.email.as_str().into())]
                )) {
                    @for code in codes { li { code { (code.expose()) } } }
                }
                div.keep hidden {
                    button.plain-button.button type="button" data-keep="copy" data-done=(visit.translate("copied")) {
                        (icon("copy")) span { (visit.translate("copy")) }
                    }
                    button.plain-button.button type="button" data-keep="download" data-done=(visit.translate("downloaded")) {
                        (icon("download")) span { (visit.translate("download")) }
                    }
                    button.plain-button.button type="button" data-keep="print" {
                        (icon("print")) span { (visit.translate("print")) }
                    }
                }
                p.visually-hidden #keep-said role="status" {}
                p.hint { (visit.translate("codes-new-hint")) }
                p.actions { a.button.full href=(visit.to(next)) { (visit.translate(word)) (icon("next")) } }
            }
        },
    )
}

/// `GET /interface/BRAND/codes`
pub(crate) async fn show(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::TwoFactors)?;
    let (profile, listing) = visit
        .run(|flows| async move {
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>((profile, flows.recovery_listing(&call).await?))
        })
        .await?;
    let title = visit.translate("codes-title");
    let page = document(
        &visit,
        &Layout::signed_in(title.clone(), &profile, NavItem::Account)
            .with(AssetFile::Clock)
            .with(AssetFile::Clipboard),
        html! {
            (back(&visit))
            section.sheet {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (visit.translate_with("codes-left", &[("left", listing.left.into())])) }
                p { (visit.translate("codes-what")) }
                ol.slots {
                    @for code in &listing.codes { (slot(&visit, code.used_at)) }
                }
                @if let Some(at) = listing.generated_at {
                    p.hint { (visit.translate("codes-made")) " " (moment(&visit, at)) "." }
                }
                h2 { (visit.translate("codes-renew")) }
                p { (visit.translate("codes-renew.text")) }
                (post_button(&visit, "/codes/new", "button", "codes-renew-do"))
            }
        },
    );
    Ok(response::page(&visit, StatusCode::OK, page))
}

fn slot(visit: &PageRequest, used_at: Option<Timestamp>) -> Markup {
    html! {
        @match used_at {
            Some(at) => { li.used { (visit.translate("codes-used")) " " (moment(visit, at)) } },
            None => { li { (visit.translate("codes-unused")) } },
        }
    }
}

/// `POST /interface/BRAND/codes/new`
pub(crate) async fn renew(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::TwoFactors)?;
    let codes = visit.run(|flows| async move { flows.regenerate_recovery_codes(&call).await }).await?;
    visit.store_state(&SealedState::Codes { of: None, with_factor: false, codes })?;
    Ok(response::go(&visit, "/codes/new"))
}
