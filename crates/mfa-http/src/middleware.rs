//! What every call goes through on its way in and out, whatever path it is for.
//!
//! In: an id, the client's address, its language; 503 at once where too much is waiting. Out: faults become problem
//! documents, every answer gets its headers, one access line is written. A panic ends here as a 500.

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

/// What the edge knows of the deployment.
pub(crate) struct MiddlewareConfig {
    /// Whose word is taken for addresses.
    pub(crate) proxies: TrustedProxies,
    /// For callers who name no language.
    pub(crate) fallback: Language,
    /// What callers are told.
    pub(crate) texts: Arc<Translations>,
    /// Whether clients come over TLS, to us or to a proxy.
    pub(crate) over_tls: bool,
    /// Which limits may be told.
    pub(crate) rates: PublicRateLimits,
    /// Where latencies are counted.
    pub(crate) latencies: HttpMetrics,
    /// For the ids of requests.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Whether too much is waiting.
    pub(crate) overloaded: Box<dyn Fn() -> bool + Send + Sync>,
    /// For lines that clients bring about, which may be dropped: access, and faults of theirs.
    pub(crate) droppable: slog::Logger,
    /// For faults of ours.
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
            entropy: Arc::clone(&mfa.flows().ports().entropy),
            overloaded: Box::new(move || load.overloaded()),
            droppable: mfa.telemetry().access(),
            log: mfa.telemetry().logger(),
        })
    }

    /// Passes a call on to the routes, and its answer back.
    ///
    /// # Errors
    ///
    /// A response that is ready to be sent, where the routes left nothing else behind.
    pub(crate) async fn pass(
        &self,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
        let started = Instant::now();
        let method = access_log::method(request.method());
        let caller = self.caller(request.headers(), request.peer_addr());
        request.extensions_mut().insert(caller.clone());
        // A clone of the request would keep the routes from matching it, so after a panic there is none to answer.
        let outcome = if self.sheds(&request) {
            Ok(request.error_response(ApiError::Overloaded))
        } else {
            let passed = AssertUnwindSafe(async { next.call(request).await }).catch_unwind().await;
            passed.unwrap_or_else(|_| Err(ApiError::Bug("a handler panicked").into()))
        };
        let outcome = match outcome {
            Ok(response) => Ok(self.finished(response, &caller)),
            Err(error) => Err(self.explained(&error, &caller)),
        };
        let (status, route) = match &outcome {
            Ok(response) => (response.status(), response.request().match_pattern()),
            Err(response) => (response.status(), None),
        };
        let (route, took) = (route.as_deref().unwrap_or(access_log::UNMATCHED), started.elapsed());
        self.latencies.observe(route, method, status.as_u16(), took);
        access_log::access(&self.droppable, method, route, status, took, &caller);
        outcome.map_err(|response| InternalError::from_response("answered at the edge", response).into())
    }

    /// Returns the context in which published documents are written.
    pub(crate) fn reader(&self) -> RequestContext {
        RequestContext::for_documents(Arc::clone(&self.texts))
    }

    /// Who calls, by the headers of a call and the peer of its connection.
    pub(crate) fn caller(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> RequestContext {
        let ip: Option<IpAddr> = peer.map(|peer| self.proxies.client(peer.ip(), headers));
        let request_id = request_id::request_id(headers, self.entropy.as_ref());
        RequestContext {
            language: Language::asked_for(headers, self.fallback),
            texts: Arc::clone(&self.texts),
            origin: Origin::new(ip, user_agent(headers).as_deref(), Some(&request_id)),
            request_id,
            allowance: RateLimitStatus::default(),
        }
    }

    /// Health answers even then: whoever watches must see the difference between busy and dead.
    fn sheds(&self, request: &ServiceRequest) -> bool {
        request.path().starts_with("/api/") && (self.overloaded)()
    }

    fn finished(
        &self,
        mut response: ServiceResponse<BoxBody>,
        caller: &RequestContext,
    ) -> ServiceResponse<BoxBody> {
        if let Some(error) = response.response().error() {
            let explained = self.explained(error, caller);
            return response.into_response(explained);
        }
        let told = response.response().extensions().get::<RenderedError>().cloned();
        if let Some(RenderedError(fault)) = told {
            self.log(&fault, caller);
        }
        self.tell_allowance(response.headers_mut(), caller);
        headers::secure(response.headers_mut(), &caller.request_id, self.over_tls);
        response
    }

    fn explained(&self, error: &actix_web::Error, caller: &RequestContext) -> HttpResponse {
        let bug = ApiError::Bug("an error that is no fault");
        let fault = error.as_error::<ApiError>().unwrap_or(&bug);
        self.log(fault, caller);
        self.problem(fault, caller)
    }

    /// Writes the one log line about a fault.
    pub(crate) fn log(&self, fault: &ApiError, caller: &RequestContext) {
        let log = if fault.kind().is_ours() { &self.log } else { &self.droppable };
        access_log::fault(log, fault, caller);
    }

    /// The problem document for a fault.
    pub(crate) fn problem(&self, fault: &ApiError, caller: &RequestContext) -> HttpResponse {
        let mut response = respond(fault, caller, self.rates);
        // Another limit than that on addresses has spoken: what is left of this one is no matter.
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            self.tell_allowance(response.headers_mut(), caller);
        }
        headers::secure(response.headers_mut(), &caller.request_id, self.over_tls);
        response
    }
}

impl MiddlewareConfig {
    /// Tells what is left of the limit on client addresses, where the call took a try from it.
    fn tell_allowance(&self, headers: &mut HeaderMap, caller: &RequestContext) {
        let told = caller.allowance.told().and_then(|(rule, left)| self.rates.headers(rule, left, None));
        for (name, value) in told.into_iter().flatten() {
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
