//! Simulated OVH and Twilio servers with configurable faults.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use sha1::{Digest as _, Sha1};

/// Timeout for an expected request.
const TIMEOUT: Duration = Duration::from_secs(20);

const APP_KEY: &str = "app-key-of-a-test";
const APP_SECRET: &str = "app-secret-of-a-test";
const CONSUMER_KEY: &str = "consumer-key-of-a-test";
const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
/// Token that Twilio signs its delivery reports with.
pub const TWILIO_TOKEN: &str = "auth-token-of-a-test";

/// Simulated provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// OVH.
    Ovh,
    /// Twilio.
    Twilio,
}

/// Behaviour of a provider on a send. OVH's time endpoint always works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Accepts the message.
    Accept,
    /// Accepts the message after a delay.
    Late(Duration),
    /// Rejects the message with this status, these additional header lines and this body.
    Refuse(u16, &'static str, String),
    /// Reads the request and never responds.
    Hang,
    /// Reads the request and closes the connection.
    CloseAfterBody,
    /// OVH: 200 that lists the number as invalid.
    InvalidReceiver,
    /// OVH: 200 without message ids.
    NoIds,
    /// Redirects to another URL.
    Redirect(String),
}

impl Behaviour {
    /// Rejects the message with this status and JSON.
    pub fn refuse(status: u16, body: &str) -> Self {
        Self::Refuse(status, "", body.to_owned())
    }
}

/// Send request received by a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedSend {
    /// Provider that received it.
    pub provider: Provider,
    /// Recipient.
    pub to: String,
    /// Text of the message.
    pub text: String,
    /// Whether the provider accepted it.
    pub accepted: bool,
}

#[derive(Debug, Default)]
struct State {
    ovh: VecDeque<Behaviour>,
    twilio: VecDeque<Behaviour>,
    sends: Vec<ReceivedSend>,
    connections: usize,
    invalid: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connected(&self) {
        let mut state = self.lock();
        state.connections = state.connections.saturating_add(1);
    }
}

/// Both providers, on one port of the loopback address.
#[derive(Debug)]
pub struct SmsNetwork {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Default for SmsNetwork {
    fn default() -> Self {
        Self::new()
    }
}

impl SmsNetwork {
    /// Starts providers that accept everything.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                thread::spawn(move || serve(stream, address, &shared));
            }
        });
        Self { address, shared }
    }

    /// Returns the settings of a server that sends through these providers: OVH first, Twilio second.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let here = format!("http://{}", self.address);
        vec![
            ("OVH_APP_KEY", APP_KEY.to_owned()),
            ("OVH_APP_SECRET", APP_SECRET.to_owned()),
            ("OVH_CONSUMER_KEY", CONSUMER_KEY.to_owned()),
            ("OVH_SMS_ACCOUNT", "sms-ab12345-1".to_owned()),
            ("OVH_SMS_SENDER", "NOVA".to_owned()),
            ("OVH_ENDPOINT", here.clone()),
            ("TWILIO_ACCOUNT_SID", ACCOUNT_SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", TWILIO_TOKEN.to_owned()),
            ("TWILIO_FROM", "+33700000000".to_owned()),
            ("TWILIO_ENDPOINT", here),
            ("MFA_SMS_PROVIDERS", "ovh,twilio".to_owned()),
        ]
    }

    /// Sets the behaviour of a provider for each of the next sends. The last one is repeated.
    pub fn set_behaviours(&self, provider: Provider, behaviours: impl IntoIterator<Item = Behaviour>) {
        let mut state = self.shared.lock();
        let queue = behaviours.into_iter().collect();
        match provider {
            Provider::Ovh => state.ovh = queue,
            Provider::Twilio => state.twilio = queue,
        }
    }

    /// Returns the received send requests, oldest first.
    #[track_caller]
    pub fn sends(&self) -> Vec<ReceivedSend> {
        let state = self.shared.lock();
        assert!(state.invalid.is_empty(), "{:?}", state.invalid);
        state.sends.clone()
    }

    /// Returns the providers of the received send requests, oldest first.
    #[track_caller]
    pub fn route(&self) -> Vec<Provider> {
        self.sends().iter().map(|it| it.provider).collect()
    }

    /// Returns the number of accepted connections.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Waits for this number of send requests.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let state = self.shared.lock();
        let few = |state: &mut State| state.sends.len() < count;
        let waited = self.shared.changed.wait_timeout_while(state, TIMEOUT, few);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(state.sends.len() >= count, "{} of {count} sends", state.sends.len());
    }

    /// Returns the code of the newest message to this number.
    #[track_caller]
    pub fn code(&self, number: &str) -> String {
        let sends = self.sends();
        let newest = sends.iter().rev().find(|it| it.to == number).expect("a message to this number");
        newest.text.chars().filter(char::is_ascii_digit).take(6).collect()
    }

    /// Returns the base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[derive(Debug)]
struct HttpRequest {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl HttpRequest {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            reader.read_line(&mut line).ok().map(|_| line.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let mut headers = Vec::new();
        while let Some(line) = line().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self { method, path, headers, body: Vec::new() };
        let length = request.header("content-length").parse().unwrap_or(0);
        reader.take(length).read_to_end(&mut request.body).ok()?;
        Some(request)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value)
    }
}

fn serve(stream: TcpStream, address: SocketAddr, shared: &Shared) {
    shared.connected();
    let Some(request) = HttpRequest::read(&stream) else { return };
    if request.path == "/auth/time" {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
        return answer(stream, 200, "", &now.to_string());
    }
    let provider = if request.path.starts_with("/2010-04-01/") { Provider::Twilio } else { Provider::Ovh };
    let read = match provider {
        Provider::Ovh => ovh(&request, address),
        Provider::Twilio => twilio(&request),
    };
    let (to, text) = match read {
        Ok(message) => message,
        Err(reason) => {
            shared.lock().invalid.push(format!("{provider:?}: {reason}"));
            return answer(stream, 400, "", "{}");
        }
    };
    let behaviour = {
        let mut state = shared.lock();
        let queue = if provider == Provider::Ovh { &mut state.ovh } else { &mut state.twilio };
        let behaviour = if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
            .unwrap_or(Behaviour::Accept);
        let accepted = matches!(behaviour, Behaviour::Accept | Behaviour::Late(_));
        state.sends.push(ReceivedSend { provider, to: to.clone(), text, accepted });
        behaviour
    };
    shared.changed.notify_all();
    let nth = shared.lock().sends.len();
    behave(stream, provider, &behaviour, &to, nth);
}

fn behave(mut stream: TcpStream, provider: Provider, behaviour: &Behaviour, to: &str, nth: usize) {
    match behaviour {
        Behaviour::Late(span) => {
            thread::sleep(*span);
            behave(stream, provider, &Behaviour::Accept, to, nth);
        }
        Behaviour::Accept if provider == Provider::Twilio => {
            let body = format!(r#"{{"sid":"SM{nth:032}","status":"queued","to":"{to}","error_code":null}}"#);
            answer(stream, 201, "", &body);
        }
        Behaviour::Accept => {
            let ids = format!(
                r#"{{"totalCreditsRemoved":1,"invalidReceivers":[],"ids":[{}],"validReceivers":["{to}"]}}"#,
                nth.saturating_add(27_000_000)
            );
            answer(stream, 200, "", &ids);
        }
        Behaviour::InvalidReceiver => {
            let body = format!(
                r#"{{"totalCreditsRemoved":0,"invalidReceivers":["{to}"],"ids":[],"validReceivers":[]}}"#
            );
            answer(stream, 200, "", &body);
        }
        Behaviour::NoIds => {
            let body = r#"{"totalCreditsRemoved":0,"invalidReceivers":[],"ids":[],"validReceivers":[]}"#;
            answer(stream, 200, "", body);
        }
        Behaviour::Refuse(status, headers, body) => answer(stream, *status, headers, body),
        Behaviour::Redirect(to) => answer(stream, 302, &format!("Location: {to}\r\n"), ""),
        Behaviour::CloseAfterBody => {}
        Behaviour::Hang => drop(stream.read(&mut [0])),
    }
}

fn answer(mut stream: TcpStream, status: u16, headers: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Any\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n{headers}\r\n"
    );
    // The client may have disconnected.
    drop(stream.write_all(format!("{head}{body}").as_bytes()));
}

/// Reads number and text of an OVH request. Checks its signature, `noStopClause` and `validityPeriod`.
fn ovh(request: &HttpRequest, address: SocketAddr) -> Result<(String, String), String> {
    if (request.method.as_str(), request.path.as_str()) != ("POST", "/sms/sms-ab12345-1/jobs") {
        return Err(format!("{} {}", request.method, request.path));
    }
    let url = format!("http://{address}{}", request.path);
    let time = request.header("x-ovh-timestamp");
    let body = String::from_utf8_lossy(&request.body);
    let signed = [APP_SECRET, CONSUMER_KEY, "POST", &url, &body, time].join("+");
    let signature = format!("$1${}", HEXLOWER.encode(&Sha1::digest(signed.as_bytes())));
    if signature != request.header("x-ovh-signature") || request.header("x-ovh-application") != APP_KEY {
        return Err("wrong signature".to_owned());
    }
    let job: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    if job.pointer("/noStopClause") != Some(&Value::Bool(true)) || job.pointer("/validityPeriod").is_none() {
        return Err("no noStopClause or validityPeriod".to_owned());
    }
    let text = |pointer| job.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    text("/receivers/0").zip(text("/message")).ok_or_else(|| "no receiver or message".to_owned())
}

/// Reads number and text of a Twilio request and checks its authorization.
fn twilio(request: &HttpRequest) -> Result<(String, String), String> {
    let authorization =
        format!("Basic {}", BASE64.encode(format!("{ACCOUNT_SID}:{TWILIO_TOKEN}").as_bytes()));
    if request.header("authorization") != authorization {
        return Err("wrong authorization".to_owned());
    }
    if request.path != format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json") {
        return Err(request.path.clone());
    }
    let fields: Vec<_> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let field = |wanted| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    field("To").zip(field("Body")).ok_or_else(|| "no To or Body".to_owned())
}
