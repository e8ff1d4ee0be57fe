//! The first page: the login, or the account of who is in already.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::Stage;
use mfa_flows::{AcceptedStages, LoginOutcome};

use crate::assets::AssetFile;
use crate::layout::{Layout, document};
use crate::page_request::PageRequest;
use crate::parts::{FormError, complaint_of, icon, key_field};
use crate::site_config::LoginPage;
use crate::{PageResult, SharedPageRequest, error, response};
use mfa_http::first_factor;
use mfa_http::problem::ApiError;

/// `GET /interface/BRAND`
pub(crate) async fn show(visit: SharedPageRequest) -> PageResult {
    if !visit.has_session() {
        return Ok(response::page(&visit, StatusCode::OK, login_page(&visit, None)));
    }
    let call = visit.open(AcceptedStages::Any)?;
    if call.token.stage != Stage::Pending {
        return super::home::show(visit, call).await;
    }
    let profile = visit.run(|flows| async move { flows.profile(&call).await }).await?;
    Ok(response::go(&visit, if profile.has_factor { "/verify" } else { "/start" }))
}

/// `POST /interface/BRAND/login`
pub(crate) async fn login(visit: SharedPageRequest) -> PageResult {
    if *visit.site.login() != LoginPage::BuiltIn {
        return Err(ApiError::NotFound.into());
    }
    let (caller, body) = (visit.caller().clone(), visit.form().clone());
    let login = visit.run(|flows| first_factor(flows, caller, body)).await;
    match login {
        Ok(LoginOutcome::SecondFactorOwed { token, enrolment_required }) => {
            visit.rename_browser()?;
            visit.sign_in(&token);
            Ok(response::go(&visit, if enrolment_required { "/start" } else { "/verify" }))
        }
        Ok(LoginOutcome::Complete { token }) => {
            visit.rename_browser()?;
            visit.sign_in(&token);
            Ok(response::go(&visit, ""))
        }
        Err(fault) if error::belongs_on_the_form(&fault) => {
            Ok(error::refused(&visit, fault, |visit, fault| {
                login_page(visit, Some(&complaint_of(visit, fault)))
            }))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn login_page(visit: &PageRequest, complaint: Option<&FormError>) -> Markup {
    let title = visit.translate("door-title");
    let frame = Layout::signed_out(marked(visit, title.clone(), complaint))
        .with(AssetFile::Codes)
        .with(AssetFile::Clock);
    document(
        visit,
        &frame,
        html! {
            div.welcome {
                section.sheet {
                    h1 { (title) }
                    @match visit.site.login() {
                        LoginPage::BuiltIn => (login_form(visit, complaint)),
                        LoginPage::External(url) => {
                            p.lead { (visit.translate("door-elsewhere")) }
                            p.actions { a.button href=(url.as_str()) { (visit.translate("door-go")) (icon("next")) } }
                        }
                        LoginPage::Unknown => {
                            p.lead { (visit.translate("door-nowhere")) }
                            p.hint { (visit.translate("door-nowhere.hint")) }
                        }
                    }
                }
                (promise(visit))
            }
        },
    )
}

fn login_form(visit: &PageRequest, complaint: Option<&FormError>) -> Markup {
    let wrong = complaint.is_some().then_some("true");
    let described = complaint.is_some().then_some("complaint");
    html! {
        p.lead { (visit.translate("door-lead")) }
        form.stack method="post" action=(visit.to("/login")) {
            (key_field(visit))
            @if let Some(complaint) = complaint { (complaint.shown(visit, "complaint")) }
            div.field {
                label for="username" { (visit.translate("door-user")) }
                input #username name="username" type="text" autocomplete="username" required maxlength="254"
                    autocapitalize="none" spellcheck="false" autofocus[visit.typed("username").is_none()]
                    value=[visit.typed("username")] aria-invalid=[wrong] aria-describedby=[described]
                    data-missing=(visit.translate("field-missing"));
            }
            div.field {
                label for="password" { (visit.translate("door-password")) }
                input #password name="password" type="password" autocomplete="current-password" required
                    maxlength="1024" autofocus[visit.typed("username").is_some()] aria-invalid=[wrong]
                    aria-describedby=[described] data-missing=(visit.translate("field-missing"));
            }
            button.button.full type="submit" { (visit.translate("door-enter")) (icon("next")) }
        }
    }
}

/// Why one would want to come in.
fn promise(visit: &PageRequest) -> Markup {
    html! {
        section.promise aria-label=(visit.translate("promise")) {
            p.promise-line { (visit.translate("promise-line")) }
            ul {
                li { (icon("app")) span { (visit.translate("promise-app")) } }
                li { (icon("key")) span { (visit.translate("promise-codes")) } }
                li { (icon("message")) span { (visit.translate("promise-phone")) } }
            }
        }
    }
}

/// The title of a page whose form was refused says so first.
pub(crate) fn marked(visit: &PageRequest, title: String, complaint: Option<&FormError>) -> String {
    if complaint.is_some() { visit.translate_with("title-error", &[("title", title.into())]) } else { title }
}
