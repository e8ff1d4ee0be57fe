//! Log lines of requests and of errors.

use std::error::Error;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use slog::Logger;

use crate::problem::ApiError;
use crate::request_context::RequestContext;

/// Returns the name of a standard method, or `OTHER`, so that clients cannot write arbitrary text to the log.
pub(super) const fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Route of requests whose path matches no route.
pub(super) const UNMATCHED: &str = "unmatched";

/// Logs a request and its status. Never logs the raw path, the query, a header or the body.
pub(super) fn access(
    log: &Logger,
    method: &str,
    route: &str,
    status: StatusCode,
    took: Duration,
    context: &RequestContext,
) {
    slog::info!(log, "request";
        "http_method" => method,
        "route" => route,
        "status" => status.as_u16(),
        "ms" => u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "ip" => context.origin.ip().map(|ip| ip.to_string()),
        "request_id" => &context.request_id,
    );
}

/// Logs an error: client errors as warnings, server errors as errors.
pub(super) fn error(log: &Logger, error: &ApiError, context: &RequestContext) {
    let kind = error.kind();
    if kind.is_server_error() {
        slog::error!(log, "request failed";
            "problem" => kind.code(),
            "reason" => with_sources(error),
            "request_id" => &context.request_id,
        );
    } else {
        slog::warn!(log, "request rejected";
            "problem" => kind.code(),
            "reason" => %error,
            "request_id" => &context.request_id,
        );
    }
}

/// Returns the text of an error and of its sources.
fn with_sources(error: &ApiError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
