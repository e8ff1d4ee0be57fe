//! Pages of the authenticator app: enrol, replace, remove.

mod removal;

use actix_web::http::StatusCode;
use maud::{Markup, PreEscaped, html};
use mfa_core::{FactorKind, SecretText};
use mfa_flows::{
    AcceptedStages, Authenticator, EnrolmentMode, FlowError, Profile, TotpEnrolment, TotpEnrolmentRequest,
};
use mfa_totp::{Provisioning, SECRET_BYTES, TotpCode, import_secret, qr_svg};

pub(crate) use self::removal::{ask_removal, remove};
use super::authenticators::{app_name, free_name, optional_name};
use super::codes;
use super::passkey::profile as profile_and_list;
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{
    CodeField, FormError, SetupStep, back_link, clock_error, code_field_of, icon, key_field, moment,
    passkey_only, post_button, steps, title_with_error,
};
use crate::request::{PageRequest, without_spaces};
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::SealedState;
use mfa_http::problem::ApiError;
use mfa_http::request::{Field, totp_code};
use serde::Deserialize;

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
    let has_several = status.authenticators.totp > 1;
    let is_only = status.phishing_resistant_required;
    let may_add = status.authenticators.totp < request.flows().policy().max_totp_apps;
    let replace_text = if has_several { "app-replace-all.text" } else { "app-replace.text" };
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
                        @if is_only {
                            (passkey_only(&request))
                        } @else {
                            @if may_add {
                                h2 { (request.translate("app-add")) }
                                p { (request.translate(addition_text(&profile))) }
                                p.actions { a.button.plain-button href=(request.url("/app/add")) { (request.translate("app-add-start")) } }
                            }
                            h2 { (request.translate("app-replace")) }
                            p { (request.translate(replace_text)) }
                            (post_button(&request, "/app/start", "button", "app-replace-start"))
                        }
                        h2 { (request.translate("app-remove")) }
                        @if has_several {
                            p { (request.translate("app-remove-one")) }
                            p.actions { a.button.plain-button href=(request.url("")) { (request.translate("app-remove-list")) } }
                        } @else {
                            p { (request.translate("app-remove.text")) }
                            p.actions { a.button.plain-button href=(request.url("/app/remove")) { (request.translate("app-remove-start")) } }
                        }
                    },
                    None if is_only => { (passkey_only(&request)) },
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

/// Returns what adding an app does not change.
const fn addition_text(profile: &Profile) -> &'static str {
    if profile.status.authenticators.totp > 1 { "app-add.several" } else { "app-add.text" }
}

/// `POST /interface/BRAND/app/start`
pub(crate) async fn start(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::Any).await?;
    if profile.status.phishing_resistant_required {
        return Ok(PageResponse::redirect(&request, "/app"));
    }
    // The first app beside another factor keeps the recovery codes. Whoever has an app moves to another phone.
    let is_beside = profile.has_factor && !profile.status.totp_enabled;
    let mode = if is_beside { EnrolmentMode::Add } else { EnrolmentMode::Replace };
    let enrolment = TotpEnrolmentRequest { mode, ..TotpEnrolmentRequest::default() };
    let started = start_enrolment(&request, enrolment).await?;
    show_secret(&request, &started)
}

async fn start_enrolment(
    request: &PageRequest,
    enrolment: TotpEnrolmentRequest,
) -> Result<TotpEnrolment, ApiError> {
    let call = request.open(AcceptedStages::Any)?;
    request.run(|flows| async move { flows.start_totp_enrolment(&call, enrolment).await }).await
}

fn show_secret(request: &PageRequest, started: &TotpEnrolment) -> PageResult {
    let state = SealedState::Secret(started.provisioning.secret().clone());
    Ok(PageResponse::redirect(request, "/app/enrol").with_sealed_state(request, &state)?)
}

/// `GET /interface/BRAND/app/add`: asks for the name of a further app.
pub(crate) async fn ask_name(request: SharedRequest) -> PageResult {
    let (profile, list) = profile_and_list(&request).await?;
    if profile.status.phishing_resistant_required {
        return Ok(PageResponse::redirect(&request, "/app"));
    }
    request.require_fresh(&profile)?;
    let page = name_page(&request, &profile, &list, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Form with the name of a further app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdditionForm {
    name: Option<Field>,
}

/// `POST /interface/BRAND/app/add`
pub(crate) async fn add(request: SharedRequest) -> PageResult {
    let started = match addition(&request).await {
        Ok(enrolment) => start_enrolment(&request, enrolment).await,
        Err(error) => Err(error),
    };
    match started {
        Ok(started) => show_secret(&request, &started),
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, "/app/add", error),
        Err(error) => Err(error.into()),
    }
}

/// Returns the enrolment of the form. An empty name is the suggested one.
async fn addition(request: &PageRequest) -> Result<TotpEnrolmentRequest, ApiError> {
    let (form, mut errors) = request.form().parse::<AdditionForm>()?;
    let name = optional_name(form.name, &mut errors);
    let mut name = errors.finish(name)?;
    if name.is_empty() {
        name = suggested_name(request, &profile_and_list(request).await?.1);
    }
    Ok(TotpEnrolmentRequest { label: None, name: Some(name), mode: EnrolmentMode::Add })
}

fn suggested_name(request: &PageRequest, list: &[Authenticator]) -> String {
    let apps = list.iter().filter(|it| it.kind == FactorKind::Totp).count();
    free_name(list, |number| app_name(request, number.saturating_add(apps)))
}

fn name_page(
    request: &PageRequest,
    profile: &Profile,
    list: &[Authenticator],
    form_error: Option<&FormError>,
) -> Markup {
    let title = request.translate("app-add");
    let suggested = suggested_name(request, list);
    let name = request.form_value("name").unwrap_or(&suggested);
    let described = if form_error.is_some() { "name-complaint name-hint" } else { "name-hint" };
    document(
        request,
        &Layout::signed_in(title_with_error(request, title.clone(), form_error), profile, NavItem::Account)
            .with(AssetFile::Clock),
        html! {
            (back_link(request))
            section.sheet {
                p.emblem aria-hidden="true" { (icon("app")) }
                h1 { (title) }
                p.lead { (request.translate(addition_text(profile))) }
                form.stack method="post" action=(request.url("/app/add")) {
                    (key_field(request))
                    div.field {
                        label for="name" { (request.translate("authenticator-name")) }
                        @if let Some(form_error) = form_error { (form_error.shown(request, "name-complaint")) }
                        input #name name="name" type="text" maxlength="64" autocomplete="off"
                            aria-describedby=(described) value=(name)
                            aria-invalid=[form_error.is_some().then_some("true")];
                        p.hint #name-hint { (request.translate("passkey-name-hint")) }
                    }
                    button.button.full type="submit" { (request.translate("app-add-next")) }
                }
            }
        },
    )
}

/// `GET /interface/BRAND/app/enrol`
pub(crate) async fn enrol(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::Any).await?;
    let form_error = request.form_error();
    let page = match (shown(&request, &profile), form_error.as_ref()) {
        (Some(shown), form_error) => enrolment_page(&request, &profile, &shown, form_error),
        (None, Some(form_error)) => over_page(&request, &profile, form_error),
        (None, None) => return Ok(PageResponse::redirect(&request, "/app")),
    };
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/app/confirm`
pub(crate) async fn confirm(request: SharedRequest) -> PageResult {
    let confirmed = request
        .code_check(AcceptedStages::Any, totp_code, |flows, call, code| async move {
            flows.confirm_totp_enrolment(&call.replacing(), code).await
        })
        .await;
    match confirmed {
        // An app that was added beside another factor: the earlier recovery codes stay valid.
        Ok(enrolled) if enrolled.recovery_codes.is_empty() => Ok(PageResponse::redirect(&request, "")
            .sign_in(&request, &enrolled.granted.token)
            .with_flash(&request, Flash::AppAdded)
            .clear_sealed_state(&request)),
        Ok(enrolled) => {
            codes::show_after_enrolment(&request, &enrolled.granted.token, enrolled.recovery_codes)
        }
        // The page has no secret any more: it offers to start over.
        Err(error @ ApiError::Flow(FlowError::NoEnrolmentInProgress)) => {
            Ok(PageResponse::refused(&request, "/app/enrol", error)?.clear_sealed_state(&request))
        }
        Err(error @ ApiError::Flow(FlowError::InvalidCode)) => {
            let form_error = match drift(&request).await? {
                Some(seconds) => clock_error(&request, seconds),
                None => wrong_entry(&request, &request.profile(AcceptedStages::Any).await?),
            };
            PageResponse::refused_with(&request, "/app/enrol", &form_error, error)
        }
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, "/app/enrol", error),
        Err(error) => Err(error.into()),
    }
}

/// Returns the error for a code that is not of the new entry, and names that entry: an app may have several of one name.
fn wrong_entry(request: &PageRequest, profile: &Profile) -> FormError {
    let issuer = request.flows().policy().issuer.clone();
    let arguments = [("name", issuer.into()), ("email", profile.email.as_str().into())];
    FormError::new(request.translate_with("form-enrol_code", &arguments))
}

/// Returns by how many seconds the phone's clock is off, after a wrong code.
async fn drift(request: &PageRequest) -> Result<Option<i64>, ApiError> {
    let typed = request.form_value("code").and_then(|it| TotpCode::parse(&without_spaces(it)).ok());
    let Some(code) = typed else { return Ok(None) };
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
    shown: &EnrolmentView,
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
            @if !profile.has_factor { (steps(request, profile, SetupStep::Factor)) }
            section.sheet {
                h1 { (title) }
                ol.enrol {
                    li {
                        h2 { (request.translate("enrol-scan")) }
                        // On a phone, the app is on this device.
                        div.same-phone {
                            a.button.full href=(shown.uri.expose()) { (icon("app")) (request.translate("enrol-open")) }
                            p { (request.translate("enrol-open.text")) }
                        }
                        p.other-phone { (request.translate("enrol-scan.text")) }
                        div.qr role="img" aria-label=(request.translate("enrol-qr")) { (PreEscaped(shown.qr.expose())) }
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
            }
        },
    )
}

fn confirm_form(request: &PageRequest, form_error: Option<&FormError>) -> Markup {
    // The QR code comes first, until a code was refused.
    let field = CodeField { digits: Some(6), hint: "code-hint-app", is_focused: form_error.is_some() };
    html! {
        form.stack method="post" action=(request.url("/app/confirm")) {
            (key_field(request))
            (code_field_of(request, field, form_error))
            button.button.full type="submit" { (request.translate("enrol-confirm")) }
        }
    }
}

/// Offers a new QR code. Whoever has an app chooses again whether the new one replaces it.
fn start_over(request: &PageRequest, profile: &Profile, class: &str) -> Markup {
    if profile.status.totp_enabled {
        html! { p.actions { a class=(class) href=(request.url("/app")) { (request.translate("enrol-anew")) } } }
    } else {
        post_button(request, "/app/start", class, "enrol-anew")
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
                (start_over(request, profile, "button full"))
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
