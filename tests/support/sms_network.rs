//! A network of SMS providers for tests: it speaks OVH's and Twilio's formats and behaves as badly as a test wants.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use sha1::{Digest as _, Sha1};

/// How long tests wait for a call that must come.
const PATIENCE: Duration = Duration::from_secs(20);

const APP_KEY: &str = "app-key-of-a-test";
const APP_SECRET: &str = "app-secret-of-a-test";
const CONSUMER_KEY: &str = "consumer-key-of-a-test";
const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
/// The token that Twilio signs its reports with.
pub const TWILIO_TOKEN: &str = "auth-token-of-a-test";

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// OVH.
    Ovh,
    /// Twilio.
    Twilio,
}

/// How a provider behaves to a send. OVH's time is always told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it.
    Accept,
    /// Takes it after this long.
    Late(Duration),
    /// Refuses it with this status and body, and these further header lines.
    Refuse(u16, &'static str, String),
    /// Reads it and says nothing, for as long as the other side waits.
    Hang,
    /// Reads it and closes.
    CloseAfterBody,
    /// OVH: 200 that names the number as one it cannot send to.
    InvalidReceiver,
    /// OVH: 200 without ids.
    NoIds,
    /// Sends the caller elsewhere.
    Redirect(String),
}

impl Behaviour {
    /// Refuses with this status and JSON.
    pub fn refuse(status: u16, body: &str) -> Self {
        Self::Refuse(status, "", body.to_owned())
    }
}

/// A message that a provider was asked to send, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedSend {
    /// Whom.
    pub provider: Provider,
    /// Where to.
    pub to: String,
    /// What.
    pub text: String,
    /// Whether it was accepted, as far as the provider is concerned.
    pub accepted: bool,
}

#[derive(Debug, Default)]
struct State {
    ovh: VecDeque<Behaviour>,
    twilio: VecDeque<Behaviour>,
    asked: Vec<ReceivedSend>,
    connections: usize,
    bad: Vec<String>,
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

/// Both providers, on one port of the loopback.
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
    /// One whose providers take everything.
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

    /// The settings of a server that sends through it: OVH first, Twilio second.
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

    /// What a provider does from now on, one behaviour for each send; the last one stays.
    pub fn set_behaviours(&self, provider: Provider, behaviours: impl IntoIterator<Item = Behaviour>) {
        let mut state = self.shared.lock();
        let queue = behaviours.into_iter().collect();
        match provider {
            Provider::Ovh => state.ovh = queue,
            Provider::Twilio => state.twilio = queue,
        }
    }

    /// The messages that it was asked to send, oldest first.
    #[track_caller]
    pub fn sends(&self) -> Vec<ReceivedSend> {
        let state = self.shared.lock();
        assert!(state.bad.is_empty(), "{:?}", state.bad);
        state.asked.clone()
    }

    /// Which providers were asked, oldest first.
    #[track_caller]
    pub fn route(&self) -> Vec<Provider> {
        self.sends().iter().map(|it| it.provider).collect()
    }

    /// How many connections came in, whatever for.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Waits until it has been asked to send that many.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let state = self.shared.lock();
        let few = |state: &mut State| state.asked.len() < count;
        let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, few);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(state.asked.len() >= count, "{} of {count} sends", state.asked.len());
    }

    /// The six digits of the newest message to this number.
    #[track_caller]
    pub fn code(&self, number: &str) -> String {
        let asked = self.sends();
        let newest = asked.iter().rev().find(|it| it.to == number).expect("a message to this number");
        newest.text.chars().filter(char::is_ascii_digit).take(6).collect()
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[derive(Debug)]
struct Call {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
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
        let mut call = Self { method, path, headers, body: Vec::new() };
        let length = call.header("content-length").parse().unwrap_or(0);
        reader.take(length).read_to_end(&mut call.body).ok()?;
        Some(call)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value)
    }
}

fn serve(stream: TcpStream, address: SocketAddr, shared: &Shared) {
    shared.connected();
    let Some(call) = Call::read(&stream) else { return };
    if call.path == "/auth/time" {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
        return answer(stream, 200, "", &now.to_string());
    }
    let provider = if call.path.starts_with("/2010-04-01/") { Provider::Twilio } else { Provider::Ovh };
    let read = match provider {
        Provider::Ovh => ovh(&call, address),
        Provider::Twilio => twilio(&call),
    };
    let (to, text) = match read {
        Ok(message) => message,
        Err(why) => {
            shared.lock().bad.push(format!("{provider:?}: {why}"));
            return answer(stream, 400, "", "{}");
        }
    };
    let behaviour = {
        let mut state = shared.lock();
        let queue = if provider == Provider::Ovh { &mut state.ovh } else { &mut state.twilio };
        let behaviour = if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
            .unwrap_or(Behaviour::Accept);
        let accepted = matches!(behaviour, Behaviour::Accept | Behaviour::Late(_));
        state.asked.push(ReceivedSend { provider, to: to.clone(), text, accepted });
        behaviour
    };
    shared.changed.notify_all();
    let nth = shared.lock().asked.len();
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
    // The caller may have gone away.
    drop(stream.write_all(format!("{head}{body}").as_bytes()));
}

/// Number and text of a send by OVH's rules: signed over the exact bytes, no STOP text, a validity.
fn ovh(call: &Call, address: SocketAddr) -> Result<(String, String), String> {
    if (call.method.as_str(), call.path.as_str()) != ("POST", "/sms/sms-ab12345-1/jobs") {
        return Err(format!("{} {}", call.method, call.path));
    }
    let url = format!("http://{address}{}", call.path);
    let time = call.header("x-ovh-timestamp");
    let body = String::from_utf8_lossy(&call.body);
    let signed = [APP_SECRET, CONSUMER_KEY, "POST", &url, &body, time].join("+");
    let signature = format!("$1${}", HEXLOWER.encode(&Sha1::digest(signed.as_bytes())));
    if signature != call.header("x-ovh-signature") || call.header("x-ovh-application") != APP_KEY {
        return Err("wrong signature".to_owned());
    }
    let job: Value = serde_json::from_slice(&call.body).map_err(|error| error.to_string())?;
    if job.pointer("/noStopClause") != Some(&Value::Bool(true)) || job.pointer("/validityPeriod").is_none() {
        return Err("no noStopClause or validityPeriod".to_owned());
    }
    let text = |pointer| job.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    text("/receivers/0").zip(text("/message")).ok_or_else(|| "no receiver or message".to_owned())
}

/// Number and text of a send by Twilio's rules.
fn twilio(call: &Call) -> Result<(String, String), String> {
    let authorization =
        format!("Basic {}", BASE64.encode(format!("{ACCOUNT_SID}:{TWILIO_TOKEN}").as_bytes()));
    if call.header("authorization") != authorization {
        return Err("wrong authorization".to_owned());
    }
    if call.path != format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json") {
        return Err(call.path.clone());
    }
    let fields: Vec<_> = url::form_urlencoded::parse(&call.body).into_owned().collect();
    let field = |wanted| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    field("To").zip(field("Body")).ok_or_else(|| "no To or Body".to_owned())
}
