//! Messages of the SMS preview as JSON, which its script polls.

use actix_web::HttpResponse;
use mfa_http::problem::ApiError;

use crate::SharedRequest;
use crate::parts::{MessageView, messages, shows_sms_preview};
use crate::response::PageResult;

/// `GET /interface/BRAND/outbox`
pub(crate) async fn newest(request: SharedRequest) -> PageResult {
    if !shows_sms_preview(&request) {
        return Err(ApiError::NotFound.into());
    }
    let messages = messages(&request);
    let shown: Vec<_> = messages.iter().map(MessageView::new).collect();
    Ok(HttpResponse::Ok().json(shown).into())
}
