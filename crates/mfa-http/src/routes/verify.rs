//! Showing a second factor.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_flows::{AcceptedStages, AccessGrant};
use mfa_recovery::CodeWarning;
use serde::Serialize;
use utoipa::ToSchema;

use super::AccessToken;
use crate::openapi::schemas;
use crate::problem::ApiError;
use crate::request::{ApiRequest, recovery_code, sms_code, totp_code};
use crate::request_context::RequestContext;

#[derive(Serialize, ToSchema)]
struct VerifyResponse<'a> {
    #[serde(flatten)]
    token: AccessToken<'a>,
    #[schema(schema_with = schemas::factor)]
    method: &'static str,
    /// How many recovery codes are not used yet.
    #[schema(minimum = 0, maximum = 10)]
    recovery_codes_left: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::warning)]
    warning: Option<String>,
}

/// `POST /api/mfa/verify/totp`
pub(super) async fn totp(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let granted = intake
        .code_check(AcceptedStages::SecondFactor, totp_code, |flows, call, code| async move {
            flows.verify_totp(&call, code).await
        })
        .await?;
    Ok(answer(&granted, None))
}

/// `POST /api/mfa/verify/sms`
pub(super) async fn sms(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let granted = intake
        .code_check(AcceptedStages::SecondFactor, sms_code, |flows, call, code| async move {
            flows.verify_sms(&call, code).await
        })
        .await?;
    Ok(answer(&granted, None))
}

/// `POST /api/mfa/verify/recovery`
pub(super) async fn recovery(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let granted = intake
        .code_check(AcceptedStages::SecondFactor, recovery_code, |flows, call, typed| async move {
            flows.verify_recovery(&call, typed).await
        })
        .await?;
    let warning = mfa_recovery::warning_of(granted.recovery_codes_left, granted.recovery_set_is_foreign);
    Ok(answer(&granted, warning.map(|it| few_codes(it, intake.caller()))))
}

fn answer(granted: &AccessGrant, warning: Option<String>) -> HttpResponse {
    HttpResponse::Ok().json(VerifyResponse {
        token: AccessToken::new(&granted.token, true),
        method: granted.method.as_str(),
        recovery_codes_left: granted.recovery_codes_left,
        warning,
    })
}

fn few_codes(warning: CodeWarning, caller: &RequestContext) -> String {
    let text = match warning {
        CodeWarning::FewLeft(left) => caller.translate("warning-few-codes-left", &[("left", left.into())]),
        CodeWarning::FromElsewhere => caller.translate("warning-foreign-codes", &[]),
        CodeWarning::NoneLeft => caller.translate("warning-no-code-left", &[]),
    };
    text.into_owned()
}
