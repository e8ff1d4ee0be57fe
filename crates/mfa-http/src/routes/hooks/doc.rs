//! What there is to know of delivery reports.

use serde_json::json;

use crate::openapi::schemas::{request_of_others, text};
use crate::openapi::{ApiTag, Operation, path_parameter, query_parameter};
use crate::problem::ProblemKind;

const NAME: &str = "^[A-Za-z0-9-]{1,64}$";

pub(in crate::routes) fn twilio() -> Operation {
    let fields = [
        ("MessageSid", text(1, 64).pattern(Some(NAME)).build(), true),
        ("MessageStatus", text(1, 64).build(), false),
    ];
    Operation::new(
        "reportByTwilio",
        ApiTag::System,
        "Twilio reports a delivery",
        "For Twilio's status callback: `PUBLIC_URL` + `/hooks/twilio`. Each call must carry the header \
         `X-Twilio-Signature`. It is for statistics; who gets in never depends on it. 404 where Twilio is \
         not set up.",
    )
    .form(
        request_of_others(fields),
        json!({ "MessageSid": "SM0123456789abcdef", "MessageStatus": "delivered" }),
    )
    .stored()
    .refuses([ProblemKind::NotFound, ProblemKind::NotAllowed])
    .answers_nothing("Taken in, also where the message is not ours.")
}

pub(in crate::routes) fn ovh() -> Operation {
    Operation::new(
        "reportByOvh",
        ApiTag::System,
        "OVH reports a delivery",
        "For OVH's callback, which signs nothing: the secret part of the path is the setting \
         `HOOK_SECRET`. A wrong one is answered as if there were no hook.",
    )
    .parameter(path_parameter("secret", "The setting `HOOK_SECRET`.", text(1, 256).build(), "0f3c7a9e5b2d"))
    .parameter(query_parameter("id", "OVH's name for the message.", text(1, 64).pattern(Some(NAME)).build()))
    .parameter(query_parameter("ptt", "OVH's number for what became of it.", text(1, 8).build()))
    .stored()
    .refuses([ProblemKind::NotFound])
    .answers_nothing("Taken in, also where the message is not ours.")
}
