//! Handlers that verify a second factor.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_flows::{AcceptedStages, AccessGrant};
use mfa_recovery::CodeWarning;
use serde::Serialize;
use utoipa::ToSchema;

use super::AccessToken;
use crate::problem::ApiError;
use crate::request::{ApiRequest, recovery_code, sms_code, totp_code};
use crate::request_context::RequestContext;
use crate::schemas;

/// Two-factor access token after a successful verification.
#[derive(Serialize, ToSchema)]
pub(super) struct VerifyResponse<'a> {
    #[serde(flatten)]
    token: AccessToken<'a>,
    #[schema(schema_with = schemas::factor)]
    method: &'static str,
    /// Number of unused recovery codes.
    #[schema(minimum = 0, maximum = 10)]
    recovery_codes_left: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::warning)]
    warning: Option<String>,
}

/// `POST /api/mfa/verify/totp`
pub(super) async fn totp(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, totp_code, |flows, call, code| async move {
            flows.verify_totp(&call, code).await
        })
        .await?;
    Ok(response(&granted, None))
}

/// `POST /api/mfa/verify/sms`
pub(super) async fn sms(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, sms_code, |flows, call, code| async move {
            flows.verify_sms(&call, code).await
        })
        .await?;
    Ok(response(&granted, None))
}

/// `POST /api/mfa/verify/recovery`
pub(super) async fn recovery(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let granted = request
        .code_check(AcceptedStages::SecondFactor, recovery_code, |flows, call, code| async move {
            flows.verify_recovery(&call, code).await
        })
        .await?;
    let warning = mfa_recovery::warning_of(granted.recovery_codes_left, granted.recovery_set_is_foreign);
    Ok(response(&granted, warning.map(|it| warning_text(it, request.context()))))
}

/// Returns the response to a verified factor.
pub(super) fn granted(access: &AccessGrant) -> HttpResponse {
    response(access, None)
}

fn response(granted: &AccessGrant, warning: Option<String>) -> HttpResponse {
    HttpResponse::Ok().json(VerifyResponse {
        token: AccessToken::new(&granted.token, true),
        method: granted.method.as_str(),
        recovery_codes_left: granted.recovery_codes_left,
        warning,
    })
}

/// Returns the warning in the language of the request.
fn warning_text(warning: CodeWarning, context: &RequestContext) -> String {
    let text = match warning {
        CodeWarning::FewLeft(left) => context.translate("warning-few-codes-left", &[("left", left.into())]),
        CodeWarning::FromElsewhere => context.translate("warning-foreign-codes", &[]),
        CodeWarning::NoneLeft => context.translate("warning-no-code-left", &[]),
    };
    text.into_owned()
}
