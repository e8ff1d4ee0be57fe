//! What there is to know of the calls about the phone.

use mfa_flows::AcceptedStages;
use serde_json::json;

use super::{BackupSetResponse, PhoneRemoveResponse, PhoneSetResponse, PhoneVerifyResponse, SmsCodeSent};
use crate::openapi::schemas::{MASKED_PHONE, RECOVERY_CODE, TOKEN, backup_method, request, six_digits, text};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};

pub(in crate::routes) fn send() -> Operation {
    Operation::new(
        "sendSms",
        ApiTag::Mfa,
        "Send a code by SMS",
        "To the verified number, where `backup_method` is `sms`. A code is good once, for 300 seconds and \
         five tries; a newer one takes its place. One a minute and three an hour by user and by number.",
    )
    .token(AcceptedStages::SecondFactor)
    .nothing()
    .sends_sms()
    .answers::<PhoneSetResponse>(
        "A code is on its way.",
        json!({ "sent": true, "phone": MASKED_PHONE, "expires_in": 300, "resend_in": 60 }),
    )
}

pub(in crate::routes) fn set() -> Operation {
    let fields = [
        ("phone", text(1, 250).description(Some("International, or national with a country.")).build(), true),
        (
            "country",
            text(2, 2)
                .pattern(Some("^[A-Za-z]{2}$"))
                .description(Some("ISO 3166; `FR` where none is named."))
                .build(),
            false,
        ),
    ];
    Operation::new(
        "setPhone",
        ApiTag::Mfa,
        "Set a new number",
        "Sends a code to the new number. The old number stays in force until the new one is verified.",
    )
    .enrols()
    .body(
        request(fields),
        json!({ "phone": "06 12 34 56 12", "country": "FR" }),
        ("phone", FieldErrorKind::NotAPhoneNumber),
    )
    .sends_sms()
    .answers::<SmsCodeSent>(
        "A code is on its way to the new number.",
        json!({ "phone": MASKED_PHONE, "expires_in": 300, "resend_in": 60 }),
    )
}

pub(in crate::routes) fn verify() -> Operation {
    Operation::new(
        "verifyPhone",
        ApiTag::Mfa,
        "Confirm the new number",
        "With the code that was sent to it; five tries. For a user without a factor this is the first \
         enrolment: it sets `backup_method` to `sms` and answers with recovery codes and a two-factor \
         access token as well.",
    )
    .enrols()
    .checks_code()
    .body(
        request([("code", six_digits(), true)]),
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotSixDigits),
    )
    .refuses([ProblemKind::NoEnrolmentInProgress])
    .answers_with::<PhoneVerifyResponse<'_>>(
        200,
        "The number is in force.",
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
        "Take the number away",
        "Ends every other token of the user where the phone was a factor. Refused where it would take an \
         enforced user's last factor.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes()
    .nothing()
    .refuses([ProblemKind::FactorRequired])
    .answers::<PhoneRemoveResponse>(
        "There is no number now.",
        json!({ "phone": null, "backup_method": "none" }),
    )
}

pub(in crate::routes) fn set_backup() -> Operation {
    Operation::new(
        "setBackupMethod",
        ApiTag::Mfa,
        "Choose what stands in for the app",
        "`sms` makes the verified phone a factor, `none` takes that back.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes()
    .body(
        request([("method", backup_method(), true)]),
        json!({ "method": "sms" }),
        ("method", FieldErrorKind::NotABackupMethod),
    )
    .refuses([ProblemKind::MethodNotAvailable, ProblemKind::FactorRequired])
    .answers::<BackupSetResponse>("It is so.", json!({ "backup_method": "sms" }))
}
