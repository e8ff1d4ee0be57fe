//! OpenAPI descriptions of the recovery codes.

use mfa_flows::AcceptedStages;
use serde_json::json;

use super::{RecoveryCodesResponse, RecoveryListResponse};
use crate::openapi::{ApiTag, Operation};
use crate::problem::ProblemKind;
use crate::schemas::{RECOVERY_CODE, TIMESTAMP};

pub(in crate::routes) fn regenerate() -> Operation {
    Operation::new(
        "regenerateRecoveryCodes",
        ApiTag::Mfa,
        "Regenerate recovery codes",
        "Generates ten new recovery codes and invalidates all earlier ones. The codes are shown only in this response. At \
         most `MFA_REGENERATE_PER_HOUR` times an hour.",
    )
    .token(AcceptedStages::TwoFactors)
    .changes_factor()
    .rate_limited_by_user()
    .no_body()
    .problems([ProblemKind::NotEnrolled])
    .responds::<RecoveryCodesResponse<'_>>(
        "New recovery codes.",
        json!({ "recovery_codes": vec![RECOVERY_CODE; 10] }),
    )
}

pub(in crate::routes) fn list() -> Operation {
    Operation::new(
        "listRecoveryCodes",
        ApiTag::Mfa,
        "List recovery codes",
        "Returns which codes are used and when, never the codes themselves.",
    )
    .token(AcceptedStages::TwoFactors)
    .no_body()
    .responds::<RecoveryListResponse>(
        "Recovery codes, without the codes themselves.",
        json!({
            "codes": [
                { "id": "1", "used": true, "used_at": TIMESTAMP },
                { "id": "2", "used": false, "used_at": null },
            ],
            "left": 1,
            "generated_at": TIMESTAMP,
        }),
    )
}
