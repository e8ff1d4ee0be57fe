//! Webhooks for delivery reports of SMS providers. Reports are used for statistics only, never for authentication.

pub(super) mod doc;

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use mfa_flows::DeliveryReport;
use mfa_infra::Mfa;
use mfa_infra::sms::DeliveryReportError;

use crate::problem::ApiError;
use crate::request::{BodyLimit, RawForm};

/// Header with Twilio's signature.
const SIGNATURE: &str = "X-Twilio-Signature";

/// `POST /hooks/twilio`
pub(super) async fn twilio(
    form: RawForm,
    request: HttpRequest,
    mfa: Data<Mfa>,
) -> Result<HttpResponse, ApiError> {
    let signature = signature(request.headers());
    let report = mfa.reports().twilio(form.bytes(), signature).map_err(report_error)?;
    record(&mfa, report).await
}

/// Returns the signature, or an empty text if it is missing or repeated.
fn signature(headers: &HeaderMap) -> &str {
    let mut lines = headers.get_all(SIGNATURE);
    match (lines.next(), lines.next()) {
        (Some(line), None) => line.to_str().unwrap_or_default(),
        _ => "",
    }
}

/// `GET /hooks/ovh/{secret}`
pub(super) async fn ovh(
    _: BodyLimit,
    secret: Path<String>,
    request: HttpRequest,
    mfa: Data<Mfa>,
) -> Result<HttpResponse, ApiError> {
    let report = mfa.reports().ovh(&secret, request.query_string()).map_err(report_error)?;
    record(&mfa, report).await
}

async fn record(mfa: &Data<Mfa>, report: DeliveryReport) -> Result<HttpResponse, ApiError> {
    let flows = Arc::clone(mfa.flows());
    let outcome = mfa.run(async move { flows.record_delivery_report(&report).await }).await;
    outcome.map_err(|_| ApiError::Stopping)?.map_err(ApiError::Flow)?;
    // The response is the same for unknown messages, so that it does not show which ones exist.
    Ok(HttpResponse::NoContent().finish())
}

const fn report_error(error: DeliveryReportError) -> ApiError {
    match error {
        DeliveryReportError::NoHook => ApiError::NotFound,
        DeliveryReportError::Forged => ApiError::Flow(mfa_flows::FlowError::NotAllowed),
        DeliveryReportError::Malformed => ApiError::MalformedReport,
    }
}
