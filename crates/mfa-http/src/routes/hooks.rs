//! Where providers report what became of a message. It is for statistics: who gets in never depends on it.

pub(super) mod doc;

use actix_web::http::header::HeaderMap;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use mfa_infra::Mfa;
use mfa_infra::sms::{DeliveryReport, DeliveryReportError};

use crate::problem::ApiError;
use crate::request::{BodyLimit, RawForm};

/// What Twilio signs with.
const SIGNATURE: &str = "X-Twilio-Signature";

/// `POST /hooks/twilio`
pub(super) async fn twilio(
    form: RawForm,
    request: HttpRequest,
    mfa: Data<Mfa>,
) -> Result<HttpResponse, ApiError> {
    let signature = signature(request.headers());
    let report = mfa.reports().twilio(form.bytes(), signature).map_err(fault)?;
    record(&mfa, report).await
}

/// Nobody believes the one of two signatures that happens to fit.
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
    let report = mfa.reports().ovh(&secret, request.query_string()).map_err(fault)?;
    record(&mfa, report).await
}

async fn record(mfa: &Data<Mfa>, report: DeliveryReport) -> Result<HttpResponse, ApiError> {
    let keeper = mfa.clone();
    let outcome = mfa.run(async move { keeper.record_report(&report).await }).await;
    outcome.map_err(|_| ApiError::Stopping)?.map_err(|error| ApiError::Refused(error.into()))?;
    // The same for a message that is not ours, so that nobody finds out which are.
    Ok(HttpResponse::NoContent().finish())
}

const fn fault(refused: DeliveryReportError) -> ApiError {
    match refused {
        DeliveryReportError::NoHook => ApiError::NotFound,
        DeliveryReportError::Forged => ApiError::Refused(mfa_flows::FlowError::NotAllowed),
        DeliveryReportError::Malformed => ApiError::MalformedReport,
    }
}
