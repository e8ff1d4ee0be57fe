//! Page with the new recovery codes of a user, for the administrator who generated them.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{SecretText, UserId};
use mfa_flows::Profile;

use super::{open, user_of};
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::parts::icon;
use crate::request::PageRequest;
use crate::response::PageResponse;
use crate::sealed_state::SealedState;
use mfa_http::problem::ApiError;

/// Returns the response to the form that generated codes: a redirect, with the codes in a cookie of this session.
pub(super) fn keep_new(request: &PageRequest, codes: Vec<SecretText>) -> Result<PageResponse, ApiError> {
    let user = user_of(request)?;
    let state = SealedState::Codes { of: Some(user), with_factor: false, codes };
    let response = PageResponse::redirect(request, &format!("/admin/users/{user}/codes"));
    response.with_sealed_state(request, &state)
}

/// Returns the page with new codes while the cookie is valid.
pub(super) async fn show_new(request: &PageRequest) -> Result<Option<PageResponse>, ApiError> {
    let user = user_of(request)?;
    match request.sealed_state() {
        Some(SealedState::Codes { of: Some(of), codes, .. }) if *of == user => {
            let call = open(request)?;
            let profile = request.run(|flows| async move { flows.profile(&call).await }).await?;
            let page = codes_page(request, &profile, user, codes);
            Ok(Some(PageResponse::page(request, StatusCode::OK, page)))
        }
        _ => Ok(None),
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
