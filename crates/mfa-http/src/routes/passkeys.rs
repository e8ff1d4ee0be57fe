//! Handlers of passkeys: registration, verification and related origins.

pub(super) mod doc;

use actix_web::HttpResponse;
use mfa_core::SecretText;
use mfa_flows::{AcceptedStages, PasskeyOptions};
use mfa_passkey::{AuthenticationResponse, RegistrationResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;
use utoipa::openapi::schema::AdditionalProperties;

use super::AccessToken;
use super::authenticators::{AuthenticatorResponse, name, name_schema};
use super::verify::access_response;
use crate::problem::{ApiError, FieldErrorKind};
use crate::request::{ApiRequest, Field};
use crate::schemas;

/// Options for the browser's WebAuthn call.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyOptions)]
struct OptionsResponse<T> {
    #[schema(schema_with = options_schema)]
    options: T,
    /// Time when the challenge expires, after five minutes.
    #[schema(format = DateTime, required = true)]
    expires_at: Option<String>,
}

impl<T> From<PasskeyOptions<T>> for OptionsResponse<T> {
    fn from(started: PasskeyOptions<T>) -> Self {
        Self { options: started.options, expires_at: started.expires_at.to_rfc3339() }
    }
}

/// Schema of the options: the browser reads them, clients pass them on.
fn options_schema() -> Object {
    json_object(
        "Options in the JSON form of WebAuthn Level 3: for `PublicKeyCredential.parseCreationOptionsFromJSON()` at a \
         registration, for `parseRequestOptionsFromJSON()` at a verification.",
    )
}

/// Schema of a credential as the browser returns it.
fn credential_schema() -> Object {
    json_object("Credential in the JSON form of WebAuthn Level 3: the result of its `toJSON()`.")
}

fn json_object(description: &str) -> Object {
    schemas::object(description).additional_properties(Some(AdditionalProperties::FreeForm(true))).build()
}

/// `POST /api/mfa/passkeys/register/start`
pub(super) async fn start_registration(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    // Whether a token of this stage may enrol depends on the factors of the account: the flow checks it.
    let (call, body) = request.open(AcceptedStages::Any)?;
    body.require_empty()?;
    let started = request.run(|flows| async move { flows.start_passkey_registration(&call).await }).await?;
    Ok(HttpResponse::Ok().json(OptionsResponse::from(started)))
}

/// Request body with a new credential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegistrationRequest {
    #[schema(schema_with = credential_schema)]
    credential: Field,
    #[schema(schema_with = name_schema)]
    name: Option<Field>,
}

/// Registered passkey, with recovery codes and an access token after a first enrolment. An enrolment token yields the
/// access token too.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyRegistered)]
struct RegisteredResponse<'a> {
    #[serde(flatten)]
    authenticator: AuthenticatorResponse,
    /// First enrolment, or enrolment token of a user without unused codes: ten recovery codes, shown only in this
    /// response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::recovery_codes)]
    recovery_codes: Option<Vec<&'a str>>,
    /// First enrolment or enrolment token: two-factor access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::token)]
    access_token: Option<&'a str>,
    /// First enrolment or enrolment token: token type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::bearer)]
    token_type: Option<&'static str>,
    /// First enrolment or enrolment token: lifetime of the token in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::seconds)]
    expires_in: Option<u64>,
    /// First enrolment or enrolment token: whether a second factor was verified, always `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mfa_ok: Option<bool>,
}

/// `POST /api/mfa/passkeys/register/finish`
pub(super) async fn finish_registration(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let registered = request
        .rate_limited(
            AcceptedStages::Any,
            |body| {
                let (body, mut errors) = body.parse::<RegistrationRequest>()?;
                let credential = body.credential.json(&mut errors, |value| {
                    RegistrationResponse::from_json(value).map_err(|_| FieldErrorKind::NotACredential)
                });
                let name = match body.name {
                    Some(field) => field.text(&mut errors, name).map(Some),
                    None => Some(None),
                };
                errors.finish(credential.zip(name))
            },
            |flows, call, (credential, name)| async move {
                flows.finish_passkey_registration(&call, credential, name).await
            },
        )
        .await?;
    let enrolled = registered.enrolled.as_ref();
    let token = enrolled.map(|it| AccessToken::new(&it.granted.token, true));
    Ok(HttpResponse::Ok().json(RegisteredResponse {
        authenticator: registered.authenticator.into(),
        recovery_codes: enrolled
            .filter(|it| !it.recovery_codes.is_empty())
            .map(|it| it.recovery_codes.iter().map(SecretText::expose).collect()),
        access_token: token.as_ref().map(|it| it.access_token),
        token_type: token.as_ref().map(|it| it.token_type),
        expires_in: token.as_ref().map(|it| it.expires_in),
        mfa_ok: token.as_ref().map(|it| it.mfa_ok),
    }))
}

/// `POST /api/mfa/verify/passkey/start`
pub(super) async fn start_verification(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (call, body) = request.open(AcceptedStages::SecondFactor)?;
    body.require_empty()?;
    let started = request.run(|flows| async move { flows.start_passkey_verification(&call).await }).await?;
    Ok(HttpResponse::Ok().json(OptionsResponse::from(started)))
}

/// Request body with an assertion.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssertionRequest {
    #[schema(schema_with = credential_schema)]
    credential: Field,
}

/// `POST /api/mfa/verify/passkey`
pub(super) async fn verify(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let access = request
        .rate_limited(
            AcceptedStages::SecondFactor,
            |body| {
                let (body, mut errors) = body.parse::<AssertionRequest>()?;
                let credential = body.credential.json(&mut errors, |value| {
                    AuthenticationResponse::from_json(value).map_err(|_| FieldErrorKind::NotACredential)
                });
                errors.finish(credential)
            },
            |flows, call, credential| async move { flows.verify_passkey(&call, credential).await },
        )
        .await?;
    Ok(access_response(&access, None))
}

/// Related origins (WebAuthn Level 3 §5.11).
#[derive(Serialize, ToSchema)]
#[schema(as = RelatedOrigins)]
struct RelatedOriginsResponse {
    /// Origins that may use passkeys of this RP ID.
    origins: Vec<String>,
}

/// `GET /.well-known/webauthn`
pub(super) async fn related_origins(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    request.body().require_empty()?;
    let policy = request.mfa().flows().policy().passkeys.as_ref();
    let origins = policy.map(|it| it.relying_party.related_origins().to_vec()).unwrap_or_default();
    if origins.is_empty() {
        return Err(ApiError::NotFound);
    }
    Ok(HttpResponse::Ok().json(RelatedOriginsResponse { origins }))
}
