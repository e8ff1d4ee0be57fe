//! What there is to know of the recovery codes.

use mfa_flows::AcceptedStages;
use serde_json::json;

use super::{RecoveryCodesResponse, RecoveryListResponse};
use crate::openapi::schemas::{MOMENT, RECOVERY_CODE};
use crate::openapi::{ApiTag, Operation};
use crate::problem::ProblemKind;

pub(in crate::routes) fn regenerate() -> Operation {
    Operation::new(
        "regenerateRecoveryCodes",
        ApiTag::Mfa,
        "Make ten new recovery codes",
        "They are shown this once. Every older code is dead.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes()
    .nothing()
    .refuses([ProblemKind::NotEnrolled])
    .answers::<RecoveryCodesResponse<'_>>(
        "The new codes.",
        json!({ "recovery_codes": vec![RECOVERY_CODE; 10] }),
    )
}

pub(in crate::routes) fn list() -> Operation {
    Operation::new(
        "listRecoveryCodes",
        ApiTag::Mfa,
        "What is left of the recovery codes",
        "Which of them are used and when. Never a code.",
    )
    .token(AcceptedStages::TwoFactors)
    .nothing()
    .answers::<RecoveryListResponse>(
        "The codes, without what they are.",
        json!({
            "codes": [
                { "id": "1", "used": true, "used_at": MOMENT },
                { "id": "2", "used": false, "used_at": null },
            ],
            "left": 1,
            "generated_at": MOMENT,
        }),
    )
}
