//! Middleware of every request: request context, load shedding, problem documents, headers and access log.
//!
//! It determines request id, client address and language, and responds with 503 at once if too many requests are waiting.
//! Errors become problem documents, and a panic becomes a 500. Every response gets the security headers and a log line.

mod access_log;
mod headers;
mod request_id;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse};
use futures::FutureExt;
use mfa_core::{Entropy, Origin};
use mfa_infra::Mfa;
use mfa_infra::metrics::HttpMetrics;
use mfa_infra::settings::Locale;
use tokio::time::Instant;

use crate::client_ip::TrustedProxies;
use crate::extension::RouteExtension;
use crate::i18n::Translations;
use crate::language::Language;
use crate::problem::{ApiError, PublicRateLimits, RenderedError, respond};
use crate::request_context::{RateLimitStatus, RequestContext, user_agent};

/// Configuration of the middleware.
pub(crate) struct MiddlewareConfig {
    /// Proxies that are trusted for client addresses.
    pub(crate) proxies: TrustedProxies,
    /// Language of requests without `Accept-Language`.
    pub(crate) fallback: Language,
    /// Translated texts.
    pub(crate) texts: Arc<Translations>,
    /// Whether clients use TLS, to this process or to a proxy.
    pub(crate) over_tls: bool,
    /// Rate limits that responses may show.
    pub(crate) rates: PublicRateLimits,
    /// Metrics of request durations.
    pub(crate) latencies: HttpMetrics,
    /// Randomness of request ids.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Returns whether too many requests are waiting.
    pub(crate) overloaded: Box<dyn Fn() -> bool + Send + Sync>,
    /// Log for lines that clients cause, which may be dropped under load: access log and client errors.
    pub(crate) droppable: slog::Logger,
    /// Log for server errors.
    pub(crate) log: slog::Logger,
}

impl MiddlewareConfig {
    /// Reads the configuration of `mfa`. `over_tls` is true if clients use TLS, to this process or to a proxy.
    ///
    /// # Errors
    ///
    /// An invalid `TRUSTED_PROXY_HEADER`, or a Fluent file that does not parse.
    pub(crate) fn new(
        mfa: &Arc<Mfa>,
        over_tls: bool,
        extension: Option<&dyn RouteExtension>,
    ) -> io::Result<Self> {
        let settings = mfa.settings();
        let header = HeaderName::try_from(settings.server.trusted_proxy_header.as_str());
        let header = header
            .map_err(|_| io::Error::other("TRUSTED_PROXY_HEADER is not a valid name of an HTTP header"))?;
        let texts = extension.map_or(&[][..], RouteExtension::translations);
        let texts = Translations::load(texts).map_err(io::Error::other)?;
        let load = Arc::clone(mfa);
        Ok(Self {
            proxies: TrustedProxies::new(settings.server.trusted_proxies.clone(), header),
            fallback: match settings.brand.locale {
                Locale::Fr => Language::French,
                Locale::En => Language::English,
            },
            texts: Arc::new(texts),
            over_tls,
            rates: PublicRateLimits::from_settings(&settings.limits),
            latencies: mfa.metrics().http().clone(),
            entropy: Arc::clone(mfa.flows().entropy()),
            overloaded: Box::new(move || load.database().is_overloaded()),
            droppable: mfa.telemetry().access(),
            log: mfa.telemetry().logger(),
        })
    }

    /// Passes a request to the routes and completes the response.
    ///
    /// # Errors
    ///
    /// A complete response, if the routes returned an error without one.
    pub(crate) async fn handle(
        &self,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
        let started = Instant::now();
        let method = access_log::method(request.method());
        let context = self.request_context(request.headers(), request.peer_addr());
        request.extensions_mut().insert(context.clone());
        // The request cannot be cloned for use after a panic: a clone would keep the routes from matching it.
        let outcome = if self.is_shed(&request) {
            Ok(request.error_response(ApiError::Overloaded))
        } else {
            let passed = AssertUnwindSafe(async { next.call(request).await }).catch_unwind().await;
            passed.unwrap_or_else(|_| Err(ApiError::Bug("a handler panicked").into()))
        };
        let outcome = match outcome {
            Ok(response) => Ok(self.complete(response, &context)),
            Err(error) => Err(self.error_response(&error, &context)),
        };
        let (status, route) = match &outcome {
            Ok(response) => (response.status(), response.request().match_pattern()),
            Err(response) => (response.status(), None),
        };
        let (route, took) = (route.as_deref().unwrap_or(access_log::UNMATCHED), started.elapsed());
        self.latencies.observe(route, method, status.as_u16(), took);
        access_log::access(&self.droppable, method, route, status, took, &context);
        outcome
            .map_err(|response| InternalError::from_response("response of the middleware", response).into())
    }

    /// Returns the context in which published documents are written.
    pub(crate) fn reader(&self) -> RequestContext {
        RequestContext::for_documents(Arc::clone(&self.texts))
    }

    /// Returns the context of a request from its headers and the peer address.
    pub(crate) fn request_context(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> RequestContext {
        let ip: Option<IpAddr> = peer.map(|peer| self.proxies.client(peer.ip(), headers));
        let request_id = request_id::request_id(headers, self.entropy.as_ref());
        let language = Language::negotiate(headers, self.fallback);
        let origin = Origin::new(ip, user_agent(headers).as_deref(), Some(&request_id));
        RequestContext {
            language,
            texts: Arc::clone(&self.texts),
            origin: origin.with_language(language.into()),
            request_id,
            allowance: RateLimitStatus::default(),
        }
    }

    /// Returns whether a request is rejected because of overload. Health checks are not: monitoring must distinguish an
    /// overloaded server from a dead one.
    fn is_shed(&self, request: &ServiceRequest) -> bool {
        request.path().starts_with("/api/") && (self.overloaded)()
    }

    fn complete(
        &self,
        mut response: ServiceResponse<BoxBody>,
        context: &RequestContext,
    ) -> ServiceResponse<BoxBody> {
        if let Some(error) = response.response().error() {
            let problem = self.error_response(error, context);
            return response.into_response(problem);
        }
        let rendered = response.response().extensions().get::<RenderedError>().cloned();
        if let Some(RenderedError(error)) = rendered {
            self.log(&error, context);
        }
        self.add_rate_limit_headers(response.headers_mut(), context);
        headers::secure(response.headers_mut(), &context.request_id, self.over_tls);
        response
    }

    fn error_response(&self, error: &actix_web::Error, context: &RequestContext) -> HttpResponse {
        let bug = ApiError::Bug("a handler returned an error that is not an ApiError");
        let error = error.as_error::<ApiError>().unwrap_or(&bug);
        self.log(error, context);
        self.problem(error, context)
    }

    /// Logs an error.
    pub(crate) fn log(&self, error: &ApiError, context: &RequestContext) {
        let log = if error.kind().is_server_error() { &self.log } else { &self.droppable };
        access_log::error(log, error, context);
    }

    /// Returns the response with the problem document of an error.
    pub(crate) fn problem(&self, error: &ApiError, context: &RequestContext) -> HttpResponse {
        let mut response = respond(error, context, self.rates);
        // A 429 has the headers of the limit that was exceeded.
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            self.add_rate_limit_headers(response.headers_mut(), context);
        }
        headers::secure(response.headers_mut(), &context.request_id, self.over_tls);
        response
    }
}

impl MiddlewareConfig {
    /// Adds the rate-limit headers, if the request was counted against a limit per IP address.
    fn add_rate_limit_headers(&self, headers: &mut HeaderMap, context: &RequestContext) {
        let status = context.allowance.get().and_then(|(rule, left)| self.rates.headers(rule, left, None));
        for (name, value) in status.into_iter().flatten() {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

impl fmt::Debug for MiddlewareConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiddlewareConfig").field("proxies", &self.proxies).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
