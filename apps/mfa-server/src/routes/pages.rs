//! The pages for people, as far as a client of the API meets them. They are made in `interface/`.

pub(super) mod doc;

use crate::intake::Bounded;
use crate::problem::ApiError;

/// `GET /interface/…` of any brand but the one that is set, whose pages stand before this in the table of routes.
pub(super) async fn of_no_brand(_: Bounded) -> Result<&'static str, ApiError> {
    Err(ApiError::NotFound)
}
