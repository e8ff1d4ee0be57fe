//! Pages of the authenticator app: enrol, replace, remove.

use actix_web::http::StatusCode;
use maud::{Markup, PreEscaped, html};
use mfa_core::SecretText;
use mfa_flows::{AcceptedStages, FlowError, Profile};
use mfa_totp::{Provisioning, SECRET_BYTES, TotpCode, import_secret, qr_svg};

use super::codes;
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{
    FormError, SetupStep, back_link, clock_error, code_field, form_error_for, icon, key_field, moment,
    post_button, steps, title_with_error,
};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::SealedState;
use mfa_http::problem::ApiError;
use mfa_http::request::{DisableCode, either_code, totp_code};

/// A TOTP secret that waits for its first code, as it is shown.
struct EnrolmentView {
    secret: SecretText,
    uri: SecretText,
    qr: SecretText,
}

/// `GET /interface/BRAND/app`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::Access).await?;
    let title = request.translate("app-title");
    let status = &profile.status;
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Account).with(AssetFile::Clock),
        html! {
            (back_link(&request))
            section.sheet {
                p.emblem aria-hidden="true" { (icon("app")) }
                h1 { (title) }
                @match status.totp_enrolled_at {
                    Some(at) => {
                        p.lead { (request.translate("app-on")) " " (moment(&request, at)) "." }
                        h2 { (request.translate("app-replace")) }
                        p { (request.translate("app-replace.text")) }
                        (post_button(&request, "/app/start", "button", "app-replace-start"))
                        h2 { (request.translate("app-remove")) }
                        p { (request.translate("app-remove.text")) }
                        p.actions { a.button.plain-button href=(request.url("/app/remove")) { (request.translate("app-remove-start")) } }
                    },
                    None => {
                        p.lead { (request.translate("app-off")) }
                        p { (request.translate("app-off.text")) }
                        (post_button(&request, "/app/start", "button full", "next-app"))
                    },
                }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/app/start`
pub(crate) async fn start(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::Any)?;
    let started = request.run(|flows| async move { flows.start_totp_enrolment(&call, None).await }).await?;
    let state = SealedState::Secret(started.provisioning.secret().clone());
    Ok(PageResponse::redirect(&request, "/app/enrol").with_sealed_state(&request, &state)?)
}

/// `GET /interface/BRAND/app/enrol`
pub(crate) async fn enrol(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::Any).await?;
    match shown(&request, &profile) {
        Some(shown) => Ok(PageResponse::page(
            &request,
            StatusCode::OK,
            enrolment_page(&request, &profile, Some(&shown), None),
        )),
        None => Ok(PageResponse::redirect(&request, "/app")),
    }
}

/// `POST /interface/BRAND/app/confirm`
pub(crate) async fn confirm(request: SharedRequest) -> PageResult {
    let confirmed = request
        .code_check(AcceptedStages::Any, totp_code, |flows, call, code| async move {
            flows.confirm_totp_enrolment(&call, code).await
        })
        .await;
    match confirmed {
        Ok(enrolled) => {
            codes::show_after_enrolment(&request, &enrolled.granted.token, enrolled.recovery_codes)
        }
        Err(ApiError::Flow(FlowError::NoEnrolmentInProgress)) => {
            let profile = request.profile(AcceptedStages::Any).await?;
            Ok(PageResponse::with_form_error(
                &request,
                ApiError::Flow(FlowError::NoEnrolmentInProgress),
                |request, error| over_page(request, &profile, &form_error_for(request, error)),
            ))
        }
        Err(error) if belongs_on_the_form(&error) => {
            let drift = drift(&request, &error).await?;
            let profile = request.profile(AcceptedStages::Any).await?;
            let shown = shown(&request, &profile);
            Ok(PageResponse::with_form_error(&request, error, |request, error| {
                let form_error =
                    drift.map_or_else(|| form_error_for(request, error), |it| clock_error(request, it));
                enrolment_page(request, &profile, shown.as_ref(), Some(&form_error))
            }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns by how many seconds the phone's clock is off, after a wrong code.
async fn drift(request: &PageRequest, error: &ApiError) -> Result<Option<i64>, ApiError> {
    let typed = request.form_value("code").and_then(|it| TotpCode::parse(it).ok());
    let (ApiError::Flow(FlowError::InvalidCode), Some(code)) = (error, typed) else { return Ok(None) };
    let call = request.open(AcceptedStages::Any)?;
    let drift =
        request.run(|flows| async move { flows.explain_refused_enrolment(&call, code).await }).await?;
    Ok(drift.map(mfa_totp::ClockDrift::seconds))
}

/// Renders the secret in the browser's cookie, which belongs to the session that started the enrolment. The
/// secret in the
/// account is never shown again, so that nobody else can copy it meanwhile.
fn shown(request: &PageRequest, profile: &Profile) -> Option<EnrolmentView> {
    let Some(SealedState::Secret(secret)) = request.sealed_state() else { return None };
    let secret = import_secret(secret.expose()).ok().filter(|it| it.len() == SECRET_BYTES)?;
    let issuer = &request.flows().policy().issuer;
    let label = Provisioning::new(issuer, &profile.email, &secret);
    let shown =
        label.or_else(|_| Provisioning::new(issuer, &profile.status.user.to_string(), &secret)).ok()?;
    let qr = qr_svg(shown.uri()).ok()?;
    Some(EnrolmentView { secret: shown.secret().clone(), uri: shown.uri().clone(), qr })
}

fn enrolment_page(
    request: &PageRequest,
    profile: &Profile,
    shown: Option<&EnrolmentView>,
    form_error: Option<&FormError>,
) -> Markup {
    let title = request.translate("enrol-title");
    let layout =
        Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account);
    document(
        request,
        &layout.with(AssetFile::Codes).with(AssetFile::Clipboard).with(AssetFile::Clock),
        html! {
            (back_link(request))
            (steps(request, SetupStep::App))
            section.sheet {
                h1 { (title) }
                @if let Some(shown) = shown {
                    ol.enrol {
                        li {
                            h2 { (request.translate("enrol-scan")) }
                            p { (request.translate("enrol-scan.text")) }
                            div.qr role="img" aria-label=(request.translate("enrol-qr")) { (PreEscaped(shown.qr.expose())) }
                            p.same-phone {
                                a.button.plain-button href=(shown.uri.expose()) { (icon("app")) (request.translate("enrol-open")) }
                            }
                            details.by-hand {
                                summary { (request.translate("enrol-by-hand")) }
                                p { (request.translate("enrol-by-hand.text")) }
                                p.secret {
                                    code #secret { (in_fours(shown.secret.expose())) }
                                    button.link type="button" hidden data-copy="secret" data-done=(request.translate("copied")) {
                                        (request.translate("copy"))
                                    }
                                }
                            }
                        }
                        li {
                            h2 { (request.translate("enrol-code")) }
                            (confirm_form(request, form_error))
                        }
                    }
                } @else {
                    (confirm_form(request, form_error))
                    (post_button(request, "/app/start", "link", "enrol-anew"))
                }
            }
        },
    )
}

fn confirm_form(request: &PageRequest, form_error: Option<&FormError>) -> Markup {
    html! {
        form.stack method="post" action=(request.url("/app/confirm")) {
            (key_field(request))
            (code_field(request, "code-hint-app", form_error))
            button.button.full type="submit" { (request.translate("enrol-confirm")) }
        }
    }
}

fn over_page(request: &PageRequest, profile: &Profile, form_error: &FormError) -> Markup {
    let title = request.translate("enrol-title");
    document(
        request,
        &Layout::signed_in(
            title_with_error(request, title.clone(), Some(form_error)),
            profile,
            NavItem::Account,
        ),
        html! {
            (back_link(request))
            section.sheet {
                h1 { (title) }
                (form_error.shown(request, "complaint"))
                (post_button(request, "/app/start", "button full", "enrol-anew"))
            }
        },
    )
}

/// `GET /interface/BRAND/app/remove`
pub(crate) async fn ask_removal(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::TwoFactors).await?;
    let page = removal_page(&request, &profile, None);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/app/remove`
pub(crate) async fn remove(request: SharedRequest) -> PageResult {
    let removed = request
        .code_check(AcceptedStages::TwoFactors, either_code, |flows, call, code| async move {
            match code {
                DisableCode::Totp(code) => flows.disable_totp(&call, code).await,
                DisableCode::Recovery(typed) => flows.disable_totp_by_recovery(&call, typed).await,
            }
        })
        .await;
    match removed {
        Ok(()) => Ok(PageResponse::redirect(&request, "").with_flash(&request, Flash::AppRemoved)),
        Err(error) if belongs_on_the_form(&error) => {
            let profile = request.profile(AcceptedStages::TwoFactors).await?;
            Ok(PageResponse::with_form_error(&request, error, |request, error| {
                removal_page(request, &profile, Some(&form_error_for(request, error)))
            }))
        }
        Err(error) => Err(error.into()),
    }
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

/// Formats the secret in groups of four characters.
fn in_fours(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|it| it.iter().collect()).collect();
    groups.join(" ")
}
