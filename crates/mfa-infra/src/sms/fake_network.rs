//! Fake SMS provider for tests: replies by a script and records the requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use mfa_core::SecretText;
use mfa_sms::{PhoneNumber, SendOutcome, SmsGateway, SmsMessage};
use tokio::runtime::Runtime;
use url::Url;

use super::{HttpLimits, SmsHttpClient};

/// Reply to one request.
pub(super) enum ScriptedReply {
    /// Sends this status, these additional header lines and this body.
    Answer(u16, &'static str, String),
    /// Reads the whole request and sends nothing until the client disconnects.
    Hang,
    /// Reads the whole request and closes the connection.
    CloseAfterBody,
    /// Starts a body and closes the connection before its end.
    HalfABody(u16),
    /// Reads nothing and sends bytes that are neither TLS nor HTTP.
    Gibberish,
}

impl ScriptedReply {
    pub(super) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, "", body.to_owned())
    }
}

/// Received request.
pub(super) struct Received {
    /// Method, path and version.
    pub(super) line: String,
    /// Headers, their names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Server that accepts one connection for each reply of its script. Later connections are refused.
pub(super) struct FakeNetwork {
    address: SocketAddr,
    received: Receiver<Received>,
}

impl FakeNetwork {
    pub(super) fn new(script: Vec<ScriptedReply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        if script.is_empty() {
            drop(listener);
        } else {
            thread::spawn(move || {
                for reply in script {
                    let (stream, _) = listener.accept().unwrap();
                    let sender = sender.clone();
                    thread::spawn(move || serve(stream, &reply, &sender));
                }
            });
        }
        Self { address, received }
    }

    pub(super) fn url(&self, scheme: &str) -> Url {
        Url::parse(&format!("{scheme}://{}", self.address)).unwrap()
    }

    /// Waits for the next request.
    pub(super) fn next(&self) -> Received {
        self.received.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// Returns the requests received since the last call.
    pub(super) fn received(&self) -> Vec<Received> {
        self.received.try_iter().collect()
    }
}

fn serve(mut stream: TcpStream, reply: &ScriptedReply, sender: &Sender<Received>) {
    if matches!(reply, ScriptedReply::Gibberish) {
        let _ = stream.write_all(b"gibberish\r\n\r\n");
        let _ = stream.read(&mut [0; 1024]);
        return;
    }
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let _ = sender.send(read(&mut reader));
    let (status, headers, body, length) = match reply {
        ScriptedReply::Answer(status, headers, body) => (status, *headers, body.as_str(), body.len()),
        ScriptedReply::HalfABody(status) => (status, "", "{", 100),
        ScriptedReply::Hang => {
            let _ = reader.read(&mut [0]);
            return;
        }
        ScriptedReply::CloseAfterBody | ScriptedReply::Gibberish => return,
    };
    let head =
        format!("HTTP/1.1 {status} Any\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
    // The client may have gone away.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn read(reader: &mut impl BufRead) -> Received {
    let mut lines = reader.by_ref().lines().map(|line| line.unwrap()).take_while(|line| !line.is_empty());
    let line = lines.next().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let mut received = Received { line, headers, body: String::new() };
    let length = received.header("content-length").map_or(0, |it| it.parse().unwrap());
    reader.take(length).read_to_string(&mut received.body).unwrap();
    received
}

/// Short limits: a request that hangs ends soon.
pub(super) const LIMITS: HttpLimits = HttpLimits {
    connect: Duration::from_millis(200),
    total: Duration::from_millis(400),
    max_concurrent: 2,
    queue_timeout: Duration::from_millis(50),
};

/// Long limits for a test in which nothing hangs: a slow machine changes no outcome.
pub(super) const PATIENT: HttpLimits = HttpLimits {
    connect: Duration::from_secs(20),
    total: Duration::from_secs(20),
    max_concurrent: 2,
    queue_timeout: Duration::from_secs(20),
};

pub(super) fn message() -> SmsMessage {
    SmsMessage {
        to: PhoneNumber::parse("0612345612", "FR").unwrap(),
        text: SecretText::new("NOVA : 012345 est à vous & à nul autre".into()),
        validity: Duration::from_mins(5),
    }
}

/// Sends the test message through the gateway that `make` returns.
pub(super) fn send<G: SmsGateway>(limits: HttpLimits, make: impl FnOnce(&SmsHttpClient) -> G) -> SendOutcome {
    let runtime = Runtime::new().unwrap();
    let gateway = make(&SmsHttpClient::new(runtime.handle().clone(), limits));
    runtime.block_on(gateway.send(&message()))
}
