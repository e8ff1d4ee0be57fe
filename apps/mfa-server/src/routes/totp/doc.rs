//! What there is to know of the authenticator app.

use mfa_flows::Accepts;
use serde_json::json;
use utoipa::openapi::Object;

use super::{Disabled, Enrolled, Enrolment};
use crate::openapi::schemas::{self, MOMENT, RECOVERY_CODE, TOKEN, request, six_digits, text};
use crate::openapi::{Operation, Tag};
use crate::problem::{FieldError, ProblemKind};

const SECRET: &str = "UKOUSU66KSBPAPZYJYL6KOWJUWQEOXW2";

pub(in crate::routes) fn start_enrolment() -> Operation {
    let label = text(1, 200)
        .description(Some("Stands for the account in the app; the e-mail address where none is given."));
    let uri = format!("otpauth://totp/NOVA:ada%40example.com?secret={SECRET}&issuer=NOVA");
    Operation::new(
        "startTotpEnrolment",
        Tag::Mfa,
        "Show a new secret",
        "The secret is in force once its first code came back to `enroll/verify`, within ten minutes. A running enrolment \
         is replaced; an active secret stays in force until then.",
    )
    .enrols()
    .optional_body(request([("label", label.build(), false)]), json!({ "label": "ada" }), ("label", FieldError::Unusable))
    .answers::<Enrolment<'_>>(
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
        Tag::Mfa,
        "Confirm the new secret",
        "With its first code; five wrong ones end the enrolment. The answer shows ten recovery codes, this once, and every \
         other token of the user is at its end.",
    )
    .enrols()
    .checks_code()
    .body(request([("code", six_digits(), true)]), json!({ "code": "492039" }), ("code", FieldError::NotSixDigits))
    .refuses([ProblemKind::NoEnrolmentInProgress])
    .answers::<Enrolled<'_>>(
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
    let code = text(6, 64).description(Some("A current code of the app, or a recovery code.")).build();
    Operation::new(
        "disableTotp",
        Tag::Mfa,
        "Take the app off",
        "Ends every other token of the user. Refused where it would take an enforced user's last factor.",
    )
    .token(Accepts::TwoFactors)
    .changes()
    .checks_code()
    .body(request([("code", code, true)]), json!({ "code": "492039" }), ("code", FieldError::NotACode))
    .refuses([ProblemKind::NotEnrolled, ProblemKind::FactorRequired])
    .answers::<Disabled>("There is no app now.", json!({ "totp_enabled": false }))
}
