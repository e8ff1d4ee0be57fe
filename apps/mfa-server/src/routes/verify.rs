//! Showing a second factor.

use actix_web::HttpResponse;
use mfa_flows::Accepts;
use serde::Serialize;

use super::AccessToken;
use crate::intake::Intake;
use crate::problem::Fault;

#[derive(Serialize)]
struct Verified<'a> {
    #[serde(flatten)]
    token: AccessToken<'a>,
    method: &'static str,
    recovery_codes_left: usize,
}

/// `POST /api/mfa/verify/totp`
pub(super) async fn totp(intake: Intake) -> Result<HttpResponse, Fault> {
    let granted = intake
        .code_check(
            Accepts::SecondFactor,
            |flows, call, code| async move { flows.verify_totp(&call, code).await },
        )
        .await?;
    Ok(HttpResponse::Ok().json(Verified {
        token: AccessToken::new(&granted.token, true),
        method: granted.method.as_str(),
        recovery_codes_left: granted.recovery_codes_left,
    }))
}
