//! Mails of the preview as JSON, which its script polls.

use actix_web::HttpResponse;
use mfa_http::problem::ApiError;

use crate::SharedRequest;
use crate::parts::{mails, shows_mail_preview};
use crate::response::PageResult;

/// `GET /interface/BRAND/outbox/mail`
pub(crate) async fn newest(request: SharedRequest) -> PageResult {
    if !shows_mail_preview(&request) {
        return Err(ApiError::NotFound.into());
    }
    Ok(HttpResponse::Ok().json(mails(&request)).into())
}
