//! The second factor: of a login, and again before a change of what protects the account.

use std::time::Duration;

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{FactorKind, Stage, Timestamp};
use mfa_flows::{AcceptedStages, AccessGrant, Call, FlowError, MethodChoice, MethodState, Profile};
use mfa_recovery::CodeWarning;
use mfa_totp::{PERIOD, TotpCode};

use super::login::marked;
use crate::interface::assets::AssetFile;
use crate::interface::layout::{Layout, document};
use crate::interface::page_request::PageRequest;
use crate::interface::parts::{
    Flash, FormError, ReturnTo, code_field, complaint_of, countdown, hidden, icon, key_field,
};
use crate::interface::{PageResult, SharedPageRequest, error, response};
use crate::problem::ApiError;
use crate::request::{recovery_code, sms_code, totp_code};

/// What the page needs to know.
struct VerifyView {
    profile: Profile,
    choices: Vec<MethodChoice>,
    is_step_up: bool,
    then: ReturnTo,
}

/// `GET /interface/BRAND/verify`
pub(in crate::interface) async fn show(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::SecondFactor)?;
    let scene = scene(&visit, call).await?;
    if !scene.profile.has_factor {
        return Ok(response::go(&visit, "/start"));
    }
    let asked = visit.query("with").and_then(FactorKind::parse);
    let method = asked.filter(|it| scene.has(*it)).unwrap_or_else(|| scene.best());
    let page = verify_page(&visit, &scene, method, None);
    Ok(response::page(&visit, StatusCode::OK, page))
}

/// `POST /interface/BRAND/verify/totp`
pub(in crate::interface) async fn totp(visit: SharedPageRequest) -> PageResult {
    let granted = visit
        .code_check(AcceptedStages::SecondFactor, totp_code, |flows, call, code| async move {
            flows.verify_totp(&call, code).await
        })
        .await;
    match granted {
        Err(ApiError::Refused(FlowError::InvalidCode)) => wrong_totp(&visit).await,
        granted => passed(&visit, FactorKind::Totp, granted).await,
    }
}

/// `POST /interface/BRAND/verify/sms`
pub(in crate::interface) async fn sms(visit: SharedPageRequest) -> PageResult {
    let granted = visit
        .code_check(AcceptedStages::SecondFactor, sms_code, |flows, call, code| async move {
            flows.verify_sms(&call, code).await
        })
        .await;
    passed(&visit, FactorKind::Sms, granted).await
}

/// `POST /interface/BRAND/verify/recovery`
pub(in crate::interface) async fn recovery(visit: SharedPageRequest) -> PageResult {
    let granted = visit
        .code_check(AcceptedStages::SecondFactor, recovery_code, |flows, call, typed| async move {
            flows.verify_recovery(&call, typed).await
        })
        .await;
    passed(&visit, FactorKind::Recovery, granted).await
}

/// `POST /interface/BRAND/verify/send`
pub(in crate::interface) async fn send(visit: SharedPageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::SecondFactor)?;
    let language = visit.language().into();
    let sent = visit.run(|flows| async move { flows.send_sms(&call, language).await }).await;
    let then = ReturnTo::parse(visit.aside("then")).as_str();
    match sent {
        Ok(_) => {
            let sent = visit.now().seconds();
            Ok(response::go(&visit, &format!("/verify?with=sms&sent={sent}&then={then}")))
        }
        Err(fault) => refused(&visit, FactorKind::Sms, fault).await,
    }
}

async fn passed(
    visit: &PageRequest,
    method: FactorKind,
    granted: Result<AccessGrant, ApiError>,
) -> PageResult {
    let granted = match granted {
        Ok(granted) => granted,
        Err(fault) => return refused(visit, method, fault).await,
    };
    visit.sign_in(&granted.token);
    if method == FactorKind::Recovery {
        match mfa_recovery::warning_of(granted.recovery_codes_left, granted.recovery_set_is_foreign) {
            Some(CodeWarning::FewLeft(_)) => visit.set_flash(Flash::FewCodesLeft),
            Some(CodeWarning::FromElsewhere) => visit.set_flash(Flash::ForeignCodes),
            Some(CodeWarning::NoneLeft) => visit.set_flash(Flash::NoCodesLeft),
            None => {}
        }
    }
    Ok(response::go(visit, ReturnTo::parse(visit.aside("then")).path()))
}

async fn refused(visit: &PageRequest, method: FactorKind, fault: ApiError) -> PageResult {
    if !error::belongs_on_the_form(&fault) {
        return Err(fault.into());
    }
    let call = visit.open(AcceptedStages::SecondFactor)?;
    let scene = scene(visit, call).await?;
    Ok(error::refused(visit, fault, |visit, fault| {
        verify_page(visit, &scene, method, Some(&complaint_of(visit, fault)))
    }))
}

/// A wrong code of the app may be the right one of a phone whose clock is off.
async fn wrong_totp(visit: &PageRequest) -> PageResult {
    let call = visit.open(AcceptedStages::SecondFactor)?;
    let typed = visit.typed("code").and_then(|it| TotpCode::parse(it).ok());
    let drift = match typed {
        Some(code) => {
            let call = call.clone();
            visit.run(|flows| async move { flows.explain_refused_code(&call, code).await }).await?
        }
        None => None,
    };
    let scene = scene(visit, call).await?;
    Ok(error::refused(visit, ApiError::Refused(FlowError::InvalidCode), |visit, fault| {
        let complaint =
            drift.map_or_else(|| complaint_of(visit, fault), |it| clock_complaint(visit, it.seconds()));
        verify_page(visit, &scene, FactorKind::Totp, Some(&complaint))
    }))
}

/// "Your phone's clock is off by about 90 seconds."
pub(in crate::interface) fn clock_complaint(visit: &PageRequest, seconds: i64) -> FormError {
    let name = if seconds < 0 { "clock-behind" } else { "clock-ahead" };
    let seconds = seconds.unsigned_abs().to_string();
    FormError::new(visit.translate_with(name, &[("seconds", seconds.into())]))
}

async fn scene(visit: &PageRequest, call: Call) -> Result<VerifyView, ApiError> {
    let is_step_up = call.token.stage != Stage::Pending;
    let asked = visit.query("then").or_else(|| visit.aside("then")).map(str::to_owned);
    let (profile, choices) = visit
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
    visit: &PageRequest,
    scene: &VerifyView,
    method: FactorKind,
    complaint: Option<&FormError>,
) -> Markup {
    let title = visit.translate(if scene.is_step_up { "verify-again" } else { "verify-title" });
    let frame = Layout::signed_out(marked(visit, title.clone(), complaint))
        .with(AssetFile::Codes)
        .with(AssetFile::Clock);
    let lock = scene.profile.status.locked;
    document(
        visit,
        &frame,
        html! {
            section.sheet {
                p.who { (icon("shield")) span { (scene.profile.email) } }
                h1 { (title) }
                @if scene.is_step_up { p.hint { (visit.translate("verify-again.hint")) } }
                @if lock {
                    (locked(visit, scene))
                } @else {
                    @match method {
                        FactorKind::Totp => (totp_form(visit, scene, complaint)),
                        FactorKind::Sms => (sms_form(visit, scene, complaint)),
                        FactorKind::Recovery => (recovery_form(visit, scene, complaint)),
                    }
                    (other_ways(visit, scene, method))
                }
                @if !scene.is_step_up {
                    form.leave method="post" action=(visit.to("/logout")) {
                        (key_field(visit))
                        button.link type="submit" { (visit.translate("verify-leave")) }
                    }
                }
            }
        },
    )
}

fn locked(visit: &PageRequest, scene: &VerifyView) -> Markup {
    let seconds =
        scene.profile.status.lock_until.map(|end| end.since(visit.now()).as_secs().saturating_add(1));
    html! {
        div.complaint role="alert" {
            (icon("lock"))
            span {
                (visit.translate("verify-locked"))
                @match seconds {
                    Some(seconds) => { " " (visit.translate("wait")) " " (countdown(visit, seconds)) },
                    None => { " " (visit.translate("verify-locked.forever")) },
                }
            }
        }
    }
}

fn begin_form(visit: &PageRequest, scene: &VerifyView) -> Markup {
    html! { (key_field(visit)) (hidden("then", scene.then.as_str())) }
}

fn totp_form(visit: &PageRequest, scene: &VerifyView, complaint: Option<&FormError>) -> Markup {
    let period = PERIOD.as_secs();
    let into_step = u64::try_from(visit.now().seconds()).unwrap_or(0).checked_rem(period).unwrap_or(0);
    html! {
        p.lead { (visit.translate("verify-totp")) }
        form.stack method="post" action=(visit.to("/verify/totp")) {
            (begin_form(visit, scene))
            (code_field(visit, "code-hint-app", complaint))
            p.step-left data-left=(period.saturating_sub(into_step)) data-period=(period) {
                svg.dial viewBox="0 0 36 36" width="20" height="20" aria-hidden="true" {
                    circle.dial-ring cx="18" cy="18" r="15" pathLength="100" fill="none" {}
                    circle.dial-left cx="18" cy="18" r="15" pathLength="100" fill="none" stroke-dasharray="100 100" {}
                }
                span { (visit.translate("verify-step")) " " strong { (period.saturating_sub(into_step)) } "\u{a0}s" }
            }
            button.button.full type="submit" { (visit.translate("verify-confirm")) }
        }
    }
}

fn sms_form(visit: &PageRequest, scene: &VerifyView, complaint: Option<&FormError>) -> Markup {
    let sent_at = visit.query("sent").or_else(|| visit.aside("sent")).and_then(|it| it.parse().ok());
    let sent_at = sent_at.map(Timestamp::from_seconds);
    let is_sent = sent_at.is_some() || visit.typed("code").is_some();
    let phone = scene.profile.status.phone.clone().unwrap_or_default();
    html! {
        @if is_sent {
            p.lead { (visit.translate_with("verify-sms-sent", &[("phone", phone.into())])) }
            form.stack data-otp="sms" method="post" action=(visit.to("/verify/sms")) {
                (begin_form(visit, scene))
                @if let Some(at) = sent_at { (hidden("sent", &at.seconds().to_string())) }
                (code_field(visit, "code-hint-sms", complaint))
                button.button.full type="submit" { (visit.translate("verify-confirm")) }
            }
            form.resend method="post" action=(visit.to("/verify/send")) {
                (begin_form(visit, scene))
                (resend_button(visit, sent_at))
            }
        } @else {
            p.lead { (visit.translate_with("verify-sms", &[("phone", phone.into())])) }
            @if let Some(complaint) = complaint { (complaint.shown(visit, "complaint")) }
            form.stack method="post" action=(visit.to("/verify/send")) {
                (begin_form(visit, scene))
                button.button.full type="submit" { (icon("message")) (visit.translate("verify-sms-send")) }
            }
            p.actions {
                a.link href=(visit.to(&format!("/verify?with=sms&sent=0&then={}", scene.then.as_str()))) {
                    (visit.translate("verify-sms-have"))
                }
            }
        }
    }
}

/// Asks for another code, a minute after the last one; without scripts at once, and the limit says the rest.
pub(in crate::interface) fn resend_button(visit: &PageRequest, sent_at: Option<Timestamp>) -> Markup {
    let passed = sent_at.map_or(Duration::ZERO, |at| visit.now().since(at));
    let left = mfa_sms::RESEND_DELAY.saturating_sub(passed).as_secs();
    html! {
        button.link type="submit" data-after=(left) data-wait=(visit.translate("resend-in")) {
            (visit.translate("resend"))
        }
    }
}

fn recovery_form(visit: &PageRequest, scene: &VerifyView, complaint: Option<&FormError>) -> Markup {
    let described = if complaint.is_some() { "code-complaint code-hint" } else { "code-hint" };
    html! {
        p.lead { (visit.translate("verify-recovery")) }
        form.stack method="post" action=(visit.to("/verify/recovery")) {
            (begin_form(visit, scene))
            div.field {
                label for="code" { (visit.translate("recovery-label")) }
                @if let Some(complaint) = complaint { (complaint.shown(visit, "code-complaint")) }
                input.recovery #code name="code" type="text" autocomplete="off" required autofocus maxlength="64"
                    spellcheck="false" autocapitalize="none" placeholder="xxxx-xxxx-xxxx-xxxx"
                    aria-describedby=(described) aria-invalid=[complaint.is_some().then_some("true")]
                    data-missing=(visit.translate("field-missing"));
                p.hint #code-hint { (visit.translate("recovery-hint")) }
            }
            button.button.full type="submit" { (visit.translate("verify-confirm")) }
        }
    }
}

fn other_ways(visit: &PageRequest, scene: &VerifyView, method: FactorKind) -> Markup {
    let way = |choice: &MethodChoice| match choice.method {
        FactorKind::Totp => ("app", "way-totp"),
        FactorKind::Sms => ("message", "way-sms"),
        FactorKind::Recovery => ("key", "way-recovery"),
    };
    let mut others = scene.others(method).peekable();
    let has_others = others.peek().is_some();
    html! {
        @if has_others {
            nav.ways aria-labelledby="ways" {
                h2 #ways { (visit.translate("ways")) }
                @for choice in others {
                    @let (sign, name) = way(choice);
                    @if choice.state == MethodState::Unavailable {
                        p.way.off { (icon(sign)) span { (visit.translate(name)) small { (visit.translate("way-off")) } } }
                    } @else {
                        a.way href=(visit.to(&format!(
                            "/verify?with={}&then={}", choice.method.as_str(), scene.then.as_str()
                        ))) { (icon(sign)) span { (visit.translate(name)) } (icon("next")) }
                    }
                }
            }
        }
    }
}
