//! The first page: the login, or the account of who is in already.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::Stage;
use mfa_flows::{AcceptedStages, LoginOutcome};

use crate::interface::assets::File;
use crate::interface::layout::{Frame, document};
use crate::interface::parts::{Complaint, complaint_of, icon, key_field};
use crate::interface::site::FirstFactor;
use crate::interface::visit::Visit;
use crate::interface::{Guest, Outcome, answer, error};
use crate::problem::ApiError;
use crate::routes::first_factor;

/// `GET /interface/BRAND`
pub(in crate::interface) async fn show(visit: Guest) -> Outcome {
    if !visit.has_session() {
        return Ok(answer::page(&visit, StatusCode::OK, login_page(&visit, None)));
    }
    let call = visit.open(AcceptedStages::Any)?;
    if call.token.stage != Stage::Pending {
        return super::home::show(visit, call).await;
    }
    let profile = visit.run(|flows| async move { flows.profile(&call).await }).await?;
    Ok(answer::go(&visit, if profile.has_factor { "/verify" } else { "/start" }))
}

/// `POST /interface/BRAND/login`
pub(in crate::interface) async fn login(visit: Guest) -> Outcome {
    if *visit.site.login() != FirstFactor::Here {
        return Err(ApiError::NotFound.into());
    }
    let (caller, body) = (visit.caller().clone(), visit.form().clone());
    let login = visit.run(|flows| first_factor(flows, caller, body)).await;
    match login {
        Ok(LoginOutcome::SecondFactorOwed { token, enrolment_required }) => {
            visit.rename_browser()?;
            visit.import_legacy(&token);
            Ok(answer::go(&visit, if enrolment_required { "/start" } else { "/verify" }))
        }
        Ok(LoginOutcome::Complete { token }) => {
            visit.rename_browser()?;
            visit.import_legacy(&token);
            Ok(answer::go(&visit, ""))
        }
        Err(fault) if error::belongs_on_the_form(&fault) => {
            Ok(error::refused(&visit, fault, |visit, fault| {
                login_page(visit, Some(&complaint_of(visit, fault)))
            }))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn login_page(visit: &Visit, complaint: Option<&Complaint>) -> Markup {
    let title = visit.say("door-title");
    let frame = Frame::door(marked(visit, title.clone(), complaint)).with(File::Codes).with(File::Clock);
    document(
        visit,
        &frame,
        html! {
            div.welcome {
                section.sheet {
                    h1 { (title) }
                    @match visit.site.login() {
                        FirstFactor::Here => (login_form(visit, complaint)),
                        FirstFactor::At(url) => {
                            p.lead { (visit.say("door-elsewhere")) }
                            p.actions { a.button href=(url.as_str()) { (visit.say("door-go")) (icon("next")) } }
                        }
                        FirstFactor::Elsewhere => {
                            p.lead { (visit.say("door-nowhere")) }
                            p.hint { (visit.say("door-nowhere.hint")) }
                        }
                    }
                }
                (promise(visit))
            }
        },
    )
}

fn login_form(visit: &Visit, complaint: Option<&Complaint>) -> Markup {
    let wrong = complaint.is_some().then_some("true");
    let described = complaint.is_some().then_some("complaint");
    html! {
        p.lead { (visit.say("door-lead")) }
        form.stack method="post" action=(visit.to("/login")) {
            (key_field(visit))
            @if let Some(complaint) = complaint { (complaint.shown(visit, "complaint")) }
            div.field {
                label for="username" { (visit.say("door-user")) }
                input #username name="username" type="text" autocomplete="username" required maxlength="254"
                    autocapitalize="none" spellcheck="false" autofocus[visit.typed("username").is_none()]
                    value=[visit.typed("username")] aria-invalid=[wrong] aria-describedby=[described]
                    data-missing=(visit.say("field-missing"));
            }
            div.field {
                label for="password" { (visit.say("door-password")) }
                input #password name="password" type="password" autocomplete="current-password" required
                    maxlength="1024" autofocus[visit.typed("username").is_some()] aria-invalid=[wrong]
                    aria-describedby=[described] data-missing=(visit.say("field-missing"));
            }
            button.button.full type="submit" { (visit.say("door-enter")) (icon("next")) }
        }
    }
}

/// Why one would want to come in.
fn promise(visit: &Visit) -> Markup {
    html! {
        section.promise aria-label=(visit.say("promise")) {
            p.promise-line { (visit.say("promise-line")) }
            ul {
                li { (icon("app")) span { (visit.say("promise-app")) } }
                li { (icon("key")) span { (visit.say("promise-codes")) } }
                li { (icon("message")) span { (visit.say("promise-phone")) } }
            }
        }
    }
}

/// The title of a page whose form was refused says so first.
pub(in crate::interface) fn marked(visit: &Visit, title: String, complaint: Option<&Complaint>) -> String {
    if complaint.is_some() { visit.say_with("title-error", &[("title", title.into())]) } else { title }
}
