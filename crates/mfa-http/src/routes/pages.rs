//! The pages for people, as far as a client of the API meets them. They are made in `interface/`.

pub(super) mod doc;

use crate::problem::ApiError;
use crate::request::BodyLimit;

/// `GET /interface/…` of any brand but the one that is set, whose pages stand before this in the table of routes.
pub(super) async fn of_no_brand(_: BodyLimit) -> Result<&'static str, ApiError> {
    Err(ApiError::NotFound)
}
