//! Handlers that verify a second factor.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_flows::{AcceptedStages, AccessGrant, EnrolmentGrant, VerificationGrant};
use mfa_recovery::CodeWarning;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AccessToken, BEARER};
use crate::problem::ApiError;
use crate::request::{AccessPassInput, ApiRequest, access_pass_code, recovery_code, sms_code, totp_code};
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

/// Enrolment token: the factor is verified, and the user must register a passkey to log in.
#[derive(Serialize, ToSchema)]
#[schema(as = EnrolmentToken)]
pub(super) struct EnrolmentTokenResponse<'a> {
    #[schema(schema_with = schemas::token)]
    enrolment_token: &'a str,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    #[schema(schema_with = schemas::seconds)]
    expires_in: u64,
    /// Always `false`: the token registers a passkey, and gives access to nothing else.
    mfa_ok: bool,
    #[schema(schema_with = schemas::factor)]
    method: &'static str,
}

impl<'a> EnrolmentTokenResponse<'a> {
    fn new(granted: &'a EnrolmentGrant) -> Self {
        Self {
            enrolment_token: granted.token.token.expose(),
            token_type: BEARER,
            expires_in: granted.token.expires_in,
            mfa_ok: false,
            method: granted.method.as_str(),
        }
    }
}

/// Access token, or an enrolment token if the user must register a passkey first.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = VerificationResponse)]
#[expect(dead_code, reason = "describes the alternatives of the response")]
pub(super) enum VerificationResponse<'a> {
    Access(VerifyResponse<'a>),
    Enrolment(EnrolmentTokenResponse<'a>),
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
    let warning = match &granted {
        VerificationGrant::Access(access) => {
            mfa_recovery::warning_of(access.recovery_codes_left, access.recovery_set_is_foreign)
        }
        VerificationGrant::Enrolment(_) => None,
    };
    Ok(response(&granted, warning.map(|it| warning_text(it, request.context()))))
}

/// Enrolment token of an access pass.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessPassEnrolment)]
pub(super) struct AccessPassEnrolmentResponse<'a> {
    #[schema(schema_with = schemas::token)]
    enrolment_token: &'a str,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    #[schema(schema_with = schemas::seconds)]
    expires_in: u64,
    /// Always `false`: the token enrols a factor, and gives access to nothing else.
    mfa_ok: bool,
}

/// `POST /api/mfa/verify/access-pass`
pub(super) async fn access_pass(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let token = request
        .code_check(
            AcceptedStages::Pending,
            access_pass_code,
            |flows, call, AccessPassInput(pass)| async move { flows.verify_access_pass(&call, pass).await },
        )
        .await?;
    Ok(HttpResponse::Ok().json(AccessPassEnrolmentResponse {
        enrolment_token: token.token.expose(),
        token_type: BEARER,
        expires_in: token.expires_in,
        mfa_ok: false,
    }))
}

fn response(granted: &VerificationGrant, warning: Option<String>) -> HttpResponse {
    match granted {
        VerificationGrant::Access(access) => access_response(access, warning),
        VerificationGrant::Enrolment(enrolment) => {
            HttpResponse::Ok().json(EnrolmentTokenResponse::new(enrolment))
        }
    }
}

/// Returns the response with an access token.
pub(super) fn access_response(granted: &AccessGrant, warning: Option<String>) -> HttpResponse {
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
