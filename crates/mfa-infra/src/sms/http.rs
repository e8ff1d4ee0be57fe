//! HTTP client for SMS providers: on blocking threads, with deadlines and a limit of concurrent sends.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mfa_sms::SendOutcome;
use tokio::runtime::Handle;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;
use ureq::config::AutoHeaderValue;
use ureq::http::header::RETRY_AFTER;
use ureq::{Agent, Body, SendBody, http};
use url::{Host, Url};
use zeroize::Zeroizing;

/// Maximum length of a response body in bytes. Real ones have some hundreds.
const MAX_RESPONSE_LEN: u64 = 64 * 1024;

/// Timeouts of requests, and the number of concurrent sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Timeout of the DNS lookup, and again of connecting, including the TLS handshake.
    pub connect: Duration,
    /// Timeout of a send in total, including the wait in the queue and all its requests.
    pub total: Duration,
    /// Maximum number of concurrent sends of one provider. Each occupies a thread.
    pub max_concurrent: usize,
    /// Timeout of waiting for a free slot.
    pub queue_timeout: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            total: Duration::from_secs(8),
            max_concurrent: 32,
            queue_timeout: Duration::from_secs(1),
        }
    }
}

/// HTTP client shared by all providers.
///
/// It follows no redirect and uses no proxy of the environment, because its requests contain credentials and codes.
///
/// The library `ureq` writes the requested URLs to the `log` facade. Nothing reads that facade here. If you install a
/// logger for it, exclude `ureq`.
#[derive(Clone)]
pub struct SmsHttpClient {
    agent: Agent,
    runtime: Handle,
    limits: HttpLimits,
}

impl SmsHttpClient {
    /// Creates a client that runs on the blocking threads of this runtime, whose timer must be enabled.
    pub fn new(runtime: Handle, limits: HttpLimits) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.total))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .http_status_as_error(false)
            .max_idle_connections_per_host(limits.max_concurrent)
            .max_idle_connections(limits.max_concurrent.saturating_mul(2))
            .accept_encoding(AutoHeaderValue::None)
            .user_agent("nova-mfa")
            .build();
        Self { agent: config.new_agent(), runtime, limits }
    }

    /// Returns a client for the current thread, with one deadline for all its requests.
    pub(super) fn client(&self) -> ProviderClient {
        let deadline = now().checked_add(self.limits.total);
        ProviderClient { agent: self.agent.clone(), connect: self.limits.connect, deadline }
    }

    /// Creates the bulkhead of one provider, so that a hanging provider blocks no other one.
    pub(super) fn bulkhead(&self) -> Bulkhead {
        Bulkhead { http: self.clone(), slots: Arc::new(Semaphore::new(self.limits.max_concurrent)) }
    }
}

impl fmt::Debug for SmsHttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsHttpClient").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Limit of concurrent sends of one provider (bulkhead pattern).
#[derive(Debug)]
pub(super) struct Bulkhead {
    http: SmsHttpClient,
    slots: Arc<Semaphore>,
}

impl Bulkhead {
    /// Runs `send` on a blocking thread.
    ///
    /// If the caller is cancelled, the send continues until its deadline and occupies its slot until then. If no slot
    /// becomes free in time, nothing is sent.
    pub(super) async fn run(
        &self,
        send: impl FnOnce(&ProviderClient) -> SendOutcome + Send + 'static,
    ) -> SendOutcome {
        let client = self.http.client();
        let Ok(Ok(slot)) = self.acquire().await else { return SendOutcome::Retryable { after: None } };
        let job = self.http.runtime.spawn_blocking(move || {
            let outcome = send(&client);
            drop(slot);
            outcome
        });
        job.await.unwrap_or_else(|error| outcome_of_lost_job(&error))
    }

    /// Waits for a slot, on the timer of the client's runtime, whichever runtime polls the future.
    fn acquire(
        &self,
    ) -> tokio::time::Timeout<impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + use<>> {
        let _inside = self.http.runtime.enter();
        tokio::time::timeout(self.http.limits.queue_timeout, Arc::clone(&self.slots).acquire_owned())
    }
}

/// Returns the outcome of a job that was lost. A job is cancelled only before it starts.
fn outcome_of_lost_job(error: &JoinError) -> SendOutcome {
    if error.is_cancelled() { SendOutcome::Retryable { after: None } } else { SendOutcome::Unknown }
}

#[expect(
    clippy::disallowed_methods,
    reason = "deadlines of calls are intervals, and this is where they are measured"
)]
fn now() -> Instant {
    Instant::now()
}

/// Base URL of a provider's API.
#[derive(Debug)]
pub(super) struct ProviderEndpoint {
    base: String,
    https_only: bool,
}

impl ProviderEndpoint {
    /// Creates an endpoint. Plain HTTP is allowed to this machine only, for a fake provider in development.
    pub(super) fn new(url: &Url) -> Self {
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        Self { base: url.as_str().trim_end_matches('/').to_owned(), https_only: !is_loopback }
    }

    /// Returns the URL of a path, which starts with a slash.
    pub(super) fn at(&self, path: &str) -> RequestUrl {
        RequestUrl { url: format!("{}{path}", self.base), https_only: self.https_only }
    }
}

/// URL of a request.
#[derive(Debug)]
pub(super) struct RequestUrl {
    /// Full URL, as it is signed and sent.
    pub(super) url: String,
    https_only: bool,
}

/// Response of a provider.
pub(super) struct ProviderResponse {
    pub(super) status: u16,
    /// `Retry-After`, if it is in seconds (RFC 9110 §10.2.3).
    pub(super) retry_after: Option<Duration>,
    /// Body, which may contain the message; `None` if it is incomplete or too long.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
}

impl ProviderResponse {
    /// Parses the body as JSON; returns `None` if that fails.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }
}

/// Failed request. The client's error is dropped, because it may contain the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoResponse {
    /// The body was not sent: no DNS entry, no connection, no TLS or no time left.
    NotSent,
    /// The body may have been received.
    Lost,
}

impl From<NoResponse> for SendOutcome {
    fn from(error: NoResponse) -> Self {
        match error {
            NoResponse::NotSent => Self::Retryable { after: None },
            NoResponse::Lost => Self::Unknown,
        }
    }
}

/// HTTP client for the requests of one send, with a common deadline.
pub(super) struct ProviderClient {
    agent: Agent,
    connect: Duration,
    deadline: Option<Instant>,
}

impl ProviderClient {
    /// Sends a GET request without headers, with the connect timeout as its total timeout.
    pub(super) fn quick_get(&self, to: &RequestUrl) -> Result<ProviderResponse, NoResponse> {
        let left = self.time_left()?.min(self.connect);
        let request = self.agent.get(&to.url).config();
        let request = request.https_only(to.https_only).timeout_global(Some(left)).build();
        request.call().map(read).map_err(|error| match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed => NoResponse::NotSent,
            ureq::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => NoResponse::NotSent,
            _ => NoResponse::Lost,
        })
    }

    /// Sends a GET request.
    pub(super) fn get(
        &self,
        to: &RequestUrl,
        headers: &[(&str, &str)],
    ) -> Result<ProviderResponse, NoResponse> {
        let left = self.time_left()?;
        let mut request = self.agent.get(&to.url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.config().https_only(to.https_only).timeout_global(Some(left)).build();
        request.call().map(read).map_err(|_| NoResponse::Lost)
    }

    /// Sends a POST request with exactly these bytes as its body.
    pub(super) fn post(
        &self,
        to: &RequestUrl,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<ProviderResponse, NoResponse> {
        let left = self.time_left()?;
        let mut request = self.agent.post(&to.url).header("Content-Length", body.len().to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.config().https_only(to.https_only).timeout_global(Some(left)).build();
        let mut tracked = TrackedBody { rest: body, started: false };
        let sent = request.send(SendBody::from_reader(&mut tracked));
        sent.map(read).map_err(|_| if tracked.started { NoResponse::Lost } else { NoResponse::NotSent })
    }

    /// Returns the time until the deadline; [`NoResponse::NotSent`] if it has passed.
    fn time_left(&self) -> Result<Duration, NoResponse> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(now()));
        left.filter(|left| !left.is_zero()).ok_or(NoResponse::NotSent)
    }
}

/// Request body that records whether sending it has started, after the connection and the headers.
///
/// The errors of the client do not distinguish failures before and after that point.
struct TrackedBody<'a> {
    rest: &'a [u8],
    started: bool,
}

impl Read for TrackedBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.started = true;
        self.rest.read(buffer)
    }
}

/// Reads the whole response in every case: a connection with unread bytes cannot be reused.
fn read(mut response: http::Response<Body>) -> ProviderResponse {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.trim().parse().ok());
    let body = response.body_mut().with_config().limit(MAX_RESPONSE_LEN).read_to_vec();
    ProviderResponse {
        status: response.status().as_u16(),
        retry_after: seconds.map(|it: u32| Duration::from_secs(it.into())),
        body: body.ok().map(Zeroizing::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::fake_network::{FakeNetwork, PATIENT, ScriptedReply};

    #[test]
    fn only_this_machine_is_called_without_tls() {
        for (url, https_only) in [
            ("http://127.0.0.1:8080", false),
            ("http://[::1]:8080", false),
            ("http://localhost/1.0/", false),
            ("http://192.0.2.1", true),
            ("http://localhost.example.com", true),
            ("https://eu.api.ovh.com/1.0", true),
        ] {
            let endpoint = ProviderEndpoint::new(&Url::parse(url).unwrap());
            assert_eq!(endpoint.at("/sms").https_only, https_only, "{url}");
            assert_eq!(endpoint.at("/sms").url, format!("{}/sms", url.trim_end_matches('/')));
        }
    }

    #[test]
    fn where_tls_is_required_nothing_is_sent_without_it() {
        let network = FakeNetwork::new(vec![ScriptedReply::json(200, "{}")]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let agent = SmsHttpClient::new(runtime.handle().clone(), PATIENT).agent;
        let client =
            ProviderClient { agent, connect: PATIENT.connect, deadline: now().checked_add(PATIENT.total) };
        let at = RequestUrl { url: network.url("http").into(), https_only: true };
        assert_eq!(client.post(&at, &[], b"body").err(), Some(NoResponse::NotSent));
        assert!(network.received().is_empty());
    }

    #[test]
    fn past_the_deadline_nothing_is_sent() {
        let network = FakeNetwork::new(vec![ScriptedReply::json(200, "{}")]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let agent = SmsHttpClient::new(runtime.handle().clone(), PATIENT).agent;
        let client = ProviderClient { agent, connect: PATIENT.connect, deadline: Some(now()) };
        let at = RequestUrl { url: network.url("http").into(), https_only: false };
        assert_eq!(client.post(&at, &[], b"body").err(), Some(NoResponse::NotSent));
        assert_eq!(client.quick_get(&at).err(), Some(NoResponse::NotSent));
        assert!(network.received().is_empty());
    }
}
