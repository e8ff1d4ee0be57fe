//! OpenAPI descriptions of TOTP enrolment and removal.

use mfa_flows::AcceptedStages;
use mfa_totp::TotpCode;
use serde_json::json;

use super::{DisableRequest, DisableResponse, EnrolmentRequest, EnrolmentResponse, EnrolmentVerifyResponse};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::request::CodeRequest;
use crate::schemas::{RECOVERY_CODE, TIMESTAMP, TOKEN};

const SECRET: &str = "UKOUSU66KSBPAPZYJYL6KOWJUWQEOXW2";

pub(in crate::routes) fn start_enrolment() -> Operation {
    let uri = format!("otpauth://totp/NOVA:ada%40example.com?secret={SECRET}&issuer=NOVA");
    Operation::new(
        "startTotpEnrolment",
        ApiTag::Mfa,
        "Start TOTP enrolment",
        "Generates a new TOTP secret. It becomes active when its first code is verified with `enroll/verify`, within ten \
         minutes. An enrolment in progress is replaced. With the mode `replace` the new app replaces all others, which \
         stay active until then; with `add` they stay (at most `MFA_MAX_TOTP_APPS`).",
    )
    .enrols()
    .problems([ProblemKind::PhishingResistantRequired])
    .rate_limited_by_user()
    .optional_body::<EnrolmentRequest>(
        json!({ "label": "ada", "name": "Tablet", "mode": "add" }),
        ("label", FieldErrorKind::Unusable),
    )
    .problems([ProblemKind::TooManyAuthenticators])
    .responds::<EnrolmentResponse<'_>>(
        "New secret, with a QR code and as text.",
        json!({
            "secret": SECRET,
            "otpauth_uri": uri,
            "qr_code": "data:image/png;base64,iVBORw0KGgo=",
            "qr_svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "algorithm": "SHA1",
            "digits": 6,
            "period": 30,
            "expires_at": TIMESTAMP,
        }),
    )
}

pub(in crate::routes) fn confirm_enrolment() -> Operation {
    Operation::new(
        "verifyTotpEnrolment",
        ApiTag::Mfa,
        "Complete TOTP enrolment",
        "Verifies the first code of the new secret. Five wrong codes end the enrolment. A first factor, or an \
         app that replaces the others, returns ten recovery codes, shown only in this response, and revokes every other \
         token of the user. An app that is added beside another factor does neither.",
    )
    .enrols()
    .verifies_code()
    .body::<CodeRequest<TotpCode>>(
        json!({ "code": "492039" }),
        ("code", FieldErrorKind::NotTotpCode),
    )
    .problems([
        ProblemKind::NoEnrolmentInProgress,
        ProblemKind::TooManyAuthenticators,
        ProblemKind::PhishingResistantRequired,
    ])
    .responds::<EnrolmentVerifyResponse<'_>>(
        "TOTP is enabled.",
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
    Operation::new(
        "disableTotp",
        ApiTag::Mfa,
        "Disable TOTP",
        "Removes an authenticator app and revokes every other token of the user. With several apps, `id` names the one to \
         remove; the code may come from any of them. Rejected if MFA is required and this is the last factor.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes_factor()
    .verifies_code()
    .body::<DisableRequest>(json!({ "code": "492039", "id": "totp" }), ("code", FieldErrorKind::NotACode))
    .problems([
        ProblemKind::NotEnrolled,
        ProblemKind::FactorRequired,
        ProblemKind::AuthenticatorRequired,
        ProblemKind::NotFound,
        ProblemKind::PhishingResistantRequired,
    ])
    .responds::<DisableResponse>("The app is removed.", json!({ "totp_enabled": false }))
}
