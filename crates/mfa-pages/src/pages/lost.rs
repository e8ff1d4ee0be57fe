//! "I lost my phone": what is left to log in with, an access pass, and what to do after a login by recovery code.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::FactorKind;
use mfa_flows::{AcceptedStages, FlowError, MethodChoice, MethodState, Profile};
use mfa_recovery::RecoveryCodeInput;

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{
    FormError, countdown, icon, key_field, leave_form, lock_seconds, need_help, post_button, title_with_error,
};
use crate::refused_form::RefusedForm;
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::return_to::ReturnTo;
use mfa_http::problem::{ApiError, FieldError, FieldErrorKind};
use mfa_http::request::{AccessPassInput, access_pass_code};

/// Renders the link to the page, beside the ways to verify a second factor.
pub(super) fn lost_link(request: &PageRequest) -> Markup {
    html! { p.lost { a.link href=(request.url("/lost")) { (request.translate("lost-link")) } } }
}

/// `GET /interface/BRAND/lost`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::Pending)?;
    let (profile, methods) =
        request
            .run(|flows| async move {
                Ok::<_, FlowError>((flows.profile(&call).await?, flows.methods(&call).await?))
            })
            .await?;
    if !profile.has_factor {
        return Ok(PageResponse::redirect(&request, "/start"));
    }
    let page = lost_page(&request, &profile, &methods, request.form_error().as_ref());
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/lost` with `code`: exchanges an access pass for an enrolment.
pub(crate) async fn redeem(request: SharedRequest) -> PageResult {
    if let Some(form_error) = incomplete_pass(&request) {
        let form = RefusedForm::on_form("/lost", &form_error, request.now());
        let typed = request.form_value("code").unwrap_or_default();
        let form = form.with_field("code", typed);
        let error =
            ApiError::Fields(vec![FieldError { field: "code".to_owned(), error: FieldErrorKind::Unusable }]);
        let response = PageResponse::redirect(&request, "/lost").with_refused_form(&request, &form)?;
        return Ok(response.with_error(error));
    }
    let redeemed = request
        .code_check(
            AcceptedStages::Pending,
            access_pass_code,
            |flows, call, AccessPassInput(pass)| async move { flows.verify_access_pass(&call, pass).await },
        )
        .await;
    match redeemed {
        Ok(token) => Ok(PageResponse::redirect(&request, "/start").sign_in(&request, &token)),
        Err(error @ ApiError::Flow(FlowError::InvalidCode)) => {
            let form_error = FormError::new(request.translate("form-access_pass_refused"));
            PageResponse::refused_with(&request, "/lost", &form_error, error)
        }
        Err(error) if belongs_on_the_form(&error) => PageResponse::refused(&request, "/lost", error),
        Err(error) => Err(error.into()),
    }
}

/// Returns the error for a text that cannot be an access pass, before it costs an attempt. It is no secret, and is kept.
fn incomplete_pass(request: &PageRequest) -> Option<FormError> {
    let typed = request.form_value("code").unwrap_or_default();
    if !RecoveryCodeInput::parse(typed).is_ok_and(|it| !it.is_code()) {
        return None;
    }
    let count = typed.chars().filter(|it| it.is_alphanumeric()).count();
    Some(FormError::new(request.translate_with("form-access_pass", &[("count", count.into())])))
}

fn lost_page(
    request: &PageRequest,
    profile: &Profile,
    methods: &[MethodChoice],
    form_error: Option<&FormError>,
) -> Markup {
    let title = request.translate("lost-title");
    let layout = Layout::signed_out(title_with_error(request, title.clone(), form_error))
        .with(AssetFile::Codes)
        .with(AssetFile::Clock);
    let is_available = |factor: FactorKind| {
        methods.iter().any(|it| it.method == factor && it.state == MethodState::Available)
    };
    let ways = [FactorKind::Passkey, FactorKind::Recovery, FactorKind::Sms].map(is_available);
    let [has_passkey, has_codes, has_sms] = ways;
    let help = if ways.contains(&true) { "lost-help" } else { "lost-help.only" };
    let locked = profile.status.locked;
    let layout = if locked { layout.without_end_of_session() } else { layout };
    document(
        request,
        &layout,
        html! {
            section.sheet {
                p.who { (icon("shield")) span { (profile.email) } }
                h1 { (title) }
                p.lead { (request.translate(if locked { "lost-title.locked" } else { "lost-title.lead" })) }
                @if has_passkey { (way(request, "passkey", "lost-passkey", FactorKind::Passkey, false)) }
                @if has_codes { (way(request, "key", "lost-codes", FactorKind::Recovery, true)) }
                @if has_sms { (way(request, "message", "lost-sms", FactorKind::Sms, true)) }
                section.lost-way aria-labelledby="lost-help" {
                    h2 #lost-help { (icon("people")) (request.translate(help)) }
                    @if locked {
                        p { (request.translate("lost-locked")) }
                        (need_help(request))
                        (after_the_lock(request, profile))
                    } @else {
                        p { (request.translate("lost-help.text")) }
                        (need_help(request))
                        (pass_form(request, form_error))
                    }
                }
                @if !locked { p.actions { a.link href=(request.url("/verify")) { (request.translate("lost-back")) } } }
                (leave_form(request))
            }
        },
    )
}

/// Renders what to do when the account is unlocked: a lock ends the login, so the pass is typed after another one.
fn after_the_lock(request: &PageRequest, profile: &Profile) -> Markup {
    let again = format!("/verify/again?then={}", ReturnTo::from_path("/lost").encoded());
    html! {
        @if let Some(left) = lock_seconds(request, profile) {
            p { (request.translate("lost-locked.wait")) " " (countdown(request, left)) }
        }
        p.hint { (request.translate("lost-locked.then")) }
        p.actions { a.button.full href=(request.url(&again)) { (request.translate("session-again")) } }
    }
}

/// Renders a factor that may be left, with the link to its form.
fn way(request: &PageRequest, sign: &str, name: &str, factor: FactorKind, has_text: bool) -> Markup {
    html! {
        section.lost-way aria-labelledby=(name) {
            h2 #(name) { (icon(sign)) (request.translate(name)) }
            @if has_text { p { (request.translate(&format!("{name}.text"))) } }
            p.actions { a.button.plain-button href=(request.url(&format!("/verify?with={}", factor.as_str()))) {
                (request.translate(&format!("{name}.do")))
            } }
        }
    }
}

fn pass_form(request: &PageRequest, form_error: Option<&FormError>) -> Markup {
    let described = if form_error.is_some() { "code-complaint code-hint" } else { "code-hint" };
    html! {
        form.stack method="post" action=(request.url("/lost")) {
            (key_field(request))
            div.field {
                label for="code" { (request.translate("lost-pass")) }
                @if let Some(form_error) = form_error { (form_error.shown(request, "code-complaint")) }
                input.recovery #code name="code" type="text" autocomplete="off" required maxlength="64"
                    spellcheck="false" autocapitalize="none" value=[request.form_value("code")]
                    aria-describedby=(described)
                    aria-invalid=[form_error.is_some().then_some("true")]
                    data-missing=(request.translate("field-missing"));
                p.hint #code-hint { (request.translate("lost-pass.hint")) }
            }
            button.button.full type="submit" { (request.translate("lost-pass.do")) }
        }
    }
}

/// `GET /interface/BRAND/recovered`: offers to replace the app and the codes after a login by recovery code.
pub(crate) async fn recovered(request: SharedRequest) -> PageResult {
    let profile = request.profile(AcceptedStages::TwoFactors).await?;
    let title = request.translate("recovered-title");
    let status = &profile.status;
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Account),
        html! {
            section.sheet {
                p.emblem aria-hidden="true" { (icon("key")) }
                h1 { (title) }
                p.lead { (request.translate("recovered-title.lead")) }
                @if status.totp_enabled && !status.phishing_resistant_required {
                    h2 { (request.translate("recovered-app")) }
                    p { (request.translate("recovered-app.text")) }
                    (post_button(&request, "/app/start", "button", "recovered-app"))
                }
                h2 { (request.translate("recovered-codes")) }
                p { (request.translate_with("recovered-codes.text", &[("left", status.recovery_codes_left.into())])) }
                // Asks first, as everywhere: the codes that are left stop working.
                p.actions {
                    a.button.plain-button href=(request.url("/codes/renew")) { (request.translate("recovered-codes")) }
                }
                p.actions { a.link href=(request.url("")) { (request.translate("recovered-later")) } }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}
