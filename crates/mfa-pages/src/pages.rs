//! The pages, one file an area: what is shown, and what its forms do.

pub(super) mod activity;
pub(super) mod admin;
pub(super) mod app;
pub(super) mod backup;
pub(super) mod codes;
pub(super) mod home;
pub(super) mod login;
pub(super) mod phone;
pub(super) mod session;
pub(super) mod sms_preview;
pub(super) mod start;
pub(super) mod verify;

use crate::SharedRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::ApiError;

/// Any other address below the first page.
pub(super) async fn nothing(_: SharedRequest) -> PageResult {
    Err(ApiError::NotFound.into())
}

/// A file of the pages, under the name that its content gives it.
pub(super) async fn asset(request: SharedRequest) -> PageResult {
    let name = request.path().rsplit('/').next().unwrap_or_default();
    let asset = request.site.assets().find(name).ok_or(ApiError::NotFound)?;
    Ok(PageResponse::asset(asset))
}
