//! Fallback of the web interface. The pages themselves are a [`RouteExtension`](crate::RouteExtension).

pub(super) mod doc;

use crate::problem::ApiError;
use crate::request::BodyLimit;

/// `GET /interface/…` of an unknown brand. The pages of the configured brand are registered before this route.
pub(super) async fn unknown_brand(_: BodyLimit) -> Result<&'static str, ApiError> {
    Err(ApiError::NotFound)
}
