//! OpenAPI descriptions of SMS codes, the phone number and the backup method.

use mfa_flows::AcceptedStages;
use mfa_sms::SmsCode;
use serde_json::json;

use super::{
    BackupSetResponse, PhoneRemoveResponse, PhoneVerifyResponse, SetBackupRequest, SetPhoneRequest,
    SmsCodeSent, SmsSendResponse,
};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::request::CodeRequest;
use crate::schemas::{MASKED_PHONE, RECOVERY_CODE, TOKEN};

pub(in crate::routes) fn send() -> Operation {
    Operation::new(
        "sendSms",
        ApiTag::Mfa,
        "Send a code by SMS",
        "Sends a code to the verified phone number. Requires the backup method `sms`. A code is valid once, for 300 \
         seconds and five attempts; a new code replaces the previous one. Limited to one SMS per minute and three \
         per hour, per user and per phone number.",
    )
    .token(AcceptedStages::SecondFactor)
    .no_body()
    .sends_sms()
    .responds::<SmsSendResponse>(
        "The code was sent.",
        json!({ "sent": true, "phone": MASKED_PHONE, "expires_in": 300, "resend_in": 60 }),
    )
}

pub(in crate::routes) fn set() -> Operation {
    Operation::new(
        "setPhone",
        ApiTag::Mfa,
        "Set the phone number",
        "Sends a code to the new phone number. The previous number stays active until the new one is verified.",
    )
    .enrols()
    .body::<SetPhoneRequest>(
        json!({ "phone": "06 12 34 56 12", "country": "FR" }),
        ("phone", FieldErrorKind::NotAPhoneNumber),
    )
    .sends_sms()
    .responds::<SmsCodeSent>(
        "The code was sent to the new phone number.",
        json!({ "phone": MASKED_PHONE, "expires_in": 300, "resend_in": 60 }),
    )
}

pub(in crate::routes) fn verify() -> Operation {
    Operation::new(
        "verifyPhone",
        ApiTag::Mfa,
        "Verify the phone number",
        "Verifies the code that was sent to the new phone number. Each code allows five attempts. For a user without a factor, \
         this is the first enrolment: it sets the backup method to `sms` and also returns recovery codes and a \
         two-factor access token.",
    )
    .enrols()
    .verifies_code()
    .body::<CodeRequest<SmsCode>>(
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotSixDigits),
    )
    .problems([ProblemKind::NoEnrolmentInProgress, ProblemKind::PhishingResistantRequired])
    .responds_with::<PhoneVerifyResponse<'_>>(
        200,
        "The phone number is verified.",
        vec![
            ("replaced", json!({ "phone_verified": true, "phone": MASKED_PHONE })),
            (
                "first_enrolment",
                json!({
                    "phone_verified": true,
                    "phone": MASKED_PHONE,
                    "recovery_codes": vec![RECOVERY_CODE; 10],
                    "access_token": TOKEN,
                    "token_type": "bearer",
                    "expires_in": 3600,
                    "mfa_ok": true,
                }),
            ),
        ],
    )
}

pub(in crate::routes) fn remove() -> Operation {
    Operation::new(
        "removePhone",
        ApiTag::Mfa,
        "Remove the phone number",
        "Removes the phone number and the backup method. If the phone was a factor, every other token of the user is \
         revoked. Rejected if MFA is required and this is the last factor.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes_factor()
    .no_body()
    .problems([ProblemKind::FactorRequired])
    .responds::<PhoneRemoveResponse>(
        "The phone number is removed.",
        json!({ "phone": null, "backup_method": "none" }),
    )
}

pub(in crate::routes) fn set_backup() -> Operation {
    Operation::new(
        "setBackupMethod",
        ApiTag::Mfa,
        "Set the backup method",
        "Sets the factor for users whose authenticator app is not available: `sms` uses the verified phone number, `none` \
         disables it.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes_factor()
    .rate_limited_by_user()
    .body::<SetBackupRequest>(
        json!({ "method": "sms" }),
        ("method", FieldErrorKind::NotABackupMethod),
    )
    .problems([
        ProblemKind::MethodNotAvailable,
        ProblemKind::FactorRequired,
        ProblemKind::PhishingResistantRequired,
    ])
    .responds::<BackupSetResponse>("Backup method of the account.", json!({ "backup_method": "sms" }))
}
