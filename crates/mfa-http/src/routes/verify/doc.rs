//! OpenAPI descriptions of the verification endpoints.

use mfa_flows::AcceptedStages;
use mfa_recovery::RecoveryCodeInput;
use mfa_sms::SmsCode;
use mfa_totp::TotpCode;
use serde_json::{Value, json};

use super::{AccessPassEnrolmentResponse, VerificationResponse};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::request::{AccessPassInput, CodeRequest};
use crate::schemas::{RECOVERY_CODE, TOKEN};

const GRANTED: &str = "The code is correct. The response contains a two-factor access token, or an enrolment token if the user \
                       must register a passkey first.";

pub(in crate::routes) fn totp() -> Operation {
    verification(
        "verifyTotp",
        "Verify a TOTP code",
        "Exchanges a code of the authenticator app for a two-factor access token. A code is valid once, and so is a \
         pending token.",
    )
    .body::<CodeRequest<TotpCode>>(
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotTotpCode),
    )
    .problems([ProblemKind::NotEnrolled])
    .responds_with::<VerificationResponse<'_>>(200, GRANTED, examples("totp", None))
}

pub(in crate::routes) fn sms() -> Operation {
    verification(
        "verifySms",
        "Verify an SMS code",
        "Exchanges the latest code that was sent for this login for a two-factor access token. Each code works \
         once and allows five attempts.",
    )
    .body::<CodeRequest<SmsCode>>(
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotSixDigits),
    )
    .problems([ProblemKind::MethodNotAvailable])
    .responds_with::<VerificationResponse<'_>>(200, GRANTED, examples("sms", None))
}

pub(in crate::routes) fn recovery() -> Operation {
    verification(
        "verifyRecovery",
        "Verify a recovery code",
        "Exchanges a recovery code for a two-factor access token, if neither authenticator app nor phone is available. \
         Each code is valid once. Limited to five attempts per minute per user.",
    )
    .body::<CodeRequest<RecoveryCodeInput>>(
        json!({ "code": RECOVERY_CODE }),
        ("code", FieldErrorKind::NotText),
    )
    .problems([ProblemKind::NotEnrolled])
    .localized()
    .responds_with::<VerificationResponse<'_>>(
        200,
        "The code is correct. The response contains a two-factor access token and a warning if few codes are left, or an \
         enrolment token if the user must register a passkey first.",
        examples("recovery", Some("Only 2 recovery codes are left: generate new ones.")),
    )
}

pub(in crate::routes) fn access_pass() -> Operation {
    Operation::new(
        "verifyAccessPass",
        ApiTag::Authenticators,
        "Verify an access pass",
        "Exchanges a temporary access pass, which an administrator or the helpdesk issued, for an enrolment token. What it \
         enrols replaces all other factors and ends all sessions. A pass is valid once. Limited like recovery codes.",
    )
    .token(AcceptedStages::Pending)
    .verifies_code()
    .body::<CodeRequest<AccessPassInput>>(
        json!({ "code": RECOVERY_CODE }),
        ("code", FieldErrorKind::NotText),
    )
    .responds::<AccessPassEnrolmentResponse<'_>>(
        "The pass is correct. The response contains an enrolment token.",
        json!({
            "enrolment_token": TOKEN,
            "token_type": "bearer",
            "expires_in": 900,
            "mfa_ok": false,
        }),
    )
}

/// Creates the description of a verification endpoint.
fn verification(id: &'static str, summary: &'static str, description: &'static str) -> Operation {
    Operation::new(id, ApiTag::Mfa, summary, description)
        .token(AcceptedStages::SecondFactor)
        .verifies_code()
        .problems([ProblemKind::PhishingResistantRequired])
}

/// Returns an example of each response.
fn examples(method: &str, warning: Option<&str>) -> Vec<(&'static str, Value)> {
    let enrolment = json!({
        "enrolment_token": TOKEN,
        "token_type": "bearer",
        "expires_in": 900,
        "mfa_ok": false,
        "method": method,
    });
    vec![("example", granted(method, warning)), ("passkey_required", enrolment)]
}

pub(in crate::routes) fn granted(method: &str, warning: Option<&str>) -> Value {
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
