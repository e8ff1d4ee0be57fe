//! Handlers of the page that shows the OpenAPI document (Swagger UI), served from the binary.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::Path;
use utoipa_swagger_ui::Config;

use crate::problem::ApiError;
use crate::request::BodyLimit;

/// What Swagger UI needs: its own files, styles that it writes as it draws, pictures within them, and calls to us.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";
/// The files change with the version of the server alone.
const FILE_CACHING: &str = "public, max-age=3600";
/// The files that the page loads; others come with Swagger UI and are nobody's business.
const FILES: [&str; 5] = [
    "favicon-32x32.png",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// `GET /docs`
pub(in crate::routes) async fn page(_: BodyLimit) -> HttpResponse {
    page_below("docs/")
}

/// `GET /docs/…`: the page again, and its files.
pub(in crate::routes) async fn file(_: BodyLimit, file: Path<String>) -> Result<HttpResponse, ApiError> {
    let file = file.into_inner();
    if file.is_empty() {
        return Ok(page_below(""));
    }
    let known = FILES.into_iter().find(|it| *it == file).ok_or(ApiError::NotFound)?;
    let served = utoipa_swagger_ui::serve(known, Arc::new(shown()));
    let served = served.map_err(|_| ApiError::Bug("no settings of Swagger UI"))?;
    let served = served.ok_or(ApiError::Bug("a file of Swagger UI is missing"))?;
    Ok(HttpResponse::Ok()
        .content_type(served.content_type)
        .insert_header((CACHE_CONTROL, FILE_CACHING))
        .body(served.bytes.into_owned()))
}

/// The page whose files lie there, as seen from its address.
fn page_below(files: &str) -> HttpResponse {
    let page = include_str!("page.html").replace("{files}", files);
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(page)
}

fn shown() -> Config<'static> {
    Config::new(["/openapi.json"])
        // The badge would ask a server of somebody else's.
        .validator_url("none")
        .display_request_duration(true)
        .default_models_expand_depth(0)
        .doc_expansion("list")
        .use_base_layout()
}
