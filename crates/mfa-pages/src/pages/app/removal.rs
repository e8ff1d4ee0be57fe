//! Page that removes the authenticator app.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::FactorKind;
use mfa_flows::{AcceptedStages, Profile};
use mfa_http::problem::ApiError;
use mfa_http::request::{DisableCode, Field, UnparsedBody, either_code};
use serde::Deserialize;

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::pages::authenticators::last_factor_warning;
use crate::parts::{FormError, back_link, key_field, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};

/// `GET /interface/BRAND/app/remove`
pub(crate) async fn ask_removal(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::TwoFactors).await?;
    let page = removal_page(&request, &profile, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/app/remove`
pub(crate) async fn remove(request: SharedRequest) -> PageResult {
    let removed = request
        .rate_limited(AcceptedStages::TwoFactors, removal_code, |flows, call, code| async move {
            match code {
                DisableCode::Totp(code) => flows.disable_totp(&call, code, None).await,
                DisableCode::Recovery(typed) => flows.disable_totp_by_recovery(&call, typed, None).await,
            }
        })
        .await;
    match removed {
        Ok(_) => Ok(PageResponse::redirect(&request, "").with_flash(&request, Flash::AppRemoved)),
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, "/app/remove", error),
        Err(error) => Err(error.into()),
    }
}

/// Form with a code of the app, or a recovery code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemovalForm {
    code: Field,
}

fn removal_code(body: &UnparsedBody) -> Result<DisableCode, ApiError> {
    let (form, mut errors) = body.parse::<RemovalForm>()?;
    let code = form.code.text(&mut errors, either_code);
    errors.finish(code)
}

fn removal_page(request: &PageRequest, profile: &Profile, form_error: Option<&FormError>) -> Markup {
    let title = request.translate("removal-title");
    let described = if form_error.is_some() { "code-complaint code-hint" } else { "code-hint" };
    document(
        request,
        &Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account)
            .with(AssetFile::Clock),
        html! {
            (back_link(request))
            section.sheet {
                h1 { (title) }
                p.lead { (request.translate("removal-lead")) }
                (last_factor_warning(request, profile, FactorKind::Totp))
                form.stack method="post" action=(request.url("/app/remove")) {
                    (key_field(request))
                    div.field {
                        label for="code" { (request.translate("removal-code")) }
                        @if let Some(form_error) = form_error { (form_error.shown(request, "code-complaint")) }
                        input.recovery #code name="code" type="text" autocomplete="one-time-code" required autofocus
                            maxlength="64" spellcheck="false" autocapitalize="none" aria-describedby=(described)
                            aria-invalid=[form_error.is_some().then_some("true")];
                        p.hint #code-hint { (request.translate("removal-hint")) }
                    }
                    button.button.danger.full type="submit" { (request.translate("removal-do")) }
                }
            }
        },
    )
}
