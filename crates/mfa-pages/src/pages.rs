//! Handlers of the pages, one file per area.

pub(super) mod activity;
pub(super) mod admin;
pub(super) mod app;
pub(super) mod authenticators;
pub(super) mod backup;
pub(super) mod codes;
pub(super) mod home;
pub(super) mod login;
pub(super) mod lost;
pub(super) mod mail_preview;
pub(super) mod passkey;
pub(super) mod phone;
pub(super) mod session;
pub(super) mod sessions;
pub(super) mod sms_preview;
pub(super) mod start;
pub(super) mod verify;

use crate::SharedRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::ApiError;

/// Rejects any other path below the first page.
pub(super) async fn nothing(_: SharedRequest) -> PageResult {
    Err(ApiError::NotFound.into())
}

/// Returns an asset by its served name.
pub(super) async fn asset(request: SharedRequest) -> PageResult {
    let name = request.path().rsplit('/').next().unwrap_or_default();
    let asset = request.site.assets().find(name).ok_or(ApiError::NotFound)?;
    Ok(PageResponse::asset(asset))
}
