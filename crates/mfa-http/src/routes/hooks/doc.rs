//! OpenAPI descriptions of the webhooks for delivery reports.

use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use crate::openapi::{ApiTag, Operation, path_parameter, query_parameter};
use crate::problem::ProblemKind;
use crate::schemas::text;

const MESSAGE_ID: &str = "^[A-Za-z0-9-]{1,64}$";

/// Fields of Twilio's status callback that are read.
// `mfa-infra` parses the form, after it has verified the signature.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that another crate parses")]
struct TwilioReport {
    /// Twilio's id of the message.
    #[schema(rename = "MessageSid", schema_with = message_id)]
    message_sid: String,
    /// Delivery status of the message.
    #[schema(rename = "MessageStatus", schema_with = message_status)]
    message_status: Option<String>,
}

fn message_id() -> Object {
    text(1, 64).pattern(Some(MESSAGE_ID)).description(Some("Twilio's id of the message.")).build()
}

fn message_status() -> Object {
    text(1, 64).description(Some("Delivery status of the message.")).build()
}

pub(in crate::routes) fn twilio() -> Operation {
    Operation::new(
        "reportByTwilio",
        ApiTag::System,
        "Receive a delivery report from Twilio",
        "Receives Twilio's status callback at `PUBLIC_URL` + `/hooks/twilio`. Requires the header \
         `X-Twilio-Signature`. Reports are used for statistics only. Responds with 404 if Twilio is not \
         configured.",
    )
    .form::<TwilioReport>(json!({ "MessageSid": "SM0123456789abcdef", "MessageStatus": "delivered" }))
    .uses_database()
    .problems([ProblemKind::NotFound, ProblemKind::NotAllowed])
    .responds_without_content("The report is accepted. The response is the same for unknown messages.")
}

pub(in crate::routes) fn ovh() -> Operation {
    Operation::new(
        "reportByOvh",
        ApiTag::System,
        "Receive a delivery report from OVH",
        "Receives OVH's callback. OVH does not sign its requests, so the path contains the setting `HOOK_SECRET`. \
         Responds with 404 to a wrong secret.",
    )
    .parameter(path_parameter("secret", "Value of the setting `HOOK_SECRET`.", text(1, 256).build(), "0f3c7a9e5b2d"))
    .parameter(query_parameter("id", "OVH's id of the message.", text(1, 64).pattern(Some(MESSAGE_ID)).build()))
    .parameter(query_parameter("ptt", "OVH's code of the delivery status.", text(1, 8).build()))
    .uses_database()
    .problems([ProblemKind::NotFound])
    .responds_without_content("The report is accepted. The response is the same for unknown messages.")
}
