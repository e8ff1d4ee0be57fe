//! Pages of the recovery codes: shown once when generated, counted afterwards.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{SecretText, Timestamp};
use mfa_flows::{AcceptedStages, FlowError, Profile};
use mfa_jwt::IssuedToken;

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{SetupStep, back_link, day, icon, moment, post_button, steps, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::SealedState;

/// Signs in with the token of a new factor and redirects to the page that shows the codes that came with it. A passkey that
/// the policy requires comes without codes if others are left.
pub(super) fn show_after_enrolment(
    request: &PageRequest,
    token: &IssuedToken,
    codes: Vec<SecretText>,
) -> PageResult {
    if codes.is_empty() {
        let response = PageResponse::redirect(request, "").sign_in(request, token);
        return Ok(response.with_flash(request, Flash::PasskeyAdded));
    }
    let response = PageResponse::redirect(request, "/codes/new").sign_in(request, token);
    let state = SealedState::Codes { of: None, with_factor: true, codes };
    Ok(response.with_sealed_state(request, &state)?)
}

/// `GET /interface/BRAND/codes/new`: shows new codes while the cookie is valid.
pub(crate) async fn show_new(request: SharedRequest) -> PageResult {
    let Some(SealedState::Codes { of: None, with_factor, codes }) = request.sealed_state() else {
        return Ok(PageResponse::redirect(&request, "/codes"));
    };
    let profile = request.profile(AcceptedStages::Access).await?;
    let page = new_page(&request, &profile, codes, *with_factor);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `GET /interface/BRAND/codes/kept`: removes new codes from the browser.
pub(crate) async fn kept(request: SharedRequest) -> PageResult {
    let user = request.query("user").and_then(|it| it.parse::<u64>().ok());
    let next = match (request.query("then"), user) {
        (Some("phone"), _) => "/phone".to_owned(),
        (_, Some(user)) => format!("/admin/users/{user}"),
        _ => String::new(),
    };
    Ok(PageResponse::redirect(&request, &next).clear_sealed_state(&request))
}

fn new_page(request: &PageRequest, profile: &Profile, codes: &[SecretText], with_factor: bool) -> Markup {
    let title = request.translate("codes-new-title");
    let is_only = profile.status.phishing_resistant_required;
    let goes_on_to_phone =
        with_factor && request.site.offers_sms() && !profile.status.phone_verified && !is_only;
    let (next, word) = if goes_on_to_phone {
        ("/codes/kept?then=phone", "codes-kept-phone")
    } else {
        ("/codes/kept", "codes-kept")
    };
    let head = request.translate_with(
        "codes-file-head",
        &[
            ("name", request.site.name().into()),
            ("email", profile.email.as_str().into()),
            ("date", day(request, request.now()).into()),
        ],
    );
    let file = format!("{}-codes.txt", request.site.name().to_lowercase().replace(' ', "-"));
    let layout = Layout::signed_in(title.clone(), profile, NavItem::Account).with(AssetFile::Clipboard);
    document(
        request,
        &layout,
        html! {
            @if with_factor && !is_only { (steps(request, profile, SetupStep::Codes)) }
            section.sheet.printed {
                @if with_factor {
                    p.banner.good role="status" { (icon("check")) span { (request.translate("codes-app-ready")) } }
                }
                h1 { (title) }
                p.lead { (request.translate(if is_only { "codes-new-lead.passkey" } else { "codes-new-lead" })) }
                p.print-only { (head) }
                ol.codes #codes data-file=(file) data-head=(head) {
                    @for code in codes { li { code { (code.expose()) } } }
                }
                div.keep hidden {
                    button.plain-button.button type="button" data-keep="copy" data-done=(request.translate("copied")) {
                        (icon("copy")) span { (request.translate("copy")) }
                    }
                    button.plain-button.button type="button" data-keep="download" data-done=(request.translate("downloaded")) {
                        (icon("download")) span { (request.translate("download")) }
                    }
                    button.plain-button.button type="button" data-keep="print" {
                        (icon("print")) span { (request.translate("print")) }
                    }
                }
                p.visually-hidden #keep-said role="status" {}
                p.hint { (request.translate("codes-new-hint")) }
                p.actions { a.button.full href=(request.url(next)) data-kept { (request.translate(word)) (icon("next")) } }
            }
        },
    )
}

/// `GET /interface/BRAND/codes`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    let (profile, listing) = request
        .run(|flows| async move {
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>((profile, flows.recovery_listing(&call).await?))
        })
        .await?;
    let title = request.translate("codes-title");
    let is_only = profile.status.phishing_resistant_required;
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Account)
            .with(AssetFile::Clock)
            .with(AssetFile::Clipboard),
        html! {
            (back_link(&request))
            section.sheet {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (request.translate_with("codes-left", &[("left", listing.left.into())])) }
                p { (request.translate(if is_only { "codes-what.passkey" } else { "codes-what" })) }
                ol.slots {
                    @for code in &listing.codes { (slot(&request, code.used_at)) }
                }
                @if let Some(at) = listing.generated_at {
                    p.hint { (request.translate("codes-made")) " " (moment(&request, at)) "." }
                }
                h2 { (request.translate("codes-renew")) }
                p { (request.translate("codes-renew.text")) }
                p.actions { a.button href=(request.url("/codes/renew")) { (request.translate("codes-renew-do")) } }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

fn slot(request: &PageRequest, used_at: Option<Timestamp>) -> Markup {
    html! {
        @match used_at {
            Some(at) => { li.used { (request.translate("codes-used")) " " (moment(request, at)) } },
            None => { li { (request.translate("codes-unused")) } },
        }
    }
}

/// `GET /interface/BRAND/codes/renew`: asks, because the old codes stop working.
pub(crate) async fn ask_renewal(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::TwoFactors).await?;
    request.require_fresh(&profile)?;
    let title = request.translate("codes-renewal");
    let form_error = request.form_error();
    let layout = Layout::signed_in(
        title_with_error(&request, title.clone(), form_error.as_ref()),
        &profile,
        NavItem::Account,
    );
    let page = document(
        &request,
        &layout.with(AssetFile::Clock),
        html! {
            (back_link(&request))
            section.sheet {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (request.translate("codes-renewal.text")) }
                @if let Some(form_error) = form_error { (form_error.shown(&request, "complaint")) }
                (post_button(&request, "/codes/new", "button full", "codes-renewal.do"))
                p.actions { a.link href=(request.url("/codes")) { (request.translate("codes-renewal.keep")) } }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/codes/new`
pub(crate) async fn renew(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::TwoFactors)?;
    let codes = match request.run(|flows| async move { flows.regenerate_recovery_codes(&call).await }).await {
        Ok(codes) => codes,
        Err(error) if belongs_on_the_form(&error) => {
            return PageResponse::refused(&request, "/codes/renew", error);
        }
        Err(error) => return Err(error.into()),
    };
    let state = SealedState::Codes { of: None, with_factor: false, codes };
    Ok(PageResponse::redirect(&request, "/codes/new").with_sealed_state(&request, &state)?)
}
