//! The first factor, for a server that runs on its own.

pub(super) mod doc;

use std::sync::Arc;

use actix_web::HttpResponse;
use mfa_core::{RateRule, SecretText};
use mfa_flows::{Flows, LoginOutcome};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AccessToken, BEARER};
use crate::openapi::schemas;
use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request::{ApiRequest, UnparsedBody};
use crate::request_context::RequestContext;

/// As long as an e-mail address can be (RFC 5321 §4.5.3.1.3, less the angle brackets).
const LONGEST_USERNAME: usize = 254;
/// Enough for any passphrase, little for a hash to chew on.
const LONGEST_PASSWORD: usize = 1024;

#[derive(Serialize, ToSchema)]
struct SecondFactorOwed<'a> {
    #[schema(schema_with = schemas::always_true)]
    mfa_required: bool,
    /// The pending token.
    #[schema(schema_with = schemas::token)]
    mfa_token: &'a str,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    /// Seconds.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Whether the user must enrol a factor first: enforced, and there is none.
    enrolment_required: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LoginComplete)]
struct LoginComplete<'a> {
    #[schema(schema_with = schemas::always_false)]
    mfa_required: bool,
    #[serde(flatten)]
    token: AccessToken<'a>,
}

/// What a login comes to.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum LoginResponse<'a> {
    Owed(SecondFactorOwed<'a>),
    Complete(LoginComplete<'a>),
}

/// `POST /api/auth/login`
pub(super) async fn login(intake: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (caller, body) = (intake.caller().clone(), intake.body().clone());
    let login = intake.run(|flows| first_factor(flows, caller, body)).await?;
    Ok(HttpResponse::Ok().json(match &login {
        LoginOutcome::SecondFactorOwed { token, enrolment_required } => {
            LoginResponse::Owed(SecondFactorOwed {
                mfa_required: true,
                mfa_token: token.token.expose(),
                token_type: BEARER,
                expires_in: token.expires_in,
                enrolment_required: *enrolment_required,
            })
        }
        LoginOutcome::Complete { token } => LoginResponse::Complete(LoginComplete {
            mfa_required: false,
            token: AccessToken::new(token, false),
        }),
    }))
}

/// A login by name and password, however it was sent: the limit by address comes before the body is read.
pub async fn first_factor(
    flows: Arc<Flows>,
    caller: RequestContext,
    body: UnparsedBody,
) -> Result<LoginOutcome, ApiError> {
    let origin = &caller.origin;
    let left = flows.limit_logins(origin).await?;
    caller.allowance.taken(RateRule::LoginPerIp, left);
    let mut object = body.object()?;
    let username = object.required("username", username);
    let password = object.required("password", password);
    let (username, password) = object.finish(username.zip(password))?;
    flows.login(&username, password, origin).await.map_err(ApiError::from)
}

fn username(text: &str) -> Result<String, FieldErrorKind> {
    let fits = (1..=LONGEST_USERNAME).contains(&text.chars().count());
    let fault = FieldErrorKind::Length { most: LONGEST_USERNAME, unit: LengthUnit::Characters };
    fits.then(|| text.to_owned()).ok_or(fault)
}

fn password(text: &str) -> Result<SecretText, FieldErrorKind> {
    let fits = (1..=LONGEST_PASSWORD).contains(&text.len());
    let fault = FieldErrorKind::Length { most: LONGEST_PASSWORD, unit: LengthUnit::Bytes };
    fits.then(|| SecretText::new(text.to_owned())).ok_or(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_in_characters_and_passwords_in_bytes() {
        assert!(username(&"é".repeat(254)).is_ok() && username(&"é".repeat(255)).is_err());
        assert!(password(&"é".repeat(512)).is_ok() && password(&"é".repeat(513)).is_err());
        assert!(username("").is_err() && password("").is_err());
    }
}
