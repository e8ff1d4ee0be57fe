//! SMTP server of a single test: STARTTLS, TLS, login, and a behaviour for each mail.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::BASE64;
use rustls::{ServerConnection, StreamOwned};

use crate::TestCertificate;

const TIMEOUT: Duration = Duration::from_secs(30);
/// Time that a test waits for mails.
const PATIENCE: Duration = Duration::from_secs(20);

/// SMTP server on a free port of 127.0.0.1.
#[derive(Debug)]
pub struct SmtpServer {
    port: u16,
    shared: Arc<Shared>,
}

/// How the server encrypts connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// It does not offer STARTTLS.
    None,
    /// It offers STARTTLS.
    StartTls,
    /// TLS from the start.
    Implicit,
}

/// What happens to a mail. Mails without a planned behaviour are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpBehaviour {
    /// The mail is accepted.
    Accept,
    /// The recipient is refused with this code.
    RefuseRecipient(u16),
    /// The content is refused with this code.
    RefuseContent(u16),
    /// The mail is stored, and the connection ends before the reply.
    DropAfterData,
    /// The mail is stored, and the reply comes after this time.
    ReplyAfter(Duration),
}

/// Mail that the server received.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// Address in `MAIL FROM`.
    pub from: String,
    /// Addresses in `RCPT TO`.
    pub to: Vec<String>,
    /// Headers and body.
    pub content: String,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// User who logged in.
    pub user: Option<String>,
}

#[derive(Debug)]
struct Shared {
    tls: SmtpTls,
    certificate: TestCertificate,
    login: Option<(String, String)>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    plan: VecDeque<SmtpBehaviour>,
    received: Vec<ReceivedMail>,
    connections: usize,
    commands: Vec<String>,
}

impl SmtpServer {
    /// Starts a server without encryption and login.
    pub fn start() -> Self {
        Self::start_with(SmtpTls::None, None)
    }

    /// Starts a server. With a login, it refuses mails of who has not logged in.
    pub fn start_with(tls: SmtpTls, login: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            tls,
            certificate: TestCertificate::for_name("localhost"),
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
            state: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&accepting);
                std::thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Self { port, shared }
    }

    /// Returns the port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the certificate, for a name of this machine.
    pub fn certificate(&self) -> &TestCertificate {
        &self.shared.certificate
    }

    /// Plans what happens to the next mails, in their order.
    pub fn plan(&self, behaviours: &[SmtpBehaviour]) {
        self.shared.state().plan.extend(behaviours);
    }

    /// Returns the mails so far, also those whose reply was not sent.
    pub fn received(&self) -> Vec<ReceivedMail> {
        self.shared.state().received.clone()
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Returns the commands so far, without the content of mails.
    pub fn commands(&self) -> Vec<String> {
        self.shared.state().commands.clone()
    }

    /// Waits until at least this many mails were received, and returns all.
    #[track_caller]
    pub fn wait_for(&self, mails: usize) -> Vec<ReceivedMail> {
        self.wait_until(&format!("{mails} mails"), |server| server.received().len() >= mails);
        self.received()
    }

    /// Waits until the condition holds.
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let pause = Duration::from_millis(20);
        let rounds = PATIENCE.as_millis().checked_div(pause.as_millis()).unwrap_or_default();
        for _ in 0..rounds {
            if condition(self) {
                return;
            }
            std::thread::sleep(pause);
        }
        panic!("{what} within {PATIENCE:?}: {:?}", self.commands());
    }
}

impl ReceivedMail {
    /// Returns the value of a header; `None` if there is none. Panics if there are several.
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.content.split_once("\r\n\r\n").expect("headers and a body");
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let prefix = format!("{}: ", name.to_ascii_lowercase());
        let mut values = unfolded
            .split("\r\n")
            .filter(|line| line.to_ascii_lowercase().starts_with(&prefix))
            .filter_map(|line| line.get(prefix.len()..).map(str::to_owned));
        let value = values.next();
        assert!(values.next().is_none(), "several {name} in {head}");
        value
    }

    /// Returns the subject, decoded (RFC 2047, base64 in UTF-8).
    pub fn subject(&self) -> String {
        let raw = self.header("Subject").expect("a subject");
        let words = raw.split(' ').map(|word| {
            let encoded = word.strip_prefix("=?utf-8?b?").and_then(|it| it.strip_suffix("?="));
            match encoded {
                Some(encoded) => {
                    let bytes = BASE64.decode(encoded.as_bytes()).expect("base64");
                    (String::from_utf8(bytes).expect("UTF-8"), true)
                }
                None => (word.to_owned(), false),
            }
        });
        let (mut subject, mut was_encoded) = (String::new(), true);
        for (word, is_encoded) in words {
            // A space between two encoded words is none of the text.
            if !(was_encoded && is_encoded || subject.is_empty()) {
                subject.push(' ');
            }
            subject.push_str(&word);
            was_encoded = is_encoded;
        }
        subject
    }

    /// Returns the text, decoded from quoted-printable.
    pub fn text(&self) -> String {
        let (_, body) = self.content.split_once("\r\n\r\n").expect("headers and a body");
        let joined = body.replace("=\r\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            if let (b'=', [high, low, tail @ ..]) = (first, tail) {
                let pair = [*high, *low];
                let digits = std::str::from_utf8(&pair).expect("hexadecimal");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
                rest = tail;
            } else {
                bytes.push(*first);
                rest = tail;
            }
        }
        String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n")
    }

    /// Returns the `Message-ID`.
    pub fn id(&self) -> String {
        self.header("Message-ID").expect("a Message-ID")
    }
}

/// Plain or encrypted connection.
trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// What a session knows.
#[derive(Default)]
struct Session {
    encrypted: bool,
    user: Option<String>,
    from: String,
    to: Vec<String>,
    behaviour: Option<SmtpBehaviour>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(TIMEOUT))?;
        let mut state = self.state();
        state.connections = state.connections.saturating_add(1);
        drop(state);
        let mut session = Session::default();
        if self.tls == SmtpTls::Implicit {
            session.encrypted = true;
            let mut stream = self.encrypt(stream)?;
            stream.write_all(b"220 localhost ready\r\n")?;
            return self.talk(&mut stream, &mut session).map(drop);
        }
        let mut stream = stream;
        stream.write_all(b"220 localhost ready\r\n")?;
        if self.talk(&mut stream, &mut session)? {
            let mut session = Session { encrypted: true, ..Session::default() };
            let mut stream = self.encrypt(stream)?;
            self.talk(&mut stream, &mut session)?;
        }
        Ok(())
    }

    fn encrypt(&self, stream: TcpStream) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
        let config = self.certificate.server_config();
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }

    /// Answers commands. Returns true if TLS is to start.
    fn talk(&self, stream: &mut dyn Stream, session: &mut Session) -> io::Result<bool> {
        while let Some(line) = read_line(stream)? {
            self.state().commands.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let reply = match verb.as_str() {
                "EHLO" => self.greeting(session),
                "STARTTLS" if self.tls == SmtpTls::StartTls && !session.encrypted => {
                    stream.write_all(b"220 go ahead\r\n")?;
                    return Ok(true);
                }
                "AUTH" => self.log_in(session, &line),
                "MAIL" if self.login.is_some() && session.user.is_none() => "530 log in first".to_owned(),
                "MAIL" => {
                    session.from = address(&line);
                    session.to.clear();
                    session.behaviour = self.state().plan.pop_front();
                    "250 ok".to_owned()
                }
                "RCPT" => {
                    if let Some(SmtpBehaviour::RefuseRecipient(code)) = session.behaviour {
                        format!("{code} <{}> is not known here", address(&line))
                    } else {
                        session.to.push(address(&line));
                        "250 ok".to_owned()
                    }
                }
                "DATA" => {
                    stream.write_all(b"354 go ahead\r\n")?;
                    match self.receive(stream, session)? {
                        Some(reply) => reply,
                        None => return Ok(false),
                    }
                }
                "NOOP" | "RSET" => "250 ok".to_owned(),
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n")?;
                    return Ok(false);
                }
                _ => "502 not implemented".to_owned(),
            };
            stream.write_all(format!("{reply}\r\n").as_bytes())?;
        }
        Ok(false)
    }

    fn greeting(&self, session: &Session) -> String {
        let mut lines = vec!["250-localhost".to_owned()];
        if self.tls == SmtpTls::StartTls && !session.encrypted {
            lines.push("250-STARTTLS".to_owned());
        }
        if self.login.is_some() {
            lines.push("250-AUTH PLAIN LOGIN".to_owned());
        }
        lines.push("250 8BITMIME".to_owned());
        lines.join("\r\n")
    }

    fn log_in(&self, session: &mut Session, line: &str) -> String {
        let sent = line.strip_prefix("AUTH PLAIN ").and_then(|text| BASE64.decode(text.as_bytes()).ok());
        let sent = sent.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let mut parts = sent.split('\0').skip(1);
        let given = parts.next().zip(parts.next());
        let expected = self.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
        if given.is_some() && given == expected {
            session.user = given.map(|(user, _)| user.to_owned());
            "235 welcome".to_owned()
        } else {
            "535 wrong user or password".to_owned()
        }
    }

    /// Reads the content of a mail. Returns the reply; `None` if the connection ends without one.
    fn receive(&self, stream: &mut dyn Stream, session: &mut Session) -> io::Result<Option<String>> {
        let mut content = String::new();
        while let Some(line) = read_line(stream)? {
            if line == "." {
                break;
            }
            content.push_str(line.strip_prefix('.').unwrap_or(&line));
            content.push_str("\r\n");
        }
        let behaviour = session.behaviour.take().unwrap_or(SmtpBehaviour::Accept);
        if let SmtpBehaviour::RefuseContent(code) = behaviour {
            return Ok(Some(format!("{code} not now")));
        }
        self.state().received.push(ReceivedMail {
            from: session.from.clone(),
            to: std::mem::take(&mut session.to),
            content,
            encrypted: session.encrypted,
            user: session.user.clone(),
        });
        match behaviour {
            SmtpBehaviour::DropAfterData => return Ok(None),
            SmtpBehaviour::ReplyAfter(pause) => std::thread::sleep(pause),
            SmtpBehaviour::Accept | SmtpBehaviour::RefuseRecipient(_) | SmtpBehaviour::RefuseContent(_) => {}
        }
        Ok(Some("250 queued".to_owned()))
    }
}

/// Reads a line without its end; `None` at the end of the stream.
fn read_line(stream: &mut dyn Stream) -> io::Result<Option<String>> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while stream.read(&mut byte)? == 1 {
        match byte {
            [b'\n'] => {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            [byte] => line.push(byte),
        }
    }
    Ok(None)
}

/// Returns the address between the angle brackets of `MAIL FROM` or `RCPT TO`.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(|| line.to_owned(), |(address, _)| address.to_owned())
}
