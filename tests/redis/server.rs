//! Redis servers of a single test, which it can empty, fill with invalid data and stop.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nova_mfa_tests::free_port;
use tempfile::TempDir;

/// Running `redis-server`, stopped when dropped.
pub(super) struct RedisServer {
    child: Child,
    port: u16,
    _directory: TempDir,
}

impl RedisServer {
    /// Starts a server without persistence.
    pub(super) fn start() -> Self {
        Self::start_with("save \"\"\n", &[])
    }

    /// Starts a server that requires this password.
    pub(super) fn start_with_password(password: &str) -> Self {
        Self::start_with(&format!("save \"\"\nrequirepass {password}\n"), &[])
    }

    /// Starts a server with TLS on a second port, with this certificate. Returns that port too.
    pub(super) fn start_with_tls(certificate: &nova_mfa_tests::TestCertificate) -> (Self, u16) {
        Self::start_tls(certificate, "no")
    }

    /// Starts a server like [`start_with_tls`](Self::start_with_tls) that asks clients for a certificate.
    pub(super) fn start_with_client_certificates(
        certificate: &nova_mfa_tests::TestCertificate,
    ) -> (Self, u16) {
        Self::start_tls(certificate, "yes")
    }

    fn start_tls(certificate: &nova_mfa_tests::TestCertificate, clients: &str) -> (Self, u16) {
        let folder = tempfile::tempdir().unwrap().keep();
        certificate.write(&folder);
        let (port, place) = (free_port(), folder.display());
        let settings = format!(
            "save \"\"\ntls-port {port}\ntls-cert-file {place}/cert.pem\ntls-key-file {place}/key.pem\n\
             tls-ca-cert-file {place}/cert.pem\ntls-auth-clients {clients}\n"
        );
        (Self::start_with(&settings, &[]), port)
    }

    /// Starts a cluster of one node.
    pub(super) fn start_cluster() -> Self {
        let settings = format!(
            "save \"\"\ncluster-enabled yes\ncluster-announce-ip 127.0.0.1\ncluster-port {}\n",
            free_port()
        );
        let server = Self::start_with(&settings, &[]);
        assert_eq!(server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "+OK");
        server.wait_until("the cluster is whole", || {
            server.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
        });
        server
    }

    /// Starts a sentinel that monitors no server yet.
    pub(super) fn start_sentinel() -> Self {
        Self::start_with("", &["--sentinel"])
    }

    fn start_with(settings: &str, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = directory.path().join("redis.conf");
        let place = directory.path().display();
        std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\ndir {place}\n{settings}")).unwrap();
        let child = spawn(&file, arguments);
        let server = Self { child, port, _directory: directory };
        server.wait_until("redis-server listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        server
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs a command on a new connection. Returns the reply in protocol format, a string without its length.
    pub(super) fn command(&self, words: &[&str]) -> String {
        talk(&self.connect(), words)
    }

    /// Runs a command after authentication with this password.
    pub(super) fn command_as(&self, password: &str, words: &[&str]) -> String {
        let stream = self.connect();
        assert_eq!(talk(&stream, &["AUTH", password]), "+OK");
        talk(&stream, words)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        for _ in 0..1000 {
            if holds() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("within ten seconds it did not come that {what} (port {})", self.port);
    }
}

fn talk(mut stream: &TcpStream, words: &[&str]) -> String {
    let parts = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    let request = format!("*{}\r\n{}", words.len(), parts.collect::<String>());
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let length = line.strip_prefix('$').and_then(|rest| rest.trim_end().parse::<usize>().ok());
    let Some(length) = length else { return line.trim_end().to_owned() };
    let mut text = vec![0; length];
    reader.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn spawn(file: &Path, arguments: &[&str]) -> Child {
    Command::new("redis-server")
        .arg(file)
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts: install it (Debian: apt-get install redis-server)")
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
