//! What there is to know of the first factor.

use serde_json::json;

use super::{LONGEST_PASSWORD, LONGEST_USERNAME, LoginResponse};
use crate::openapi::schemas::{TOKEN, request, text};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};

pub(in crate::routes) fn login() -> Operation {
    // A password counts in bytes, and one character may have four.
    let fields = [
        (
            "username",
            text(1, LONGEST_USERNAME).description(Some("The user name or the e-mail address.")).build(),
            true,
        ),
        (
            "password",
            text(1, LONGEST_PASSWORD).description(Some("At most 1024 bytes of UTF-8.")).build(),
            true,
        ),
    ];
    Operation::new(
        "login",
        ApiTag::Auth,
        "Show a password",
        "For a server that runs on its own; `LOGIN_ENABLED=false` makes it 404. The same answer in the \
         same time for an unknown user and a wrong password. At most 5 tries a minute by user and 20 by \
         address.",
    )
    .body(
        request(fields),
        json!({ "username": "demo", "password": "correct horse battery staple" }),
        ("username", FieldErrorKind::Missing),
    )
    .limited_by_address()
    .stored()
    .refuses([ProblemKind::InvalidCredentials, ProblemKind::AccountDisabled, ProblemKind::ClockSkew])
    .answers_with::<LoginResponse<'_>>(
        200,
        "The password was right. Where a second factor is owed the token is a pending one.",
        vec![
            (
                "second_factor_owed",
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
