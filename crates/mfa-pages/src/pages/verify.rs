//! Page that verifies the second factor, at login and for step-up.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{FactorKind, Stage, Timestamp};
use mfa_flows::{AcceptedStages, AccessGrant, Call, FlowError, MethodChoice, MethodState, Profile};
use mfa_recovery::CodeWarning;
use mfa_totp::{PERIOD, TotpCode};

use crate::SharedRequest;
use crate::assets::AssetFile;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, document};
use crate::parts::{
    FormError, clock_error, code_field, countdown, form_error_for, hidden, icon, key_field, resend_button,
    title_with_error,
};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::return_to::ReturnTo;
use mfa_http::problem::ApiError;
use mfa_http::request::{recovery_code, sms_code, totp_code};

/// The data of the page.
struct VerifyView {
    profile: Profile,
    choices: Vec<MethodChoice>,
    is_step_up: bool,
    then: ReturnTo,
}

/// `GET /interface/BRAND/verify`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::SecondFactor)?;
    let view = view(&request, call).await?;
    if !view.profile.has_factor {
        return Ok(PageResponse::redirect(&request, "/start"));
    }
    let asked = request.query("with").and_then(FactorKind::parse);
    let method = asked.filter(|it| view.has(*it)).unwrap_or_else(|| view.best());
    let page = verify_page(&request, &view, method, None);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// `POST /interface/BRAND/verify/totp`
pub(crate) async fn totp(request: SharedRequest) -> PageResult {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, totp_code, |flows, call, code| async move {
            flows.verify_totp(&call, code).await
        })
        .await;
    match granted {
        Err(ApiError::Flow(FlowError::InvalidCode)) => wrong_totp(&request).await,
        granted => passed(&request, FactorKind::Totp, granted).await,
    }
}

/// `POST /interface/BRAND/verify/sms`
pub(crate) async fn sms(request: SharedRequest) -> PageResult {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, sms_code, |flows, call, code| async move {
            flows.verify_sms(&call, code).await
        })
        .await;
    passed(&request, FactorKind::Sms, granted).await
}

/// `POST /interface/BRAND/verify/recovery`
pub(crate) async fn recovery(request: SharedRequest) -> PageResult {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, recovery_code, |flows, call, typed| async move {
            flows.verify_recovery(&call, typed).await
        })
        .await;
    passed(&request, FactorKind::Recovery, granted).await
}

/// `POST /interface/BRAND/verify/send`
pub(crate) async fn send(request: SharedRequest) -> PageResult {
    let call = request.open(AcceptedStages::SecondFactor)?;
    let language = request.language().into();
    let sent = request.run(|flows| async move { flows.send_sms(&call, language).await }).await;
    let then = ReturnTo::parse(request.control_value("then")).as_str();
    match sent {
        Ok(_) => {
            let sent = request.now().seconds();
            Ok(PageResponse::redirect(&request, &format!("/verify?with=sms&sent={sent}&then={then}")))
        }
        Err(error) => refused(&request, FactorKind::Sms, error).await,
    }
}

async fn passed(
    request: &PageRequest,
    method: FactorKind,
    granted: Result<AccessGrant, ApiError>,
) -> PageResult {
    let granted = match granted {
        Ok(granted) => granted,
        Err(error) => return refused(request, method, error).await,
    };
    let next = ReturnTo::parse(request.control_value("then")).path();
    let response = PageResponse::redirect(request, next).sign_in(request, &granted.token);
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

async fn refused(request: &PageRequest, method: FactorKind, error: ApiError) -> PageResult {
    if !belongs_on_the_form(&error) {
        return Err(error.into());
    }
    let call = request.open(AcceptedStages::SecondFactor)?;
    let view = view(request, call).await?;
    Ok(PageResponse::with_form_error(request, error, |request, error| {
        verify_page(request, &view, method, Some(&form_error_for(request, error)))
    }))
}

/// Renders a wrong TOTP code, with an explanation if the phone's clock is off.
async fn wrong_totp(request: &PageRequest) -> PageResult {
    let call = request.open(AcceptedStages::SecondFactor)?;
    let typed = request.form_value("code").and_then(|it| TotpCode::parse(it).ok());
    let drift = match typed {
        Some(code) => {
            let call = call.clone();
            request.run(|flows| async move { flows.explain_refused_code(&call, code).await }).await?
        }
        None => None,
    };
    let view = view(request, call).await?;
    Ok(PageResponse::with_form_error(request, ApiError::Flow(FlowError::InvalidCode), |request, error| {
        let form_error =
            drift.map_or_else(|| form_error_for(request, error), |it| clock_error(request, it.seconds()));
        verify_page(request, &view, FactorKind::Totp, Some(&form_error))
    }))
}

async fn view(request: &PageRequest, call: Call) -> Result<VerifyView, ApiError> {
    let is_step_up = call.token.stage != Stage::Pending;
    let asked = request.query("then").or_else(|| request.control_value("then")).map(str::to_owned);
    let (profile, choices) = request
        .run(|flows| async move {
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>((profile, flows.methods(&call).await?))
        })
        .await?;
    Ok(VerifyView { profile, choices, is_step_up, then: ReturnTo::parse(asked.as_deref()) })
}

impl VerifyView {
    fn has(&self, method: FactorKind) -> bool {
        self.choices.iter().any(|it| it.method == method && it.state != MethodState::NotEnrolled)
    }

    fn best(&self) -> FactorKind {
        let is_good = |it: &&MethodChoice| it.state == MethodState::Available;
        let best = self.choices.iter().find(is_good).map(|it| it.method);
        best.or_else(|| self.choices.iter().map(|it| it.method).find(|it| self.has(*it)))
            .unwrap_or(FactorKind::Totp)
    }

    fn others(&self, method: FactorKind) -> impl Iterator<Item = &MethodChoice> {
        self.choices.iter().filter(move |it| it.method != method && it.state != MethodState::NotEnrolled)
    }
}

fn verify_page(
    request: &PageRequest,
    view: &VerifyView,
    method: FactorKind,
    form_error: Option<&FormError>,
) -> Markup {
    let title = request.translate(if view.is_step_up { "verify-again" } else { "verify-title" });
    let layout = Layout::signed_out(title_with_error(request, title.clone(), form_error))
        .with(AssetFile::Codes)
        .with(AssetFile::Clock);
    let lock = view.profile.status.locked;
    document(
        request,
        &layout,
        html! {
            section.sheet {
                p.who { (icon("shield")) span { (view.profile.email) } }
                h1 { (title) }
                @if view.is_step_up { p.hint { (request.translate("verify-again.hint")) } }
                @if lock {
                    (locked(request, view))
                } @else {
                    @match method {
                        FactorKind::Totp => (totp_form(request, view, form_error)),
                        FactorKind::Sms => (sms_form(request, view, form_error)),
                        FactorKind::Recovery => (recovery_form(request, view, form_error)),
                    }
                    (other_ways(request, view, method))
                }
                @if !view.is_step_up {
                    form.leave method="post" action=(request.url("/logout")) {
                        (key_field(request))
                        button.link type="submit" { (request.translate("verify-leave")) }
                    }
                }
            }
        },
    )
}

fn locked(request: &PageRequest, view: &VerifyView) -> Markup {
    let seconds =
        view.profile.status.lock_until.map(|end| end.since(request.now()).as_secs().saturating_add(1));
    html! {
        div.complaint role="alert" {
            (icon("lock"))
            span {
                (request.translate("verify-locked"))
                @match seconds {
                    Some(seconds) => { " " (request.translate("wait")) " " (countdown(request, seconds)) },
                    None => { " " (request.translate("verify-locked.forever")) },
                }
            }
        }
    }
}

fn begin_form(request: &PageRequest, view: &VerifyView) -> Markup {
    html! { (key_field(request)) (hidden("then", view.then.as_str())) }
}

fn totp_form(request: &PageRequest, view: &VerifyView, form_error: Option<&FormError>) -> Markup {
    let period = PERIOD.as_secs();
    let into_step = u64::try_from(request.now().seconds()).unwrap_or(0).checked_rem(period).unwrap_or(0);
    html! {
        p.lead { (request.translate("verify-totp")) }
        form.stack method="post" action=(request.url("/verify/totp")) {
            (begin_form(request, view))
            (code_field(request, "code-hint-app", form_error))
            p.step-left data-left=(period.saturating_sub(into_step)) data-period=(period) {
                svg.dial viewBox="0 0 36 36" width="20" height="20" aria-hidden="true" {
                    circle.dial-ring cx="18" cy="18" r="15" pathLength="100" fill="none" {}
                    circle.dial-left cx="18" cy="18" r="15" pathLength="100" fill="none" stroke-dasharray="100 100" {}
                }
                span { (request.translate("verify-step")) " " strong { (period.saturating_sub(into_step)) } "\u{a0}s" }
            }
            button.button.full type="submit" { (request.translate("verify-confirm")) }
        }
    }
}

fn sms_form(request: &PageRequest, view: &VerifyView, form_error: Option<&FormError>) -> Markup {
    let sent_at =
        request.query("sent").or_else(|| request.control_value("sent")).and_then(|it| it.parse().ok());
    let sent_at = sent_at.map(Timestamp::from_seconds);
    let is_sent = sent_at.is_some() || request.form_value("code").is_some();
    let phone = view.profile.status.phone.clone().unwrap_or_default();
    html! {
        @if is_sent {
            p.lead { (request.translate_with("verify-sms-sent", &[("phone", phone.into())])) }
            form.stack data-otp="sms" method="post" action=(request.url("/verify/sms")) {
                (begin_form(request, view))
                @if let Some(at) = sent_at { (hidden("sent", &at.seconds().to_string())) }
                (code_field(request, "code-hint-sms", form_error))
                button.button.full type="submit" { (request.translate("verify-confirm")) }
            }
            form.resend method="post" action=(request.url("/verify/send")) {
                (begin_form(request, view))
                (resend_button(request, sent_at))
            }
        } @else {
            p.lead { (request.translate_with("verify-sms", &[("phone", phone.into())])) }
            @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
            form.stack method="post" action=(request.url("/verify/send")) {
                (begin_form(request, view))
                button.button.full type="submit" { (icon("message")) (request.translate("verify-sms-send")) }
            }
            p.actions {
                a.link href=(request.url(&format!("/verify?with=sms&sent=0&then={}", view.then.as_str()))) {
                    (request.translate("verify-sms-have"))
                }
            }
        }
    }
}

fn recovery_form(request: &PageRequest, view: &VerifyView, form_error: Option<&FormError>) -> Markup {
    let described = if form_error.is_some() { "code-complaint code-hint" } else { "code-hint" };
    html! {
        p.lead { (request.translate("verify-recovery")) }
        form.stack method="post" action=(request.url("/verify/recovery")) {
            (begin_form(request, view))
            div.field {
                label for="code" { (request.translate("recovery-label")) }
                @if let Some(form_error) = form_error { (form_error.shown(request, "code-complaint")) }
                input.recovery #code name="code" type="text" autocomplete="off" required autofocus maxlength="64"
                    spellcheck="false" autocapitalize="none" placeholder="xxxx-xxxx-xxxx-xxxx"
                    aria-describedby=(described) aria-invalid=[form_error.is_some().then_some("true")]
                    data-missing=(request.translate("field-missing"));
                p.hint #code-hint { (request.translate("recovery-hint")) }
            }
            button.button.full type="submit" { (request.translate("verify-confirm")) }
        }
    }
}

fn other_ways(request: &PageRequest, view: &VerifyView, method: FactorKind) -> Markup {
    let way = |choice: &MethodChoice| match choice.method {
        FactorKind::Totp => ("app", "way-totp"),
        FactorKind::Sms => ("message", "way-sms"),
        FactorKind::Recovery => ("key", "way-recovery"),
    };
    let mut others = view.others(method).peekable();
    let has_others = others.peek().is_some();
    html! {
        @if has_others {
            nav.ways aria-labelledby="ways" {
                h2 #ways { (request.translate("ways")) }
                @for choice in others {
                    @let (sign, name) = way(choice);
                    @if matches!(choice.state, MethodState::Unavailable | MethodState::Unreadable | MethodState::Refused) {
                        p.way.off { (icon(sign)) span { (request.translate(name)) small { (request.translate("way-off")) } } }
                    } @else {
                        a.way href=(request.url(&format!(
                            "/verify?with={}&then={}", choice.method.as_str(), view.then.as_str()
                        ))) { (icon(sign)) span { (request.translate(name)) } (icon("next")) }
                    }
                }
            }
        }
    }
}
