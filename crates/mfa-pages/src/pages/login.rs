//! First page: the login form, or the account of a signed-in user.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::Stage;
use mfa_flows::{AcceptedStages, LoginOutcome};
use mfa_jwt::IssuedToken;

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::layout::{Layout, document};
use crate::parts::{FormError, icon, key_field, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::site_config::LoginPage;
use mfa_http::first_factor;
use mfa_http::problem::ApiError;

/// `GET /interface/BRAND`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    if !request.has_session() {
        let page = login_page(&request, request.form_error().as_ref());
        return Ok(PageResponse::page(&request, StatusCode::OK, page));
    }
    let call = request.open(AcceptedStages::Any)?;
    match call.token.stage {
        Stage::Pending | Stage::Enrolment => {}
        Stage::OneFactor | Stage::TwoFactors(_) => {
            if let Some(page) = request.return_to() {
                return Ok(PageResponse::redirect(&request, &page.path()).clear_return_to(&request));
            }
            return super::home::show(request, call).await;
        }
    }
    let stage = call.token.stage;
    let profile = request.run(|flows| async move { flows.profile(&call).await }).await?;
    let next = match stage {
        // The policy requires a passkey; an access pass enrols any factor.
        Stage::Enrolment if !profile.enrols_by_pass => "/passkey",
        _ if profile.has_factor => "/verify",
        _ => "/start",
    };
    Ok(PageResponse::redirect(&request, next))
}

/// `POST /interface/BRAND/login`
pub(crate) async fn login(request: SharedRequest) -> PageResult {
    if *request.site.login() != LoginPage::BuiltIn {
        return Err(ApiError::NotFound.into());
    }
    let (caller, body) = (request.context().clone(), request.form().clone());
    let login = request.run(|flows| first_factor(flows, caller, body)).await;
    match login {
        Ok(LoginOutcome::SecondFactorRequired { token, enrolment_required }) => {
            signed_in(&request, &token, if enrolment_required { "/start" } else { "/verify" })
        }
        Ok(LoginOutcome::Complete { token }) => signed_in(&request, &token, ""),
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, "", error),
        Err(error) => Err(error.into()),
    }
}

fn signed_in(request: &PageRequest, token: &IssuedToken, next: &str) -> PageResult {
    let response = PageResponse::redirect(request, next).renew_browser_id(request)?;
    Ok(response.sign_in(request, token))
}

fn login_page(request: &PageRequest, form_error: Option<&FormError>) -> Markup {
    let title = request.translate("login-title");
    let layout = Layout::signed_out(title_with_error(request, title.clone(), form_error))
        .with(AssetFile::Codes)
        .with(AssetFile::Clock);
    document(
        request,
        &layout,
        html! {
            div.welcome {
                section.sheet {
                    h1 { (title) }
                    @match request.site.login() {
                        LoginPage::BuiltIn => (login_form(request, form_error)),
                        LoginPage::External(url) => {
                            p.lead { (request.translate("login-elsewhere")) }
                            p.actions { a.button href=(url.as_str()) { (request.translate("login-go")) (icon("next")) } }
                        }
                        LoginPage::Unknown => {
                            p.lead { (request.translate("login-nowhere")) }
                            p.hint { (request.translate("login-nowhere.hint")) }
                        }
                    }
                }
                (benefits(request))
            }
        },
    )
}

fn login_form(request: &PageRequest, form_error: Option<&FormError>) -> Markup {
    let wrong = form_error.is_some().then_some("true");
    let described = form_error.is_some().then_some("complaint");
    html! {
        p.lead { (request.translate("login-lead")) }
        form.stack method="post" action=(request.url("/login")) {
            (key_field(request))
            @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
            div.field {
                label for="username" { (request.translate("login-user")) }
                input #username name="username" type="text" autocomplete="username" required maxlength="254"
                    autocapitalize="none" spellcheck="false" autofocus[request.form_value("username").is_none()]
                    value=[request.form_value("username")] aria-invalid=[wrong] aria-describedby=[described]
                    data-missing=(request.translate("field-missing"));
            }
            div.field {
                label for="password" { (request.translate("login-password")) }
                input #password name="password" type="password" autocomplete="current-password" required
                    maxlength="1024" autofocus[request.form_value("username").is_some()] aria-invalid=[wrong]
                    aria-describedby=[described] data-missing=(request.translate("field-missing"));
            }
            button.button.full type="submit" { (request.translate("login-enter")) (icon("next")) }
        }
    }
}

/// Renders the introduction beside the login form.
fn benefits(request: &PageRequest) -> Markup {
    html! {
        section.benefits aria-label=(request.translate("benefits")) {
            p.benefits-line { (request.translate("benefits-line")) }
            ul {
                @if request.site.offers_passkeys() {
                    li { (icon("passkey")) span { (request.translate("benefits-passkey")) } }
                }
                li { (icon("app")) span { (request.translate("benefits-app")) } }
                li { (icon("key")) span { (request.translate("benefits-codes")) } }
                li { (icon("message")) span { (request.translate("benefits-phone")) } }
            }
        }
    }
}
