//! What there is to know of the authenticator app.

use mfa_flows::AcceptedStages;
use serde_json::json;
use utoipa::openapi::Object;

use super::{DisableResponse, EnrolmentComplete, EnrolmentResponse};
use crate::openapi::schemas::{self, MOMENT, RECOVERY_CODE, TOKEN, request, six_digits, text};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};

const SECRET: &str = "UKOUSU66KSBPAPZYJYL6KOWJUWQEOXW2";

pub(in crate::routes) fn start_enrolment() -> Operation {
    // Controls, colons and characters that turn the direction of writing do not belong into a name.
    let unfit = ":\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069";
    let pattern = format!("^[^{unfit}]*[^\\s{unfit}][^{unfit}]*$");
    let label = text(1, 128).pattern(Some(pattern)).description(Some(
        "Stands for the account in the app, in at most 128 bytes; the e-mail address where none is given.",
    ));
    let label = request([("label", label.build(), false)]);
    let uri = format!("otpauth://totp/NOVA:ada%40example.com?secret={SECRET}&issuer=NOVA");
    Operation::new(
        "startTotpEnrolment",
        ApiTag::Mfa,
        "Show a new secret",
        "The secret is in force once its first code came back to `enroll/verify`, within ten minutes. A \
         running enrolment is replaced; an active secret stays in force until then.",
    )
    .enrols()
    .optional_body(label, json!({ "label": "ada" }), ("label", FieldErrorKind::Unusable))
    .answers::<EnrolmentResponse<'_>>(
        "The secret, to be scanned or typed.",
        json!({
            "secret": SECRET,
            "otpauth_uri": uri,
            "qr_code": "data:image/png;base64,iVBORw0KGgo=",
            "qr_svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "algorithm": "SHA1",
            "digits": 6,
            "period": 30,
            "expires_at": MOMENT,
        }),
    )
}

/// How codes are computed.
pub(super) fn algorithm() -> Object {
    schemas::word(&["SHA1", "SHA256", "SHA512"]).build()
}

pub(in crate::routes) fn confirm_enrolment() -> Operation {
    Operation::new(
        "verifyTotpEnrolment",
        ApiTag::Mfa,
        "Confirm the new secret",
        "With its first code; five wrong ones end the enrolment. The answer shows ten recovery codes, this \
         once, and every other token of the user is at its end.",
    )
    .enrols()
    .checks_code()
    .body(
        request([("code", six_digits(), true)]),
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotSixDigits),
    )
    .refuses([ProblemKind::NoEnrolmentInProgress])
    .answers::<EnrolmentComplete<'_>>(
        "The app is in force.",
        json!({
            "enabled": true,
            "recovery_codes": vec![RECOVERY_CODE; 10],
            "access_token": TOKEN,
            "token_type": "bearer",
            "expires_in": 3600,
            "mfa_ok": true,
        }),
    )
}

pub(in crate::routes) fn disable() -> Operation {
    let (letter, between) = ("[0-9A-TV-Za-tv-z]", "[ \\u2010-\\u2015\\u2212-]*");
    let code = text(6, 64)
        .pattern(Some(format!("^([0-9]{{6}}|({between}{letter}){{16}}{between})$")))
        .description(Some("A current code of the app, or a recovery code."))
        .build();
    Operation::new(
        "disableTotp",
        ApiTag::Mfa,
        "Take the app off",
        "Ends every other token of the user. Refused where it would take an enforced user's last factor.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes()
    .checks_code()
    .body(request([("code", code, true)]), json!({ "code": "492039" }), ("code", FieldErrorKind::NotACode))
    .refuses([ProblemKind::NotEnrolled, ProblemKind::FactorRequired])
    .answers::<DisableResponse>("There is no app now.", json!({ "totp_enabled": false }))
}
