//! A client of HTTP/1.1 that sends what it is told, right or wrong, and panics at no answer.
//!
//! It writes the bytes of each call itself, on a connection of its own: a library would mend, refuse or repeat some of
//! the calls that a test is about.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Answer;

/// Longer than any answer may take, so that a test ends although the server does not.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls one server.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
    host: &'static str,
}

/// A call that is not sent yet.
#[must_use]
#[derive(Clone, Debug)]
pub struct Request {
    address: SocketAddr,
    host: &'static str,
    line: String,
    headers: String,
    body: Option<Vec<u8>>,
}

impl Client {
    /// Of the server at this address.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, host: "mfa.test" }
    }

    /// The same, for a server that is called by this name.
    #[must_use]
    pub const fn named(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    /// Where the server is.
    pub const fn address(self) -> SocketAddr {
        self.address
    }

    /// A call by any method.
    pub fn request(self, method: &str, path: &str) -> Request {
        let line = format!("{method} {path} HTTP/1.1");
        Request { address: self.address, host: self.host, line, headers: String::new(), body: None }
    }

    /// A `GET`.
    pub fn get(self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A `POST`, without a body until it is given one.
    pub fn post(self, path: &str) -> Request {
        Request { body: Some(Vec::new()), ..self.request("POST", path) }
    }
}

impl Request {
    /// Adds a header, also where there is one of that name already.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        write!(self.headers, "{name}: {value}\r\n").expect("a String takes all");
        self
    }

    /// Presents a token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Sends these bytes as that media type.
    pub fn body(self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(bytes.into()), ..self.header("Content-Type", media_type) }
    }

    /// Sends JSON.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Sends a code.
    pub fn code(self, code: &str) -> Self {
        self.json(&json!({ "code": code }))
    }

    /// Sends it and waits for the answer.
    #[track_caller]
    pub fn send(&self) -> Answer {
        self.try_send().unwrap_or_else(|error| panic!("no answer to {}: {error}", self.line))
    }

    /// The same, where there may be no server.
    ///
    /// # Errors
    ///
    /// What the system says of the connection.
    pub fn try_send(&self) -> io::Result<Answer> {
        let mut stream = self.connected()?;
        let body = self.body.as_deref().unwrap_or_default();
        stream.write_all(&[self.head().as_bytes(), body].concat())?;
        Answer::read(&mut stream)
    }

    /// Sends the head and waits until the server says that it will take the body (`100 Continue`): from then on the
    /// call has begun.
    ///
    /// # Errors
    ///
    /// What the system says of the connection.
    pub fn begin(&self) -> io::Result<PendingRequest> {
        let mut stream = self.connected()?;
        stream.write_all(self.clone().header("Expect", "100-continue").head().as_bytes())?;
        let mut interim = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut interim)?;
        Ok(PendingRequest { stream, body: self.body.clone().unwrap_or_default() })
    }

    fn connected(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn head(&self) -> String {
        let length = self.body.as_ref().map(|body| format!("Content-Length: {}\r\n", body.len()));
        let length = length.unwrap_or_default();
        let (line, host, headers) = (&self.line, self.host, &self.headers);
        format!("{line}\r\nHost: {host}\r\nConnection: close\r\n{length}{headers}\r\n")
    }
}

/// A call whose head the server has read, and whose body is still to come.
#[derive(Debug)]
pub struct PendingRequest {
    stream: TcpStream,
    body: Vec<u8>,
}

impl PendingRequest {
    /// Sends the body and waits for the answer.
    ///
    /// # Errors
    ///
    /// What the system says of the connection.
    pub fn finish(mut self) -> io::Result<Answer> {
        self.stream.write_all(&self.body)?;
        Answer::read(&mut self.stream)
    }
}
