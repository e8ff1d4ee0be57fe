//! Handlers of the public keys (JWKS) and of token introspection.

pub(super) mod doc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use mfa_core::{SecretText, Stage};
use mfa_flows::{ActiveToken, FlowError};
use mfa_infra::Mfa;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::BEARER;
use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request::{ApiOrFormRequest, BodyLimit, Field};
use crate::schemas;

/// `GET /.well-known/jwks.json`
pub(super) async fn keys(_: BodyLimit, mfa: Data<Mfa>) -> HttpResponse {
    HttpResponse::Ok().json(mfa.flows().public_keys())
}

/// Maximum length of a token in bytes: as much as a body can hold. A longer text than a token is not active.
const MAX_TOKEN_LENGTH: usize = 16 * 1024;

/// Request body of token introspection (RFC 7662 §2.1).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IntrospectionRequest {
    #[schema(schema_with = token_schema)]
    token: Field,
    /// Expected type of the token. It is ignored: every type of token is checked in the same way.
    #[schema(value_type = Option<String>, nullable = false)]
    token_type_hint: Option<Field>,
}

fn token_schema() -> Object {
    schemas::text(1, MAX_TOKEN_LENGTH).description(Some("Token to introspect.")).build()
}

/// Claims of an active token. A claim that the token does not have is omitted.
#[derive(Serialize, ToSchema)]
#[schema(as = ActiveToken)]
struct IntrospectionResponse<'a> {
    #[schema(schema_with = schemas::always_true)]
    active: bool,
    /// Id of the user.
    sub: String,
    /// User name.
    username: &'a str,
    /// E-mail address of the user.
    email: &'a str,
    /// Issuer of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    /// Audience of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    /// Expiry time in Unix seconds.
    exp: i64,
    /// Time of issue in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// Start of the validity in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// Id of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    /// Authentication level: `aal1` or `aal2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    /// Authentication methods (RFC 8176).
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [String]>,
    /// Time of the last verification of a second factor in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// Access tokens only: whether a second factor was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_ok: Option<bool>,
    /// Pending tokens only: `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_pending: Option<bool>,
}

impl<'a> IntrospectionResponse<'a> {
    fn new(active: &'a ActiveToken) -> Self {
        let ActiveToken { token, username, email } = active;
        let (mfa_ok, mfa_pending) = match token.presented.stage {
            Stage::Pending => (None, Some(true)),
            Stage::OneFactor => (Some(false), None),
            Stage::TwoFactors(_) => (Some(true), None),
        };
        Self {
            active: true,
            sub: token.presented.user.to_string(),
            username,
            email,
            iss: token.issuer.as_deref(),
            aud: token.audience.as_deref(),
            exp: token.presented.expires_at.seconds(),
            iat: token.issued,
            nbf: token.not_before,
            jti: token.id.as_deref(),
            token_type: BEARER,
            acr: token.level.as_deref(),
            amr: token.methods.as_deref(),
            auth_time: token.authenticated,
            mfa_ok,
            mfa_pending,
        }
    }
}

/// Response for every token that is not active, without the reason (RFC 7662 §2.2).
#[derive(Serialize, ToSchema)]
#[schema(as = InactiveToken)]
struct InactiveToken {
    #[schema(schema_with = schemas::always_false)]
    active: bool,
}

/// Result of token introspection.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum IntrospectionOutcome<'a> {
    Active(Box<IntrospectionResponse<'a>>),
    Inactive(InactiveToken),
}

/// `POST /api/mfa/token/introspect`
pub(super) async fn introspect(request: ApiOrFormRequest, mfa: Data<Mfa>) -> Result<HttpResponse, ApiError> {
    authorize(request.request().bearer(), mfa.settings().tokens.introspection_key.as_ref())?;
    let (body, mut errors) = request.parse::<IntrospectionRequest>()?;
    let token = body.token.text(&mut errors, token);
    let _ = body.token_type_hint.and_then(|it| it.text(&mut errors, |_| Ok(())));
    let token = errors.finish(token)?;
    let active = request.request().run(|flows| async move { flows.introspect(token.expose()).await }).await?;
    Ok(HttpResponse::Ok().json(match &active {
        Some(active) => IntrospectionOutcome::Active(Box::new(IntrospectionResponse::new(active))),
        None => IntrospectionOutcome::Inactive(InactiveToken { active: false }),
    }))
}

/// Checks the introspection key. Secrets compare in constant time.
fn authorize(presented: Option<&SecretText>, key: Option<&SecretText>) -> Result<(), ApiError> {
    let key = key.ok_or(ApiError::NotFound)?;
    match presented {
        Some(presented) if presented == key => Ok(()),
        Some(_) => Err(FlowError::TokenInvalid.into()),
        None => Err(FlowError::TokenMissing.into()),
    }
}

fn token(text: &str) -> Result<SecretText, FieldErrorKind> {
    let is_valid = (1..=MAX_TOKEN_LENGTH).contains(&text.len());
    let error = FieldErrorKind::Length { most: MAX_TOKEN_LENGTH, unit: LengthUnit::Bytes };
    is_valid.then(|| SecretText::new(text.to_owned())).ok_or(error)
}
