//! HTTP response and the assertions that apply to all responses.

use std::collections::BTreeSet;
use std::io::{self, Read};

use serde_json::Value;

/// HTTP response.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.text())
    }
}

/// Joins the chunks of a body (RFC 9112 §7.1). `None` if the last one is missing: the server failed in the middle.
fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|it| it == b"\r\n")?;
        let (size, after) = rest.split_at_checked(end)?;
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let (chunk, after) = after.get(2..)?.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        rest = after.get(2..)?;
    }
}

impl Answer {
    /// Reads a response to the end of the connection.
    pub(crate) fn read(stream: &mut impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let ended = stream.read_to_end(&mut bytes);
        // A server that rejects a body before its end may close the connection after its response.
        match Self::parse(&bytes) {
            Some(answer) => Ok(answer),
            None => Err(ended.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
        let (head, rest) = bytes.split_at_checked(end)?;
        let head = String::from_utf8_lossy(head).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.map(header).collect::<Option<Vec<_>>>()?;
        let body = rest.get(4..)?;
        let is_chunked =
            headers.iter().any(|it| *it == ("transfer-encoding".to_owned(), "chunked".to_owned()));
        let body = if is_chunked { join_chunks(body)? } else { body.to_vec() };
        Some(Self { status, headers, body })
    }

    /// Returns the value of a header that occurs at most once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str());
        let first = values.next();
        assert_eq!(values.next(), None, "{name} twice in {self:?}");
        first
    }

    /// Returns the values of a header that may be repeated.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Returns every header except those that differ by request or time, in any order.
    pub fn stable_headers(&self) -> BTreeSet<(&str, &str)> {
        let variable = ["date", "x-request-id", "ratelimit"];
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        headers.filter(|(name, _)| !variable.contains(name)).collect()
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the outcome in one word: `ok`, the code of a problem, or the status.
    pub fn outcome(&self) -> String {
        match self.json().get("code").and_then(Value::as_str) {
            Some(code) if self.status >= 400 => code.to_owned(),
            _ if self.status == 200 => "ok".to_owned(),
            _ => format!("{}", self.status),
        }
    }

    /// Asserts a 200 with JSON and returns the JSON.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        self.assert_security_headers();
        self.json()
    }

    /// Asserts this status and error code in a complete problem document.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.outcome().as_str()), (status, code), "{self:?}");
        self.assert_problem_document();
        self
    }

    /// Asserts a problem document (RFC 9457) with every documented member.
    #[track_caller]
    pub fn assert_problem_document(&self) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        for member in ["type", "title", "detail", "code", "request_id"] {
            assert_ne!(self.field(member), "", "{member} in {self:?}");
        }
        let number = |member| self.json().get(member).and_then(Value::as_u64);
        assert_eq!(number("status"), Some(self.status.into()), "{self:?}");
        assert_eq!(Some(self.field("request_id").as_str()), self.header("x-request-id"), "{self:?}");
        let retry_after = number("retry_after").map(|it| it.to_string());
        assert_eq!(retry_after.as_deref(), self.header("retry-after"), "{self:?}");
        assert_eq!(self.header("www-authenticate").is_some(), self.status == 401, "{self:?}");
        self.assert_security_headers();
    }

    /// Asserts the security headers of every response.
    #[track_caller]
    pub fn assert_security_headers(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert_eq!(self.header("referrer-policy"), Some("no-referrer"), "{self:?}");
        let policy = self.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'"), "{self:?}");
        assert_eq!(self.header("access-control-allow-origin"), None, "{self:?}");
    }

    /// Asserts an HTML page with a strict CSP: no inline code, no other hosts, not cached.
    #[track_caller]
    pub fn assert_page(&self, name: &str) {
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"), "{name}: {self:?}");
        assert!(self.header("content-language").is_some(), "{name}: {self:?}");
        self.assert_security_headers();
        let policy = self.header("content-security-policy").unwrap_or_default();
        let parts = [
            "default-src 'none';",
            "script-src 'self';",
            "style-src 'self';",
            "form-action 'self';",
            "base-uri 'none';",
            "require-trusted-types-for 'script';",
        ];
        for part in parts {
            assert!(policy.contains(part), "{name}: {part} in {policy}");
        }
        for loose in ["unsafe", "*", "http:", "https:", "data:", "blob:"] {
            assert!(!policy.contains(loose), "{name}: {loose} in {policy}");
        }
    }

    /// Returns the `Retry-After` header in seconds.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        let seconds = self.header("retry-after").and_then(|it| it.parse().ok());
        seconds.unwrap_or_else(|| panic!("no Retry-After in whole seconds: {self:?}"))
    }

    /// Returns a member that must be a string.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let value = self.json();
        let text = value.get(name).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no text {name} in {self:?}")).to_owned()
    }

    /// Returns a member that must be a list of strings.
    #[track_caller]
    pub fn texts(&self, name: &str) -> Vec<String> {
        let value = self.json();
        let list = value.get(name).and_then(Value::as_array);
        let list = list.unwrap_or_else(|| panic!("no list {name} in {self:?}"));
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns the body of a problem without its request id.
    pub fn without_request_id(&self) -> Value {
        let mut document = self.json();
        if let Some(members) = document.as_object_mut() {
            members.remove("request_id");
        }
        document
    }
}

/// Returns the names of the members of an object, sorted.
pub fn members(object: &Value) -> BTreeSet<&str> {
    object.as_object().map(|it| it.keys().map(String::as_str).collect()).unwrap_or_default()
}
