//! What others verify tokens by: the public keys, and the question whether a token is active now.

pub(super) mod doc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use mfa_core::{SecretText, Stage};
use mfa_flows::{ActiveToken, FlowError};
use mfa_infra::Mfa;
use serde::Serialize;
use utoipa::ToSchema;

use super::BEARER;
use crate::openapi::schemas;
use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request::{ApiOrFormRequest, BodyLimit};

/// `GET /.well-known/jwks.json`
pub(super) async fn keys(_: BodyLimit, mfa: Data<Mfa>) -> HttpResponse {
    HttpResponse::Ok().json(mfa.flows().ports().tokens.public_keys())
}

/// As much as a body holds: what is longer than a token can be is no token, and so not active.
const LONGEST_TOKEN: usize = 16 * 1024;

/// A member of the answer that is absent is one that the token does not claim.
#[derive(Serialize, ToSchema)]
#[schema(as = ActiveToken)]
struct IntrospectionResponse<'a> {
    #[schema(schema_with = schemas::always_true)]
    active: bool,
    sub: String,
    username: &'a str,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_ok: Option<bool>,
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

/// What is not active is told apart from nothing else (RFC 7662 §2.2).
#[derive(Serialize, ToSchema)]
#[schema(as = InactiveToken)]
struct InactiveToken {
    #[schema(schema_with = schemas::always_false)]
    active: bool,
}

/// What there is to say of a token.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum IntrospectionOutcome<'a> {
    Active(Box<IntrospectionResponse<'a>>),
    Inactive(InactiveToken),
}

/// `POST /api/mfa/token/introspect`
pub(super) async fn introspect(call: ApiOrFormRequest, mfa: Data<Mfa>) -> Result<HttpResponse, ApiError> {
    admit(call.intake().bearer(), mfa.settings().tokens.introspection_key.as_ref())?;
    let mut object = call.object(&["token", "token_type_hint"])?;
    let token = object.required("token", token);
    // There is one place to look, whatever kind of token the caller takes it for.
    let _ = object.optional("token_type_hint", |_| Ok(()));
    let token = object.finish(token)?;
    let active = call.intake().run(|flows| async move { flows.introspect(token.expose()).await }).await?;
    Ok(HttpResponse::Ok().json(match &active {
        Some(active) => IntrospectionOutcome::Active(Box::new(IntrospectionResponse::new(active))),
        None => IntrospectionOutcome::Inactive(InactiveToken { active: false }),
    }))
}

/// Whether the caller may ask. Secrets compare in constant time.
fn admit(presented: Option<&SecretText>, key: Option<&SecretText>) -> Result<(), ApiError> {
    let key = key.ok_or(ApiError::NotFound)?;
    match presented {
        Some(presented) if presented == key => Ok(()),
        Some(_) => Err(FlowError::TokenInvalid.into()),
        None => Err(FlowError::TokenMissing.into()),
    }
}

fn token(text: &str) -> Result<SecretText, FieldErrorKind> {
    let fits = (1..=LONGEST_TOKEN).contains(&text.len());
    let fault = FieldErrorKind::Length { most: LONGEST_TOKEN, unit: LengthUnit::Bytes };
    fits.then(|| SecretText::new(text.to_owned())).ok_or(fault)
}
