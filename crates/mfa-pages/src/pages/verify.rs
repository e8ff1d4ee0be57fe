//! Page that verifies the second factor, at login and for step-up.

mod forms;
mod view;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{FactorKind, Stage};
use mfa_flows::{AcceptedStages, FlowError, VerificationGrant};
use mfa_passkey::AuthenticationResponse;
use mfa_recovery::{CodeWarning, RecoveryCodeInput};
use mfa_totp::TotpCode;
use serde::Deserialize;

use self::view::{VerifyView, view};
use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::canonical_url::canonical_url;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, document};
use crate::pages::lost::lost_link;
use crate::pages::passkey::options_response;
use crate::parts::{FormError, clock_error, form_error_for, icon, leave_form, need_help, title_with_error};
use crate::refused_form::RefusedForm;
use crate::request::{PageRequest, without_spaces};
use crate::response::{PageResponse, PageResult};
use crate::return_to::ReturnTo;
use mfa_http::problem::{ApiError, FieldError, FieldErrorKind};
use mfa_http::request::{Field, UnparsedBody, recovery_code, sms_code, totp_code};

/// `GET /interface/BRAND/verify`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::SecondFactor)?;
    let is_lost = request.return_to().is_some_and(ReturnTo::is_lost_phone);
    if is_lost && call.token.stage == Stage::Pending {
        return Ok(PageResponse::redirect(&request, "/lost").clear_return_to(&request));
    }
    let view = view(&request, call).await?;
    if !view.profile.has_factor {
        return Ok(PageResponse::redirect(&request, "/start"));
    }
    let asked = request.query("with").and_then(FactorKind::parse);
    let method = asked.filter(|it| view.has(*it)).unwrap_or_else(|| view.best());
    let page = verify_page(&request, &view, method, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `GET /interface/BRAND/verify/again`: leads to the login when a lock is over, because a lock ends the login that was not
/// complete.
pub(crate) async fn log_in_again(request: SharedRequest) -> PageResult {
    let then = ReturnTo::parse(request.query("then"));
    let page =
        if then.is_lost_phone() { "/lost".to_owned() } else { format!("/verify?then={}", then.encoded()) };
    match request.profile(AcceptedStages::Any).await {
        // The lock goes on, or the session does.
        Ok(_) => Ok(PageResponse::redirect(&request, &page)),
        Err(ApiError::Flow(
            FlowError::TokenMissing
            | FlowError::TokenInvalid
            | FlowError::TokenExpired
            | FlowError::TokenSpent
            | FlowError::TokenRevoked,
        )) => {
            let flash = if then.is_lost_phone() { Flash::LogInForPass } else { Flash::LockEnded };
            let response =
                PageResponse::redirect(&request, "").sign_out(&request).with_flash(&request, flash);
            Ok(response.returning_to(&request, &then))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /interface/BRAND/verify/totp`
pub(crate) async fn totp(request: SharedRequest) -> PageResult {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, totp_code, |flows, call, code| async move {
            flows.verify_totp(&call.replacing(), code).await
        })
        .await;
    match granted {
        Err(ApiError::Flow(FlowError::InvalidCode)) => wrong_totp(&request).await,
        granted => passed(&request, FactorKind::Totp, granted),
    }
}

/// `POST /interface/BRAND/verify/sms`
pub(crate) async fn sms(request: SharedRequest) -> PageResult {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, sms_code, |flows, call, code| async move {
            flows.verify_sms(&call.replacing(), code).await
        })
        .await;
    passed(&request, FactorKind::Sms, granted)
}

/// `POST /interface/BRAND/verify/recovery`
pub(crate) async fn recovery(request: SharedRequest) -> PageResult {
    if let Some(form_error) = incomplete_code(&request).await? {
        let form_error = FormError::new(form_error);
        let error =
            ApiError::Fields(vec![FieldError { field: "code".to_owned(), error: FieldErrorKind::Unusable }]);
        return refused_with(&request, &form_error, error);
    }
    let granted = request
        .code_check(AcceptedStages::SecondFactor, recovery_code, |flows, call, typed| async move {
            flows.verify_recovery(&call.replacing(), typed).await
        })
        .await;
    passed(&request, FactorKind::Recovery, granted)
}

/// Returns the error for a text that cannot be a recovery code, before it costs an attempt. Codes that were imported may
/// have any form, so those of their owners are all checked.
async fn incomplete_code(request: &PageRequest) -> Result<Option<String>, ApiError> {
    let typed = request.form_value("code").unwrap_or_default();
    let is_incomplete = RecoveryCodeInput::parse(typed).is_ok_and(|it| !it.is_code());
    if !is_incomplete || request.profile(AcceptedStages::SecondFactor).await?.has_imported_codes {
        return Ok(None);
    }
    let count = typed.chars().filter(|it| it.is_alphanumeric()).count();
    Ok(Some(request.translate_with("form-recovery_code", &[("count", count.into())])))
}

/// `POST /interface/BRAND/verify/passkey/options`, for the script of the form.
pub(crate) async fn passkey_options(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::SecondFactor)?;
    let started = request.run(|flows| async move { flows.start_passkey_verification(&call).await }).await;
    options_response(&request, started)
}

/// Form with an assertion.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssertionForm {
    credential: Field,
}

/// `POST /interface/BRAND/verify/passkey`
pub(crate) async fn passkey(request: SharedRequest) -> PageResult {
    let parse = |body: &UnparsedBody| {
        let (form, mut errors) = body.parse::<AssertionForm>()?;
        let credential = form.credential.json(&mut errors, |value| {
            AuthenticationResponse::from_json(value).map_err(|_| FieldErrorKind::NotACredential)
        });
        errors.finish(credential)
    };
    let granted = request
        .rate_limited(AcceptedStages::SecondFactor, parse, |flows, call, credential| async move {
            flows.verify_passkey(&call.replacing(), credential).await.map(VerificationGrant::Access)
        })
        .await;
    passed(&request, FactorKind::Passkey, granted)
}

/// `POST /interface/BRAND/verify/send`
pub(crate) async fn send(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::SecondFactor)?;
    let language = request.language().into();
    let sent = request.run(|flows| async move { flows.send_sms(&call, language).await }).await;
    let then = ReturnTo::parse(request.control_value("then")).encoded();
    match sent {
        Ok(_) => {
            let sent = request.now().seconds();
            Ok(PageResponse::redirect(&request, &format!("/verify?with=sms&sent={sent}&then={then}")))
        }
        Err(error) => refused(&request, FactorKind::Sms, error),
    }
}

fn passed(
    request: &PageRequest,
    method: FactorKind,
    granted: Result<VerificationGrant, ApiError>,
) -> PageResult {
    let granted = match granted {
        Ok(VerificationGrant::Access(granted)) => granted,
        Ok(VerificationGrant::Enrolment(granted)) => {
            return Ok(PageResponse::redirect(request, "/passkey").sign_in(request, &granted.token));
        }
        Err(error) => return refused(request, method, error),
    };
    let mut next = ReturnTo::parse(request.control_value("then")).path();
    if method == FactorKind::Recovery && next.is_empty() {
        // Who logs in with a recovery code has probably lost the other factors.
        next = "/recovered".into();
    }
    let mut response = PageResponse::redirect(request, &next).sign_in(request, &granted.token);
    // What was typed before a step-up is sealed again, for the new session.
    if let Some(form) = request.interrupted_form() {
        response = response.with_refused_form(request, form)?;
    }
    if method != FactorKind::Recovery {
        return Ok(response);
    }
    let warning = mfa_recovery::warning_of(granted.recovery_codes_left, granted.recovery_set_is_foreign);
    let flash = warning.map(|warning| match warning {
        CodeWarning::FewLeft(_) => Flash::FewCodesLeft,
        CodeWarning::FromElsewhere => Flash::ForeignCodes,
        CodeWarning::NoneLeft => Flash::NoCodesLeft,
    });
    Ok(match flash {
        Some(flash) => response.with_flash(request, flash),
        None => response,
    })
}

fn refused(request: &PageRequest, method: FactorKind, error: ApiError) -> PageResult {
    if let ApiError::Flow(FlowError::AccountLocked { .. }) = &error {
        // The page itself says until when.
        return Ok(PageResponse::redirect(request, &canonical_url(request)).with_error(error));
    }
    if !belongs_on_the_form(&error) {
        return Err(error.into());
    }
    let form_error = match (method, &error) {
        (FactorKind::Passkey, ApiError::Flow(FlowError::InvalidCode)) => {
            FormError::new(request.translate("form-passkey_refused"))
        }
        _ => form_error_for(request, &error),
    };
    refused_with(request, &form_error, error)
}

/// Redirects to the page with the form. A recovery code that cannot be one is no secret, and is kept.
fn refused_with(request: &PageRequest, form_error: &FormError, error: ApiError) -> PageResult {
    let page = canonical_url(request);
    let form = RefusedForm::on_form(&page, form_error, request.now());
    let typed = request.form_value("code").filter(|_| matches!(error, ApiError::Fields(_)));
    let form = match typed {
        Some(code) if request.path().ends_with("/recovery") => form.with_field("code", code),
        _ => form,
    };
    Ok(PageResponse::redirect(request, &page).with_refused_form(request, &form)?.with_error(error))
}

/// Renders a wrong TOTP code, with an explanation if the phone's clock is off.
async fn wrong_totp(request: &PageRequest) -> PageResult {
    let call = request.open(AcceptedStages::SecondFactor)?;
    let typed = request.form_value("code").and_then(|it| TotpCode::parse(&without_spaces(it)).ok());
    let drift = match typed {
        Some(code) => {
            request.run(|flows| async move { flows.explain_refused_code(&call, code).await }).await?
        }
        None => None,
    };
    let error = ApiError::Flow(FlowError::InvalidCode);
    let form_error =
        drift.map_or_else(|| form_error_for(request, &error), |it| clock_error(request, it.seconds()));
    refused_with(request, &form_error, error)
}

fn verify_page(
    request: &PageRequest,
    view: &VerifyView,
    method: FactorKind,
    form_error: Option<&FormError>,
) -> Markup {
    let lock = view.profile.status.locked;
    let title = request.translate(match (lock, view.is_step_up) {
        (true, _) => "error-account_locked",
        (false, true) => "verify-again",
        (false, false) => "verify-title",
    });
    let over = lock.then(|| request.translate("verify-unlocked.title"));
    let layout = Layout::signed_out(title_with_error(request, title.clone(), form_error.filter(|_| !lock)))
        .with(AssetFile::Codes)
        .with(AssetFile::Clock)
        .with(AssetFile::Passkey);
    // A lock outlives the login that it ended.
    let layout = if lock && !view.is_step_up { layout.without_end_of_session() } else { layout };
    let starts_at_once = !view.is_step_up && form_error.is_none();
    document(
        request,
        &layout,
        html! {
            section.sheet {
                p.who { (icon("shield")) span { (view.profile.email) } }
                h1 data-at-end=[over] { (title) }
                @if view.is_step_up && !lock { p.hint { (request.translate("verify-again.hint")) } }
                @if lock {
                    (forms::locked(request, view))
                    @if view.accepts_passkey() { (forms::passkey(request, view, false, form_error)) }
                } @else {
                    (forms::attempts_left(request, view))
                    @match method {
                        FactorKind::Totp => (forms::totp_form(request, view, form_error)),
                        FactorKind::Sms => (forms::sms_form(request, view, form_error)),
                        FactorKind::Recovery => (forms::recovery_form(request, view, form_error)),
                        FactorKind::Passkey => (forms::passkey(request, view, starts_at_once, form_error)),
                    }
                    (forms::other_ways(request, view, method))
                }
                @if !view.is_step_up { (lost_link(request)) }
                (need_help(request))
                @if !view.is_step_up { (leave_form(request)) }
            }
        },
    )
}
