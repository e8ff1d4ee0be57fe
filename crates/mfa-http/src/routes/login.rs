//! Handler of the login with a password.

pub(super) mod doc;

use std::sync::Arc;

use actix_web::HttpResponse;
use mfa_core::{RateRule, SecretText, trim_login};
use mfa_flows::{Flows, LoginOutcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::{AccessToken, BEARER};
use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request::{ApiRequest, Field, UnparsedBody};
use crate::request_context::RequestContext;
use crate::schemas;

/// Maximum length of a user name in characters: the maximum of an e-mail address (RFC 5321 §4.5.3.1.3, without the
/// angle brackets).
const MAX_USERNAME_LENGTH: usize = 254;
/// Maximum length of a password in bytes. It bounds the work of the password hash.
const MAX_PASSWORD_LENGTH: usize = 1024;

/// Request body of the login.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginRequest {
    #[schema(schema_with = username_schema)]
    username: Field,
    #[schema(schema_with = password_schema)]
    password: Field,
}

fn username_schema() -> Object {
    schemas::text(1, MAX_USERNAME_LENGTH).description(Some("User name or e-mail address.")).build()
}

/// Schema of a password. Its length counts in bytes, and one character has up to four.
fn password_schema() -> Object {
    schemas::text(1, MAX_PASSWORD_LENGTH).description(Some("Password, at most 1024 bytes in UTF-8.")).build()
}

/// Login that requires a second factor.
#[derive(Serialize, ToSchema)]
struct SecondFactorRequired<'a> {
    /// Whether a second factor is required: always `true`.
    mfa_required: bool,
    /// Pending token.
    #[schema(schema_with = schemas::token)]
    mfa_token: &'a str,
    #[schema(schema_with = schemas::bearer)]
    token_type: &'static str,
    /// Lifetime of the token in seconds.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Whether the user must enrol a factor first: MFA is required, and no factor is enrolled.
    enrolment_required: bool,
}

/// Login that requires no second factor.
#[derive(Serialize, ToSchema)]
#[schema(as = LoginComplete)]
struct LoginComplete<'a> {
    /// Whether a second factor is required: always `false`.
    mfa_required: bool,
    #[serde(flatten)]
    token: AccessToken<'a>,
}

/// Result of a login.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum LoginResponse<'a> {
    Owed(SecondFactorRequired<'a>),
    Complete(LoginComplete<'a>),
}

/// `POST /api/auth/login`
pub(super) async fn login(request: ApiRequest) -> Result<HttpResponse, ApiError> {
    let (context, body) = (request.context().clone(), request.body().clone());
    let login = request.run(|flows| first_factor(flows, context, body)).await?;
    Ok(HttpResponse::Ok().json(match &login {
        LoginOutcome::SecondFactorRequired { token, enrolment_required } => {
            LoginResponse::Owed(SecondFactorRequired {
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

/// Logs in with the user name and password of a body. The rate limit per IP address comes before the body is parsed.
///
/// # Errors
///
/// 429 for the address, 400 and 422 for the body; then the error of the flow.
pub async fn first_factor(
    flows: Arc<Flows>,
    context: RequestContext,
    body: UnparsedBody,
) -> Result<LoginOutcome, ApiError> {
    let origin = &context.origin;
    let left = flows.limit_logins(origin).await?;
    context.allowance.record(RateRule::LoginPerIp, left);
    let (body, mut errors) = body.parse::<LoginRequest>()?;
    let username = body.username.text(&mut errors, username);
    let password = body.password.text(&mut errors, password);
    let (username, password) = errors.finish(username.zip(password))?;
    flows.login(&username, password, origin).await.map_err(ApiError::from)
}

/// Parses a user name or e-mail address, without the blanks around it.
fn username(text: &str) -> Result<String, FieldErrorKind> {
    let text = trim_login(text);
    let is_valid = (1..=MAX_USERNAME_LENGTH).contains(&text.chars().count());
    let error = FieldErrorKind::Length { most: MAX_USERNAME_LENGTH, unit: LengthUnit::Characters };
    is_valid.then(|| text.to_owned()).ok_or(error)
}

fn password(text: &str) -> Result<SecretText, FieldErrorKind> {
    let is_valid = (1..=MAX_PASSWORD_LENGTH).contains(&text.len());
    let error = FieldErrorKind::Length { most: MAX_PASSWORD_LENGTH, unit: LengthUnit::Bytes };
    is_valid.then(|| SecretText::new(text.to_owned())).ok_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_count_in_characters_and_passwords_in_bytes() {
        assert!(username(&"é".repeat(254)).is_ok() && username(&"é".repeat(255)).is_err());
        assert!(password(&"é".repeat(512)).is_ok() && password(&"é".repeat(513)).is_err());
        assert!(username("").is_err() && password("").is_err());
    }

    #[test]
    fn blanks_around_a_user_name_are_dropped_and_those_of_a_password_are_not() {
        for typed in ["ada", " ada ", "\tada\u{a0}", "\u{202f}ada\u{200e}", "\u{feff}ada\r\n"] {
            assert_eq!(username(typed).unwrap(), "ada", "{typed:?}");
        }
        assert!(username(" \u{a0}").is_err());
        assert!(username(&format!("{}{}", " ".repeat(99), "a".repeat(254))).is_ok());
        assert_eq!(password(" x ").unwrap().expose(), " x ");
    }
}
