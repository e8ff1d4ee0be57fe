//! What there is to know of showing a second factor.

use mfa_flows::AcceptedStages;
use serde_json::{Value, json};

use super::VerifyResponse;
use crate::openapi::schemas::{RECOVERY_CODE, TOKEN, request, six_digits, text};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};

const GRANTED: &str = "The second factor was right: a two-factor access token.";

pub(in crate::routes) fn totp() -> Operation {
    check(
        "verifyTotp",
        "Show a code of the app",
        "A code is good once, and so is the pending token that it spends.",
    )
    .body(
        request([("code", six_digits(), true)]),
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotSixDigits),
    )
    .refuses([ProblemKind::NotEnrolled])
    .answers::<VerifyResponse<'_>>(GRANTED, granted("totp", None))
}

pub(in crate::routes) fn sms() -> Operation {
    check(
        "verifySms",
        "Show a code from an SMS",
        "The newest code that was sent for this login; five tries, once.",
    )
    .body(
        request([("code", six_digits(), true)]),
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotSixDigits),
    )
    .refuses([ProblemKind::MethodNotAvailable])
    .answers::<VerifyResponse<'_>>(GRANTED, granted("sms", None))
}

pub(in crate::routes) fn recovery() -> Operation {
    let code = text(1, 64).description(Some(
        "16 characters of Crockford's base32; case, spaces and dashes are ignored, o reads as 0, i and l \
         as 1.",
    ));
    check(
        "verifyRecovery",
        "Show a recovery code",
        "For who has neither app nor phone. Each code is good once; five tries a minute by user.",
    )
    .body(
        request([("code", code.build(), true)]),
        json!({ "code": RECOVERY_CODE }),
        ("code", FieldErrorKind::NotText),
    )
    .refuses([ProblemKind::NotEnrolled])
    .tells_language()
    .answers::<VerifyResponse<'_>>(
        "The code was right: a two-factor access token, and a warning where few codes are left.",
        granted("recovery", Some("Only 2 recovery codes are left: make a new set.")),
    )
}

fn check(id: &'static str, summary: &'static str, description: &'static str) -> Operation {
    Operation::new(id, ApiTag::Mfa, summary, description).token(AcceptedStages::SecondFactor).checks_code()
}

fn granted(method: &str, warning: Option<&str>) -> Value {
    let mut example = json!({
        "access_token": TOKEN,
        "token_type": "bearer",
        "expires_in": 3600,
        "mfa_ok": true,
        "method": method,
        "recovery_codes_left": if warning.is_some() { 2 } else { 10 },
    });
    if let (Some(members), Some(warning)) = (example.as_object_mut(), warning) {
        members.insert("warning".to_owned(), json!(warning));
    }
    example
}
