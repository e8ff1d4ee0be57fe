//! Handlers of Swagger UI, whose files are part of the binary.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::Path;
use utoipa_swagger_ui::Config;

use crate::problem::ApiError;
use crate::request::BodyLimit;

/// Content-Security-Policy of the page: Swagger UI needs its own files, inline styles, images in data URLs, and requests
/// to this server.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";
/// Caching of the files, which change only with the version of the server.
const FILE_CACHING: &str = "public, max-age=3600";
/// Files that the page loads. Other files of Swagger UI are not served.
const FILES: [&str; 5] = [
    "favicon-32x32.png",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// `GET /docs`
pub(in crate::routes) async fn page(_: BodyLimit) -> HttpResponse {
    page_with_files_in("docs/")
}

/// `GET /docs/…`: the files of the page, and the page itself for an empty file name.
pub(in crate::routes) async fn file(_: BodyLimit, file: Path<String>) -> Result<HttpResponse, ApiError> {
    let file = file.into_inner();
    if file.is_empty() {
        return Ok(page_with_files_in(""));
    }
    let known = FILES.into_iter().find(|it| *it == file).ok_or(ApiError::NotFound)?;
    let served = utoipa_swagger_ui::serve(known, Arc::new(swagger_config()));
    let served = served.map_err(|_| ApiError::Bug("the configuration of Swagger UI is not valid"))?;
    let served = served.ok_or(ApiError::Bug("a file of Swagger UI is missing"))?;
    Ok(HttpResponse::Ok()
        .content_type(served.content_type)
        .insert_header((CACHE_CONTROL, FILE_CACHING))
        .body(served.bytes.into_owned()))
}

/// Returns the page, with its files at this relative URL.
fn page_with_files_in(files: &str) -> HttpResponse {
    let page = include_str!("page.html").replace("{files}", files);
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(page)
}

fn swagger_config() -> Config<'static> {
    Config::new(["/openapi.json"])
        // The validator badge would send the document to another host.
        .validator_url("none")
        .display_request_duration(true)
        .default_models_expand_depth(0)
        .doc_expansion("list")
        .use_base_layout()
}
