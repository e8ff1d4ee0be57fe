//! How providers are called: off the async threads, for a bounded time, a bounded number at once.

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

/// The longest answer that is read, in bytes. Those of the providers have some hundreds.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// How long calls take and how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// How long to find the provider's address, and again how long to connect, the TLS handshake included.
    pub connect: Duration,
    /// How long a send takes in all, with the wait for a place and every call that it needs.
    pub total: Duration,
    /// How many sends of one provider run at once. Each takes a thread.
    pub places: usize,
    /// How long a send waits for one of these places.
    pub wait: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            total: Duration::from_secs(8),
            places: 32,
            wait: Duration::from_secs(1),
        }
    }
}

/// The HTTP client that all providers share.
///
/// It follows no redirect and no proxy of the environment: what it carries is for one address alone.
///
/// The library beneath it tells the `log` facade which addresses it calls. Nothing listens there; whoever installs a
/// logger shuts `ureq` out of it.
#[derive(Clone)]
pub struct SmsHttp {
    agent: Agent,
    runtime: Handle,
    limits: HttpLimits,
}

impl SmsHttp {
    /// A client that does its work on the blocking threads of this runtime, whose timer must be on.
    pub fn new(runtime: Handle, limits: HttpLimits) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.total))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .http_status_as_error(false)
            .max_idle_connections_per_host(limits.places)
            .max_idle_connections(limits.places.saturating_mul(2))
            .accept_encoding(AutoHeaderValue::None)
            .user_agent("nova-mfa")
            .build();
        Self { agent: config.new_agent(), runtime, limits }
    }

    /// What makes calls on this very thread, all of them before one deadline.
    pub(super) fn caller(&self) -> ProviderClient {
        let until = now().checked_add(self.limits.total);
        ProviderClient { agent: self.agent.clone(), connect: self.limits.connect, until }
    }

    /// Places for the sends of one provider: where it hangs it takes none from another one.
    pub(super) fn lane(&self) -> Bulkhead {
        Bulkhead { http: self.clone(), places: Arc::new(Semaphore::new(self.limits.places)) }
    }
}

impl fmt::Debug for SmsHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsHttp").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The sends of one provider.
#[derive(Debug)]
pub(super) struct Bulkhead {
    http: SmsHttp,
    places: Arc<Semaphore>,
}

impl Bulkhead {
    /// Does one send on a thread that may block.
    ///
    /// A caller that goes away leaves the send to run on to its deadline, and its place taken until then. Where no place
    /// comes free in time nothing was sent.
    pub(super) async fn run(
        &self,
        send: impl FnOnce(&ProviderClient) -> SendOutcome + Send + 'static,
    ) -> SendOutcome {
        let caller = self.http.caller();
        let Ok(Ok(place)) = self.wait().await else { return SendOutcome::Retryable { after: None } };
        let job = self.http.runtime.spawn_blocking(move || {
            let outcome = send(&caller);
            drop(place);
            outcome
        });
        job.await.unwrap_or_else(|lost| after_loss(&lost))
    }

    /// The timer belongs to the runtime that was handed in, whoever polls.
    fn wait(
        &self,
    ) -> tokio::time::Timeout<impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + use<>> {
        let _inside = self.http.runtime.enter();
        tokio::time::timeout(self.http.limits.wait, Arc::clone(&self.places).acquire_owned())
    }
}

/// A job is cancelled only before it begins.
fn after_loss(lost: &JoinError) -> SendOutcome {
    if lost.is_cancelled() { SendOutcome::Retryable { after: None } } else { SendOutcome::Unknown }
}

#[expect(
    clippy::disallowed_methods,
    reason = "deadlines of calls are intervals, and this is where they are measured"
)]
fn now() -> Instant {
    Instant::now()
}

/// Where a provider is.
#[derive(Debug)]
pub(super) struct ProviderEndpoint {
    base: String,
    https_only: bool,
}

impl ProviderEndpoint {
    /// Without TLS only this machine is ever called: a fake of the provider, in development.
    pub(super) fn new(url: &Url) -> Self {
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        Self { base: url.as_str().trim_end_matches('/').to_owned(), https_only: !is_here }
    }

    /// The address of this path, which begins with a slash.
    pub(super) fn at(&self, path: &str) -> RequestUrl {
        RequestUrl { url: format!("{}{path}", self.base), https_only: self.https_only }
    }
}

/// The address of one call.
#[derive(Debug)]
pub(super) struct RequestUrl {
    /// In full, as it is sent.
    pub(super) url: String,
    https_only: bool,
}

/// What a provider has answered.
pub(super) struct ProviderResponse {
    pub(super) status: u16,
    /// How long it asks to wait, where it says so in seconds (RFC 9110 §10.2.3).
    pub(super) retry_after: Option<Duration>,
    /// May repeat the message. `None` where it broke off or is too long.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
}

impl ProviderResponse {
    /// The body as JSON of this shape, if it is that.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }
}

/// There is no answer. What the client said of the cause may repeat the request, and is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoResponse {
    /// The body never left: no address, no connection, no TLS, no time.
    NotSent,
    /// It may have arrived.
    Lost,
}

impl From<NoResponse> for SendOutcome {
    fn from(none: NoResponse) -> Self {
        match none {
            NoResponse::NotSent => Self::Retryable { after: None },
            NoResponse::Lost => Self::Unknown,
        }
    }
}

/// Makes the calls of one send, all of them before one deadline.
pub(super) struct ProviderClient {
    agent: Agent,
    connect: Duration,
    until: Option<Instant>,
}

impl ProviderClient {
    /// Asks for something that takes no longer than connecting does.
    pub(super) fn look_up(&self, at: &RequestUrl) -> Result<ProviderResponse, NoResponse> {
        let left = self.left()?.min(self.connect);
        let request = self.agent.get(&at.url).config();
        let request = request.https_only(at.https_only).timeout_global(Some(left)).build();
        request.call().map(read).map_err(|error| match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed => NoResponse::NotSent,
            ureq::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => NoResponse::NotSent,
            _ => NoResponse::Lost,
        })
    }

    /// Asks for something that has to be looked up.
    pub(super) fn get(
        &self,
        at: &RequestUrl,
        headers: &[(&str, &str)],
    ) -> Result<ProviderResponse, NoResponse> {
        let left = self.left()?;
        let mut request = self.agent.get(&at.url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.config().https_only(at.https_only).timeout_global(Some(left)).build();
        request.call().map(read).map_err(|_| NoResponse::Lost)
    }

    /// Sends exactly these bytes.
    pub(super) fn post(
        &self,
        at: &RequestUrl,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<ProviderResponse, NoResponse> {
        let left = self.left()?;
        let mut request = self.agent.post(&at.url).header("Content-Length", body.len().to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.config().https_only(at.https_only).timeout_global(Some(left)).build();
        let mut watched = TrackedBody { rest: body, begun: false };
        let sent = request.send(SendBody::from_reader(&mut watched));
        sent.map(read).map_err(|_| if watched.begun { NoResponse::Lost } else { NoResponse::NotSent })
    }

    fn left(&self) -> Result<Duration, NoResponse> {
        let left = self.until.map(|until| until.saturating_duration_since(now()));
        left.filter(|left| !left.is_zero()).ok_or(NoResponse::NotSent)
    }
}

/// A body that knows whether any of it was asked for, which comes after the connection and the headers: the kind of an
/// error does not tell on which side of that it happened.
struct TrackedBody<'a> {
    rest: &'a [u8],
    begun: bool,
}

impl Read for TrackedBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.begun = true;
        self.rest.read(buffer)
    }
}

/// Reads all of it in every case: a connection with a rest in it cannot be used again.
fn read(mut response: http::Response<Body>) -> ProviderResponse {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.trim().parse().ok());
    let body = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
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
    fn where_tls_is_owed_nothing_is_sent_without_it() {
        let network = FakeNetwork::new(vec![ScriptedReply::json(200, "{}")]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let agent = SmsHttp::new(runtime.handle().clone(), PATIENT).agent;
        let caller =
            ProviderClient { agent, connect: PATIENT.connect, until: now().checked_add(PATIENT.total) };
        let at = RequestUrl { url: network.url("http").into(), https_only: true };
        assert_eq!(caller.post(&at, &[], b"body").err(), Some(NoResponse::NotSent));
        assert!(network.received().is_empty());
    }

    #[test]
    fn past_the_deadline_nothing_is_sent() {
        let network = FakeNetwork::new(vec![ScriptedReply::json(200, "{}")]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let agent = SmsHttp::new(runtime.handle().clone(), PATIENT).agent;
        let caller = ProviderClient { agent, connect: PATIENT.connect, until: Some(now()) };
        let at = RequestUrl { url: network.url("http").into(), https_only: false };
        assert_eq!(caller.post(&at, &[], b"body").err(), Some(NoResponse::NotSent));
        assert_eq!(caller.look_up(&at).err(), Some(NoResponse::NotSent));
        assert!(network.received().is_empty());
    }
}
