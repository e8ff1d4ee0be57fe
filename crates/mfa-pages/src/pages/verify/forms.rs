//! Forms of the page that verifies the second factor.

use maud::{Markup, html};
use mfa_core::{FactorKind, Timestamp};
use mfa_flows::{MethodChoice, MethodState};
use mfa_totp::PERIOD;

use super::view::VerifyView;
use crate::canonical_url::canonical_url;
use crate::parts::{
    CodeField, FormError, PasskeyCall, code_field, code_field_of, countdown, hidden, icon, key_field,
    lock_seconds, lock_text, passkey_form, resend_button,
};
use crate::request::PageRequest;

/// The number of attempts before a lock from which the page warns.
const WARNED_ATTEMPTS: u32 = 3;

/// Renders the form for a passkey. `starts_at_once`: the call starts when the page is opened.
pub(super) fn passkey(
    request: &PageRequest,
    view: &VerifyView,
    starts_at_once: bool,
    form_error: Option<&FormError>,
) -> Markup {
    let is_only = view.accepts_passkey_only();
    html! {
        p.lead { (request.translate("verify-passkey")) }
        @if is_only { p { (request.translate("verify-passkey.only")) } }
        @if let Some(form_error) = form_error { (form_error.shown(request, "complaint")) }
        (passkey_form(request, PasskeyCall::Get { starts_at_once }, is_only, &html! {
            (hidden("then", &view.then.name()))
        }))
    }
}

/// Renders until when the account is locked, what to do meanwhile, and the way on when the lock has ended.
pub(super) fn locked(request: &PageRequest, view: &VerifyView) -> Markup {
    // A session goes on after a lock, a login does not.
    let (again, name) = if view.is_step_up {
        (canonical_url(request), "verify-locked.again")
    } else {
        (format!("/verify/again?then={}", view.then.encoded()), "session-again")
    };
    html! {
        div.complaint role="alert" data-until-end {
            (icon("lock"))
            span { (lock_text(request, &view.profile)) }
        }
        @match lock_seconds(request, &view.profile) {
            Some(seconds) => {
                p.wait data-until-over=(request.translate("verify-unlocked")) {
                    (request.translate("wait")) " " (countdown(request, seconds))
                }
                p { (request.translate("verify-locked.what")) }
                // Without scripts the link is there at once, and leads here again until the lock has ended.
                p.actions data-after-wait { a.button.full href=(request.url(&again)) { (request.translate(name)) } }
            },
            None => { p { (request.translate("verify-locked.ask")) } },
        }
    }
}

/// Warns from the third attempt before the one that locks the account.
pub(super) fn attempts_left(request: &PageRequest, view: &VerifyView) -> Markup {
    let status = &view.profile.status;
    let left = request.flows().policy().lockout.failures_left(status.failed_attempts);
    html! {
        @if status.failed_attempts > 0 && left <= WARNED_ATTEMPTS {
            p.banner.warn role="status" {
                (icon("alert"))
                span { (request.translate_with("verify-attempts", &[("left", left.into())])) }
            }
        }
    }
}

fn begin_form(request: &PageRequest, view: &VerifyView) -> Markup {
    html! { (key_field(request)) (hidden("then", &view.then.name())) }
}

pub(super) fn totp_form(request: &PageRequest, view: &VerifyView, form_error: Option<&FormError>) -> Markup {
    let is_usual = view.app_period == Some(PERIOD.as_secs());
    let hint = if is_usual { "code-hint-app" } else { "code-hint-app-any" };
    let digits = view.code_digits(FactorKind::Totp);
    html! {
        p.lead { (request.translate("verify-totp")) }
        form.stack method="post" action=(request.url("/verify/totp")) {
            (begin_form(request, view))
            (code_field_of(request, CodeField { digits, hint, is_focused: true }, form_error))
            @if let Some(period) = view.app_period { (step_left(request, period)) }
            button.button.full type="submit" { (request.translate("verify-confirm")) }
        }
    }
}

/// Renders the time until the code of an app with this period changes.
fn step_left(request: &PageRequest, period: u64) -> Markup {
    let into_step = u64::try_from(request.now().seconds()).unwrap_or(0).checked_rem(period).unwrap_or(0);
    let left = period.saturating_sub(into_step);
    html! {
        p.step-left data-left=(left) data-period=(period) {
            svg.dial viewBox="0 0 36 36" width="20" height="20" aria-hidden="true" {
                circle.dial-ring cx="18" cy="18" r="15" pathLength="100" fill="none" {}
                circle.dial-left cx="18" cy="18" r="15" pathLength="100" fill="none" stroke-dasharray="100 100" {}
            }
            span { (request.translate("verify-step")) " " strong { (left) } "\u{a0}s" }
        }
    }
}

pub(super) fn sms_form(request: &PageRequest, view: &VerifyView, form_error: Option<&FormError>) -> Markup {
    let sent_at = request.query("sent").and_then(|it| it.parse().ok());
    let sent_at = sent_at.map(Timestamp::from_seconds);
    let is_sent = sent_at.is_some();
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
                a.link href=(request.url(&format!("/verify?with=sms&sent=0&then={}", view.then.encoded()))) {
                    (request.translate("verify-sms-have"))
                }
            }
        }
    }
}

pub(super) fn recovery_form(
    request: &PageRequest,
    view: &VerifyView,
    form_error: Option<&FormError>,
) -> Markup {
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
                    value=[request.form_value("code")]
                    aria-describedby=(described) aria-invalid=[form_error.is_some().then_some("true")]
                    data-missing=(request.translate("field-missing"));
                p.hint #code-hint { (request.translate("recovery-hint")) }
            }
            button.button.full type="submit" { (request.translate("verify-confirm")) }
        }
    }
}

pub(super) fn other_ways(request: &PageRequest, view: &VerifyView, method: FactorKind) -> Markup {
    let way = |choice: &MethodChoice| match choice.method {
        FactorKind::Totp => ("app", "way-totp"),
        FactorKind::Sms => ("message", "way-sms"),
        FactorKind::Recovery => ("key", "way-recovery"),
        FactorKind::Passkey => ("passkey", "way-passkey"),
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
                            "/verify?with={}&then={}", choice.method.as_str(), view.then.encoded()
                        ))) { (icon(sign)) span { (request.translate(name)) } (icon("next")) }
                    }
                }
            }
        }
    }
}
