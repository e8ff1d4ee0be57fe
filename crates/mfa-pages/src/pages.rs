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

use super::{PageResult, SharedPageRequest, response};
use mfa_http::problem::ApiError;

/// Any other address below the first page.
pub(super) async fn nothing(_: SharedPageRequest) -> PageResult {
    Err(ApiError::NotFound.into())
}

/// A file of the pages, under the name that its content gives it.
pub(super) async fn asset(visit: SharedPageRequest) -> PageResult {
    let name = visit.path().rsplit('/').next().unwrap_or_default();
    let asset = visit.site.assets().find(name).ok_or(ApiError::NotFound)?;
    Ok(response::file(asset))
}
