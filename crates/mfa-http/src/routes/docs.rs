//! Handler of the OpenAPI document.

pub(super) mod doc;
#[cfg(feature = "swagger-ui")]
pub(super) mod swagger_ui;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::openapi::OpenApiDocument;
use crate::request::BodyLimit;

/// `GET /openapi.json`
pub(super) async fn document(_: BodyLimit, document: Data<OpenApiDocument>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.bytes())
}
