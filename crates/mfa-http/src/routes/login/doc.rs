//! OpenAPI description of the login.

use serde_json::json;

use super::{LoginRequest, LoginResponse};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::schemas::TOKEN;

pub(in crate::routes) fn login() -> Operation {
    Operation::new(
        "login",
        ApiTag::Auth,
        "Log in with a password",
        "Verifies the password and returns an access token, or a pending token if a second factor is required. \
         Response and response time are the same for an unknown user and a wrong password. Limited to 5 requests \
         per minute per user and 20 per IP address. Not available if `LOGIN_ENABLED` is `false`.",
    )
    .body::<LoginRequest>(
        json!({ "username": "demo", "password": "correct horse battery staple" }),
        ("username", FieldErrorKind::Missing),
    )
    .rate_limited_by_address()
    .uses_database()
    .problems([ProblemKind::InvalidCredentials, ProblemKind::AccountDisabled, ProblemKind::ClockSkew])
    .responds_with::<LoginResponse<'_>>(
        200,
        "The password is correct. `mfa_required` shows whether a second factor is required.",
        vec![
            (
                "second_factor_required",
                json!({
                    "mfa_required": true,
                    "mfa_token": TOKEN,
                    "token_type": "bearer",
                    "expires_in": 300,
                    "enrolment_required": false,
                }),
            ),
            (
                "complete",
                json!({
                    "mfa_required": false,
                    "access_token": TOKEN,
                    "token_type": "bearer",
                    "expires_in": 3600,
                    "mfa_ok": false,
                }),
            ),
        ],
    )
}
