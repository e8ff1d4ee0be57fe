//! The caller's account: how it is protected, by what its login can go on, and its end.

use actix_web::HttpResponse;
use mfa_core::FactorKind;
use mfa_flows::{Accepts, AccountStatus, MethodChoice, MethodState};
use serde::Serialize;

use crate::caller::Caller;
use crate::intake::Intake;
use crate::problem::Fault;
use crate::rfc3339::rfc3339;

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the contract")]
struct Status {
    user_id: i64,
    mfa_enforced: bool,
    totp_enabled: bool,
    totp_enrolled_at: Option<String>,
    /// Masked.
    phone: Option<String>,
    phone_verified: bool,
    backup_method: &'static str,
    recovery_codes_left: usize,
    locked: bool,
    lock_until: Option<String>,
    failed_attempts: u32,
    last_success_at: Option<String>,
    last_method: Option<&'static str>,
}

impl From<AccountStatus> for Status {
    fn from(status: AccountStatus) -> Self {
        Self {
            user_id: status.user.value(),
            mfa_enforced: status.mfa_enforced,
            totp_enabled: status.totp_enabled,
            totp_enrolled_at: status.totp_enrolled_at.and_then(rfc3339),
            phone: status.phone,
            phone_verified: status.phone_verified,
            backup_method: status.backup_method,
            recovery_codes_left: status.recovery_codes_left,
            locked: status.locked,
            lock_until: status.lock_until.and_then(rfc3339),
            failed_attempts: status.failed_attempts,
            last_success_at: status.last_success_at.and_then(rfc3339),
            last_method: status.last_method.map(FactorKind::as_str),
        }
    }
}

/// `GET /api/mfa/status`
pub(super) async fn status(intake: Intake) -> Result<HttpResponse, Fault> {
    let (call, body) = intake.open(Accepts::Access)?;
    body.nothing()?;
    let status = intake.run(|flows| async move { flows.status(&call).await }).await?;
    Ok(HttpResponse::Ok().json(Status::from(status)))
}

#[derive(Serialize)]
struct Methods {
    methods: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    method: &'static str,
    label: String,
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Choice {
    fn of(choice: MethodChoice, caller: &Caller) -> Self {
        Self {
            method: choice.method.as_str(),
            label: caller.say(label(choice.method), &[]).into_owned(),
            available: choice.state == MethodState::Available,
            reason: match choice.state {
                MethodState::Available => None,
                MethodState::NotEnrolled => Some("not_enrolled"),
                MethodState::Locked => Some("account_locked"),
                MethodState::Unavailable => Some("sms_unavailable"),
                MethodState::Unreachable => Some("phone_unreachable"),
            },
        }
    }
}

const fn label(method: FactorKind) -> &'static str {
    match method {
        FactorKind::Totp => "method-totp",
        FactorKind::Sms => "method-sms",
        FactorKind::Recovery => "method-recovery",
    }
}

/// `GET /api/mfa/methods`
pub(super) async fn methods(intake: Intake) -> Result<HttpResponse, Fault> {
    let (call, body) = intake.open(Accepts::Any)?;
    body.nothing()?;
    let choices = intake.run(|flows| async move { flows.methods(&call).await }).await?;
    let caller = intake.caller();
    let methods = choices.into_iter().map(|choice| Choice::of(choice, caller)).collect();
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Language", caller.language.tag()))
        .insert_header(("Vary", "Accept-Language"))
        .json(Methods { methods }))
}

#[derive(Serialize)]
struct Revoked {
    revoked: bool,
}

/// `POST /api/mfa/token/revoke`
pub(super) async fn revoke(intake: Intake) -> Result<HttpResponse, Fault> {
    let (call, body) = intake.open(Accepts::Any)?;
    body.nothing()?;
    intake.run(|flows| async move { flows.revoke(&call).await }).await?;
    Ok(HttpResponse::Ok().json(Revoked { revoked: true }))
}
