//! Answers: pages and redirections, with the headers that keep them to themselves.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION, SET_COOKIE,
};
use maud::Markup;

use super::assets::Asset;
use super::page_request::PageRequest;

/// Files of ours and nothing else: no line of script or style in the page, no other host, no frame, no plug-in, and no
/// text that a script could turn into elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";
/// No sensor and no payment; codes that come by SMS may be read by ourselves.
const PERMISSIONS: &str =
    "camera=(), geolocation=(), microphone=(), payment=(), usb=(), otp-credentials=(self)";
const FOREVER: &str = "public, max-age=31536000, immutable";

/// A page.
pub(super) fn page(visit: &PageRequest, status: StatusCode, markup: Markup) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.content_type("text/html; charset=utf-8");
    response.insert_header((CONTENT_LANGUAGE, visit.language().tag()));
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header(("Permissions-Policy", PERMISSIONS));
    response.insert_header(("Cross-Origin-Resource-Policy", "same-origin"));
    if visit.site.over_tls() {
        response.insert_header(("Cross-Origin-Opener-Policy", "same-origin"));
    }
    response.body(markup.into_string())
}

/// Sends the browser to another page of ours, by `GET`.
pub(super) fn go(visit: &PageRequest, path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, visit.to(path))).finish()
}

/// A file of the pages.
pub(super) fn file(asset: &Asset) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type(asset.media_type);
    response.insert_header((CACHE_CONTROL, FOREVER));
    response.insert_header(("Cross-Origin-Resource-Policy", "same-origin"));
    response.body(asset.bytes.clone())
}

/// The same answer with these cookies.
pub(super) fn with_cookies(mut answer: HttpResponse, cookies: &[String]) -> HttpResponse {
    for (place, cookie) in cookies.iter().enumerate() {
        let name = |it: &str| it.split('=').next().map(str::to_owned);
        let is_replaced =
            cookies.iter().skip(place.saturating_add(1)).any(|later| name(later) == name(cookie));
        if is_replaced {
            continue;
        }
        if let Ok(value) = HeaderValue::from_str(cookie) {
            answer.headers_mut().append(SET_COOKIE, value);
        }
    }
    answer
}

/// The name of the header that says when to come back.
pub(super) const RETRY_AFTER: HeaderName = actix_web::http::header::RETRY_AFTER;
