//! The authenticator app: scanned, confirmed, replaced, taken off.

use actix_web::http::StatusCode;
use maud::{Markup, PreEscaped, html};
use mfa_core::SecretText;
use mfa_flows::{AcceptedStages, FlowError, Profile};
use mfa_totp::{Provisioning, SECRET_BYTES, TotpCode, import_secret, qr_svg};

use super::login::marked;
use super::{codes, verify};
use crate::assets::AssetFile;
use crate::layout::{Layout, NavItem, document};
use crate::page_request::PageRequest;
use crate::parts::{
    Flash, FormError, SetupStep, code_field, complaint_of, icon, key_field, moment, post_button, steps,
};
use crate::sealed_state::SealedState;
use crate::{PageResult, SharedPageRequest, error, response};
use mfa_http::problem::ApiError;
use mfa_http::request::{DisableCode, either_code, totp_code};

/// What is shown of a secret that waits for its first code.
struct EnrolmentView {
    secret: SecretText,
    uri: SecretText,
    qr: SecretText,
}

/// `GET /interface/BRAND/app`
pub(crate) async fn show(visit: SharedPageRequest) -> PageResult {
    let profile = profile(&visit, AcceptedStages::Access).await?;
    let title = visit.translate("app-title");
    let status = &profile.status;
    let page = document(
        &visit,
        &Layout::signed_in(title.clone(), &profile, NavItem::Account).with(AssetFile::Clock),
        html! {
            (back(&visit))
            section.sheet {
                p.emblem aria-hidden="true" { (icon("app")) }
                h1 { (title) }
                @match status.totp_enrolled_at {
                    Some(at) => {
                        p.lead { (visit.translate("app-on")) " " (moment(&visit, at)) "." }
                        h2 { (visit.translate("app-replace")) }
                        p { (visit.translate("app-replace.text")) }
                        (post_button(&visit, "/app/start", "button", "app-replace-start"))
                        h2 { (visit.translate("app-remove")) }
                        p { (visit.translate("app-remove.text")) }
                        p.actions { a.button.plain-button href=(visit.to("/app/remove")) { (visit.translate("app-remove-start")) } }
                    },
                    None => {
                        p.lead { (visit.translate("app-off")) }
                        p { (visit.translate("app-off.text")) }
                        (post_button(&visit, "/app/start", "button full", "next-app"))
                    },
                }
            }
        },
    );
    Ok(response::page(&visit, StatusCode::OK, page))
}

/// `POST /interface/BRAND/app/start`
pub(crate) async fn start(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::Any)?;
    let started = visit.run(|flows| async move { flows.start_totp_enrolment(&call, None).await }).await?;
    visit.store_state(&SealedState::Secret(started.provisioning.secret().clone()))?;
    Ok(response::go(&visit, "/app/enrol"))
}

/// `GET /interface/BRAND/app/enrol`
pub(crate) async fn enrol(visit: SharedPageRequest) -> PageResult {
    let profile = profile(&visit, AcceptedStages::Any).await?;
    match shown(&visit, &profile) {
        Some(shown) => {
            Ok(response::page(&visit, StatusCode::OK, enrolment_page(&visit, &profile, Some(&shown), None)))
        }
        None => Ok(response::go(&visit, "/app")),
    }
}

/// `POST /interface/BRAND/app/confirm`
pub(crate) async fn confirm(visit: SharedPageRequest) -> PageResult {
    let confirmed = visit
        .code_check(AcceptedStages::Any, totp_code, |flows, call, code| async move {
            flows.confirm_totp_enrolment(&call, code).await
        })
        .await;
    match confirmed {
        Ok(enrolled) => {
            visit.sign_in(&enrolled.granted.token);
            codes::hand_on(&visit, enrolled.recovery_codes)
        }
        Err(ApiError::Refused(FlowError::NoEnrolmentInProgress)) => {
            let profile = profile(&visit, AcceptedStages::Any).await?;
            Ok(error::refused(&visit, ApiError::Refused(FlowError::NoEnrolmentInProgress), |visit, fault| {
                over_page(visit, &profile, &complaint_of(visit, fault))
            }))
        }
        Err(fault) if error::belongs_on_the_form(&fault) => {
            let drift = drift(&visit, &fault).await?;
            let profile = profile(&visit, AcceptedStages::Any).await?;
            let shown = shown(&visit, &profile);
            Ok(error::refused(&visit, fault, |visit, fault| {
                let complaint =
                    drift.map_or_else(|| complaint_of(visit, fault), |it| verify::clock_complaint(visit, it));
                enrolment_page(visit, &profile, shown.as_ref(), Some(&complaint))
            }))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// How far the phone's clock is off, after a wrong code.
async fn drift(visit: &PageRequest, fault: &ApiError) -> Result<Option<i64>, ApiError> {
    let typed = visit.typed("code").and_then(|it| TotpCode::parse(it).ok());
    let (ApiError::Refused(FlowError::InvalidCode), Some(code)) = (fault, typed) else { return Ok(None) };
    let call = visit.open(AcceptedStages::Any)?;
    let drift = visit.run(|flows| async move { flows.explain_refused_enrolment(&call, code).await }).await?;
    Ok(drift.map(mfa_totp::ClockDrift::seconds))
}

/// The picture, from the secret that the browser carries: it is of the login that began the enrolment. The one that waits
/// in the account is never shown a second time, so that nobody else can copy it meanwhile.
fn shown(visit: &PageRequest, profile: &Profile) -> Option<EnrolmentView> {
    let Some(SealedState::Secret(secret)) = visit.carried() else { return None };
    let secret = import_secret(secret.expose()).ok().filter(|it| it.len() == SECRET_BYTES)?;
    let issuer = &visit.flows().policy().issuer;
    let label = Provisioning::new(issuer, &profile.email, &secret);
    let shown =
        label.or_else(|_| Provisioning::new(issuer, &profile.status.user.to_string(), &secret)).ok()?;
    let qr = qr_svg(shown.uri()).ok()?;
    Some(EnrolmentView { secret: shown.secret().clone(), uri: shown.uri().clone(), qr })
}

fn enrolment_page(
    visit: &PageRequest,
    profile: &Profile,
    shown: Option<&EnrolmentView>,
    complaint: Option<&FormError>,
) -> Markup {
    let title = visit.translate("enrol-title");
    let frame = Layout::signed_in(marked(visit, title.clone(), complaint), profile, NavItem::Account);
    document(
        visit,
        &frame.with(AssetFile::Codes).with(AssetFile::Clipboard).with(AssetFile::Clock),
        html! {
            (back(visit))
            (steps(visit, SetupStep::App))
            section.sheet {
                h1 { (title) }
                @if let Some(shown) = shown {
                    ol.enrol {
                        li {
                            h2 { (visit.translate("enrol-scan")) }
                            p { (visit.translate("enrol-scan.text")) }
                            div.qr role="img" aria-label=(visit.translate("enrol-qr")) { (PreEscaped(shown.qr.expose())) }
                            p.same-phone {
                                a.button.plain-button href=(shown.uri.expose()) { (icon("app")) (visit.translate("enrol-open")) }
                            }
                            details.by-hand {
                                summary { (visit.translate("enrol-by-hand")) }
                                p { (visit.translate("enrol-by-hand.text")) }
                                p.secret {
                                    code #secret { (in_fours(shown.secret.expose())) }
                                    button.link type="button" hidden data-copy="secret" data-done=(visit.translate("copied")) {
                                        (visit.translate("copy"))
                                    }
                                }
                            }
                        }
                        li {
                            h2 { (visit.translate("enrol-code")) }
                            (confirm_form(visit, complaint))
                        }
                    }
                } @else {
                    (confirm_form(visit, complaint))
                    (post_button(visit, "/app/start", "link", "enrol-anew"))
                }
            }
        },
    )
}

fn confirm_form(visit: &PageRequest, complaint: Option<&FormError>) -> Markup {
    html! {
        form.stack method="post" action=(visit.to("/app/confirm")) {
            (key_field(visit))
            (code_field(visit, "code-hint-app", complaint))
            button.button.full type="submit" { (visit.translate("enrol-confirm")) }
        }
    }
}

fn over_page(visit: &PageRequest, profile: &Profile, complaint: &FormError) -> Markup {
    let title = visit.translate("enrol-title");
    document(
        visit,
        &Layout::signed_in(marked(visit, title.clone(), Some(complaint)), profile, NavItem::Account),
        html! {
            (back(visit))
            section.sheet {
                h1 { (title) }
                (complaint.shown(visit, "complaint"))
                (post_button(visit, "/app/start", "button full", "enrol-anew"))
            }
        },
    )
}

/// `GET /interface/BRAND/app/remove`
pub(crate) async fn ask_removal(visit: SharedPageRequest) -> PageResult {
    let profile = profile(&visit, AcceptedStages::TwoFactors).await?;
    let page = removal_page(&visit, &profile, None);
    Ok(response::page(&visit, StatusCode::OK, page))
}

/// `POST /interface/BRAND/app/remove`
pub(crate) async fn remove(visit: SharedPageRequest) -> PageResult {
    let removed = visit
        .code_check(AcceptedStages::TwoFactors, either_code, |flows, call, code| async move {
            match code {
                DisableCode::Totp(code) => flows.disable_totp(&call, code).await,
                DisableCode::Recovery(typed) => flows.disable_totp_by_recovery(&call, typed).await,
            }
        })
        .await;
    match removed {
        Ok(()) => {
            visit.set_flash(Flash::AppRemoved);
            Ok(response::go(&visit, ""))
        }
        Err(fault) if error::belongs_on_the_form(&fault) => {
            let profile = profile(&visit, AcceptedStages::TwoFactors).await?;
            Ok(error::refused(&visit, fault, |visit, fault| {
                removal_page(visit, &profile, Some(&complaint_of(visit, fault)))
            }))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn removal_page(visit: &PageRequest, profile: &Profile, complaint: Option<&FormError>) -> Markup {
    let title = visit.translate("removal-title");
    let described = if complaint.is_some() { "code-complaint code-hint" } else { "code-hint" };
    document(
        visit,
        &Layout::signed_in(marked(visit, title.clone(), complaint), profile, NavItem::Account)
            .with(AssetFile::Clock),
        html! {
            (back(visit))
            section.sheet {
                h1 { (title) }
                p.lead { (visit.translate("removal-lead")) }
                form.stack method="post" action=(visit.to("/app/remove")) {
                    (key_field(visit))
                    div.field {
                        label for="code" { (visit.translate("removal-code")) }
                        @if let Some(complaint) = complaint { (complaint.shown(visit, "code-complaint")) }
                        input.recovery #code name="code" type="text" autocomplete="one-time-code" required autofocus
                            maxlength="64" spellcheck="false" autocapitalize="none" aria-describedby=(described)
                            aria-invalid=[complaint.is_some().then_some("true")];
                        p.hint #code-hint { (visit.translate("removal-hint")) }
                    }
                    button.button.danger.full type="submit" { (visit.translate("removal-do")) }
                }
            }
        },
    )
}

/// Whose account this is.
pub(super) async fn profile(visit: &PageRequest, accepts: AcceptedStages) -> Result<Profile, ApiError> {
    let call = visit.open(accepts)?;
    visit.run(|flows| async move { flows.profile(&call).await }).await
}

/// The way back to the account.
pub(super) fn back(visit: &PageRequest) -> Markup {
    html! { p.back { a.link href=(visit.to("")) { (icon("next")) (visit.translate("back")) } } }
}

/// The secret in groups of four, as people read it.
fn in_fours(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|it| it.iter().collect()).collect();
    groups.join(" ")
}
