//! HTTP/1.1 client that sends any request, valid or not, and accepts any response.
//!
//! It writes the bytes of each request itself, on a new connection. A library would correct, reject or retry some of
//! the requests under test.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Answer;

/// Read timeout, longer than any response may take, so that a test ends if the server hangs.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// HTTP client of one server.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
    host: &'static str,
}

/// Request that is not sent yet.
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
    /// Creates a client of the server at this address.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, host: "mfa.test" }
    }

    /// Returns the client with another `Host` header.
    #[must_use]
    pub const fn named(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    /// Returns the address of the server.
    pub const fn address(self) -> SocketAddr {
        self.address
    }

    /// Creates a request with any method.
    pub fn request(self, method: &str, path: &str) -> Request {
        let line = format!("{method} {path} HTTP/1.1");
        Request { address: self.address, host: self.host, line, headers: String::new(), body: None }
    }

    /// Creates a `GET` request.
    pub fn get(self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// Creates a `POST` request with an empty body.
    pub fn post(self, path: &str) -> Request {
        Request { body: Some(Vec::new()), ..self.request("POST", path) }
    }
}

impl Request {
    /// Adds a header, even if one of this name is present.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        write!(self.headers, "{name}: {value}\r\n").expect("a String takes all");
        self
    }

    /// Adds a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Sets the body and its media type.
    pub fn body(self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(bytes.into()), ..self.header("Content-Type", media_type) }
    }

    /// Sets a JSON body.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Sets a JSON body with this code.
    pub fn code(self, code: &str) -> Self {
        self.json(&json!({ "code": code }))
    }

    /// Sends the request and waits for the response.
    #[track_caller]
    pub fn send(&self) -> Answer {
        self.try_send().unwrap_or_else(|error| panic!("no answer to {}: {error}", self.line))
    }

    /// Sends the request to a server that may not be running.
    ///
    /// # Errors
    ///
    /// The error of the connection.
    pub fn try_send(&self) -> io::Result<Answer> {
        let mut stream = self.connected()?;
        let body = self.body.as_deref().unwrap_or_default();
        stream.write_all(&[self.head().as_bytes(), body].concat())?;
        Answer::read(&mut stream)
    }

    /// Sends the head and waits for `100 Continue`: from then on the server is processing the request.
    ///
    /// # Errors
    ///
    /// The error of the connection.
    pub fn begin(&self) -> io::Result<PendingRequest> {
        let mut stream = self.connected()?;
        stream.write_all(self.clone().header("Expect", "100-continue").head().as_bytes())?;
        let mut interim = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut interim)?;
        Ok(PendingRequest { stream, body: self.body.clone().unwrap_or_default() })
    }

    fn connected(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
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

/// Request whose head the server has read and whose body is not sent yet.
#[derive(Debug)]
pub struct PendingRequest {
    stream: TcpStream,
    body: Vec<u8>,
}

impl PendingRequest {
    /// Sends the body and waits for the response.
    ///
    /// # Errors
    ///
    /// The error of the connection.
    pub fn finish(mut self) -> io::Result<Answer> {
        self.stream.write_all(&self.body)?;
        Answer::read(&mut self.stream)
    }
}
