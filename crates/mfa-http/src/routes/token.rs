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

/// JWK set (RFC 7517 §5).
// `mfa-jwt` builds the set.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what another crate builds")]
struct JsonWebKeySet {
    /// Public keys.
    keys: Vec<JsonWebKey>,
}

/// Public key (RFC 7517 §4).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what another crate builds")]
struct JsonWebKey {
    #[schema(schema_with = key_type)]
    kty: String,
    #[schema(schema_with = curve)]
    crv: String,
    #[schema(schema_with = coordinate)]
    x: String,
    #[schema(schema_with = second_coordinate)]
    y: Option<String>,
    #[schema(rename = "use", schema_with = key_use)]
    key_use: String,
    #[schema(schema_with = key_algorithm)]
    alg: String,
    #[schema(schema_with = key_id)]
    kid: String,
}

fn key_type() -> Object {
    schemas::string_enum(&["OKP", "EC"]).description(Some("Key type.")).build()
}

fn curve() -> Object {
    schemas::string_enum(&["Ed25519", "P-256"]).description(Some("Curve.")).build()
}

fn coordinate() -> Object {
    schemas::text(43, 43).description(Some("Public key, or first coordinate of a P-256 key.")).build()
}

fn second_coordinate() -> Object {
    schemas::text(43, 43).description(Some("Second coordinate of a P-256 key.")).build()
}

fn key_use() -> Object {
    schemas::string_enum(&["sig"]).description(Some("Use of the key: signatures.")).build()
}

fn key_algorithm() -> Object {
    schemas::string_enum(&["EdDSA", "ES256"]).description(Some("Algorithm of the key.")).build()
}

fn key_id() -> Object {
    schemas::text(43, 43).description(Some("Id of the key: its thumbprint (RFC 7638).")).build()
}

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

/// State of a token (RFC 7662 §2.2). A token that is not active has no other field than `active`, whatever the reason.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = TokenState)]
struct IntrospectionResponse<'a> {
    /// Whether the token is active. Only then are there other fields, each one if the token has this claim.
    active: bool,
    /// Id of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sub: Option<String>,
    /// User name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    username: Option<&'a str>,
    /// E-mail address of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<&'a str>,
    /// Issuer of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iss: Option<&'a str>,
    /// Audience of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    aud: Option<&'a str>,
    /// Expiry time in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exp: Option<i64>,
    /// Time of issue in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iat: Option<i64>,
    /// Start of the validity in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    nbf: Option<i64>,
    /// Id of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jti: Option<&'a str>,
    /// Token type (RFC 6750).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::bearer)]
    token_type: Option<&'static str>,
    /// Authentication level: `aal1` or `aal2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    acr: Option<&'a str>,
    /// Authentication methods (RFC 8176).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    amr: Option<&'a [String]>,
    /// Time of the last verification of a second factor in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    auth_time: Option<i64>,
    /// `true` if a passkey was verified (phishing-resistant).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    phr: Option<bool>,
    /// Access tokens only: whether a second factor was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mfa_ok: Option<bool>,
    /// Pending tokens only: `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mfa_pending: Option<bool>,
    /// Enrolment tokens only: `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    enrolment_only: Option<bool>,
}

impl<'a> IntrospectionResponse<'a> {
    fn new(active: &'a ActiveToken) -> Self {
        let ActiveToken { token, username, email } = active;
        let stage = token.presented.stage;
        let (mfa_ok, mfa_pending) = match stage {
            Stage::Pending | Stage::Enrolment => (None, Some(true)),
            Stage::OneFactor => (Some(false), None),
            Stage::TwoFactors(_) => (Some(true), None),
        };
        Self {
            active: true,
            sub: Some(token.presented.user.to_string()),
            username: Some(username),
            email: Some(email),
            iss: token.issuer.as_deref(),
            aud: token.audience.as_deref(),
            exp: Some(token.presented.expires_at.seconds()),
            iat: token.issued,
            nbf: token.not_before,
            jti: token.id.as_deref(),
            token_type: Some(BEARER),
            acr: token.level.as_deref(),
            amr: token.methods.as_deref(),
            auth_time: token.authenticated,
            phr: stage.is_phishing_resistant().then_some(true),
            mfa_ok,
            mfa_pending,
            enrolment_only: (stage == Stage::Enrolment).then_some(true),
        }
    }
}

/// `POST /api/mfa/token/introspect`
pub(super) async fn introspect(request: ApiOrFormRequest, mfa: Data<Mfa>) -> Result<HttpResponse, ApiError> {
    authorize(request.request().bearer(), mfa.settings().tokens.introspection_key.as_ref())?;
    let (body, mut errors) = request.parse::<IntrospectionRequest>()?;
    let token = body.token.text(&mut errors, token);
    let _ = body.token_type_hint.and_then(|it| it.text(&mut errors, |_| Ok(())));
    let token = errors.finish(token)?;
    let active = request.request().run(|flows| async move { flows.introspect(token.expose()).await }).await?;
    // By default no field but `active: false`: the response does not contain the reason.
    Ok(HttpResponse::Ok().json(active.as_ref().map(IntrospectionResponse::new).unwrap_or_default()))
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
