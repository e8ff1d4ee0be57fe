//! Page that adds a passkey.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::Stage;
use mfa_flows::{AcceptedStages, Authenticator, FlowError, PasskeyOptions, Profile};
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::{Field, UnparsedBody};
use mfa_passkey::RegistrationResponse;
use serde::{Deserialize, Serialize};

use super::authenticators::{free_name, optional_name};
use super::codes;
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{
    FormError, PasskeyCall, PasskeyStart, SetupStep, back_link, form_error_for, icon, leave_form,
    passkey_form, steps, title_with_error,
};
use crate::refused_form::RefusedForm;
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::return_to::ReturnTo;

/// `GET /interface/BRAND/passkey`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let (profile, list) = profile(&request).await?;
    let page = passkey_page(&request, &profile, &list, is_login(&request)?, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/passkey/options`, for the script of the form.
pub(crate) async fn options(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::Any)?;
    let started = request.run(|flows| async move { flows.start_passkey_registration(&call).await }).await;
    options_response(&request, started)
}

/// Returns the options of a WebAuthn call for the script: or the text to show, or the page to open first.
pub(super) fn options_response<T: Serialize>(
    request: &PageRequest,
    started: Result<PasskeyOptions<T>, ApiError>,
) -> PageResult {
    let error = match started {
        Ok(started) => return Ok(HttpResponse::Ok().json(PasskeyStart::Options(started.options)).into()),
        Err(error) => error,
    };
    let start: PasskeyStart<()> = match &error {
        ApiError::Flow(FlowError::StepUpRequired { .. }) => {
            let then = ReturnTo::from_path(request.path_below_base());
            PasskeyStart::Location(request.url(&format!("/verify?then={}", then.name())))
        }
        error if belongs_on_the_form(error) => {
            PasskeyStart::Message(form_error_for(request, error).into_text())
        }
        _ => return Err(error.into()),
    };
    let response = PageResponse::from(HttpResponse::build(error.kind().status()).json(&start));
    let response = match &start {
        PasskeyStart::Location(_) => {
            let page = ReturnTo::from_path(request.path_below_base());
            // The name that was typed is there again after the step-up.
            let form = RefusedForm::interrupted(&page.path()).with_typed(request.form_fields());
            response.with_refused_form(request, &form)?
        }
        PasskeyStart::Options(()) | PasskeyStart::Message(_) => response,
    };
    Ok(response.with_error(error))
}

/// Form with a new credential.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistrationForm {
    credential: Field,
    name: Option<Field>,
}

/// `POST /interface/BRAND/passkey`
pub(crate) async fn register(request: SharedRequest) -> PageResult {
    let context = request.context().clone();
    let numbered =
        move |number: usize| context.translate("passkey-name", &[("number", number.into())]).into_owned();
    let registered = request
        .rate_limited(AcceptedStages::Any, registration, |flows, call, (credential, mut name)| async move {
            if name.is_empty() {
                name = free_name(&flows.authenticators(&call).await?, numbered);
            }
            flows.finish_passkey_registration(&call, credential, Some(name)).await
        })
        .await;
    match registered.map(|it| it.enrolled) {
        Ok(Some(enrolled)) => {
            codes::show_after_enrolment(&request, &enrolled.granted.token, enrolled.recovery_codes)
        }
        Ok(None) => Ok(PageResponse::redirect(&request, "").with_flash(&request, Flash::PasskeyAdded)),
        Err(error) if belongs_on_the_form(&error) => {
            let form_error = match &error {
                ApiError::Flow(FlowError::InvalidCode) => {
                    FormError::new(request.translate("form-passkey_refused"))
                }
                _ => form_error_for(&request, &error),
            };
            PageResponse::refused_with(&request, "/passkey", &form_error, error)
        }
        Err(error) => Err(error.into()),
    }
}

fn registration(body: &UnparsedBody) -> Result<(RegistrationResponse, String), ApiError> {
    let (form, mut errors) = body.parse::<RegistrationForm>()?;
    let credential = form.credential.json(&mut errors, |value| {
        RegistrationResponse::from_json(value).map_err(|_| FieldErrorKind::NotACredential)
    });
    let name = optional_name(form.name, &mut errors);
    errors.finish(credential.zip(name))
}

/// Returns whether the user is logging in, and must register a passkey to complete it.
fn is_login(request: &PageRequest) -> Result<bool, ApiError> {
    Ok(request.open(AcceptedStages::Any)?.token.stage == Stage::Enrolment)
}

pub(super) async fn profile(request: &PageRequest) -> Result<(Profile, Vec<Authenticator>), ApiError> {
    let call = request.open(AcceptedStages::Any)?;
    request
        .run(|flows| async move {
            Ok::<_, FlowError>((flows.profile(&call).await?, flows.authenticators(&call).await?))
        })
        .await
}

fn passkey_page(
    request: &PageRequest,
    profile: &Profile,
    list: &[Authenticator],
    is_login: bool,
    form_error: Option<&FormError>,
) -> Markup {
    let is_only = profile.status.phishing_resistant_required;
    let title = request.translate("passkey-title");
    let named = title_with_error(request, title.clone(), form_error);
    // Whoever must register a passkey first is not logged in yet.
    let layout = if is_login {
        Layout::signed_out(named)
    } else {
        Layout::signed_in(named, profile, NavItem::Account)
    };
    let suggested =
        free_name(list, |number| request.translate_with("passkey-name", &[("number", number.into())]));
    let name = request.form_value("name").unwrap_or(&suggested);
    let fields = html! {
        @if profile.has_factor {
            div.field {
                label for="name" { (request.translate("authenticator-name")) }
                input #name name="name" type="text" maxlength="64" autocomplete="off" aria-describedby="name-hint" value=(name);
                p.hint #name-hint { (request.translate("passkey-name-hint")) }
            }
        }
    };
    document(
        request,
        &layout.with(AssetFile::Passkey).with(AssetFile::Clock),
        html! {
            @if !is_login { (back_link(request)) }
            @if !profile.has_factor && !is_only { (steps(request, profile, SetupStep::Factor)) }
            section.sheet {
                p.emblem aria-hidden="true" { (icon("passkey")) }
                h1 { (title) }
                @if is_login { p.lead { (request.translate("passkey-required")) } }
                p.lead[!is_login] { (request.translate("passkey-what")) }
                @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
                @if request.site.offers_passkeys() {
                    (passkey_form(request, PasskeyCall::Create, is_only, &fields))
                } @else {
                    p { (request.translate("passkey-off")) }
                }
                @if is_login {
                    (leave_form(request))
                } @else if !profile.has_factor && !is_only {
                    p.actions { a.link href=(request.url("/start")) { (request.translate("ways")) } }
                }
            }
        },
    )
}
