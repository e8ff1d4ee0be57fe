//! The two kinds of line that HTTP writes to the log: one for each call, one for each fault.

use std::error::Error;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use slog::Logger;

use crate::problem::ApiError;
use crate::request_context::RequestContext;

/// The name of a method; one word for all that are of nobody's standard, so that no client writes our log.
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

/// What stands for a route where there is none.
pub(super) const UNMATCHED: &str = "unmatched";

/// One call and how it was answered. Never the path as it was sent, its query, a header or a body.
pub(super) fn access(
    log: &Logger,
    method: &str,
    route: &str,
    status: StatusCode,
    took: Duration,
    caller: &RequestContext,
) {
    slog::info!(log, "request";
        "http_method" => method,
        "route" => route,
        "status" => status.as_u16(),
        "ms" => u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "ip" => caller.origin.ip().map(|ip| ip.to_string()),
        "request_id" => &caller.request_id,
    );
}

/// One fault: a warning where the caller is at fault, an error where we are.
pub(super) fn fault(log: &Logger, fault: &ApiError, caller: &RequestContext) {
    let kind = fault.kind();
    if kind.is_ours() {
        slog::error!(log, "call failed";
            "problem" => kind.code(),
            "reason" => with_sources(fault),
            "request_id" => &caller.request_id,
        );
    } else {
        slog::warn!(log, "call refused";
            "problem" => kind.code(),
            "reason" => %fault,
            "request_id" => &caller.request_id,
        );
    }
}

fn with_sources(fault: &ApiError) -> String {
    let mut text = fault.to_string();
    let mut source = fault.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
