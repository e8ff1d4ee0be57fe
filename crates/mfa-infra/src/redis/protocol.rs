//! Test of what a port expects, with TLS or without. The error of the client does not say that the other one is needed: a
//! Redis without TLS waits for the end of what it takes for a command.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{ConnectionAddr, ConnectionInfo};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for the connection, and for the answer.
const MAX_WAIT: Duration = Duration::from_millis(500);
/// First bytes of TLS messages: an alert and a part of the handshake (RFC 8446 §5.1).
const TLS_ALERT: u8 = 0x15;
const TLS_HANDSHAKE: u8 = 0x16;

/// Address of a server, and whether the client uses TLS there.
#[derive(Clone, Debug)]
pub(super) struct ProbedAddress {
    host: String,
    port: u16,
    is_tls: bool,
}

/// Difference between an address and its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongProtocol {
    /// `rediss://`, and the port answers without TLS.
    NoTls,
    /// `redis://`, and the port expects TLS.
    NeedsTls,
}

impl WrongProtocol {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NoTls => "the port of REDIS_URL answers without TLS",
            Self::NeedsTls => "the port of REDIS_URL expects TLS",
        }
    }

    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::NoTls => {
                "use redis:// in REDIS_URL, or the port on which Redis has TLS (tls-port in redis.conf)"
            }
            Self::NeedsTls => "use rediss:// in REDIS_URL, or the port on which Redis has no TLS",
        }
    }
}

impl ProbedAddress {
    /// Returns the address of a TCP connection.
    pub(super) fn new(info: &ConnectionInfo) -> Option<Self> {
        match info.addr() {
            ConnectionAddr::Tcp(host, port) => Some(Self { host: host.clone(), port: *port, is_tls: false }),
            ConnectionAddr::TcpTls { host, port, .. } => {
                Some(Self { host: host.clone(), port: *port, is_tls: true })
            }
            _ => None,
        }
    }

    /// Speaks the other protocol and returns the difference if the port answers in it.
    pub(super) async fn compare(&self) -> Option<WrongProtocol> {
        let question = if self.is_tls { b"PING\r\n".to_vec() } else { client_hello()? };
        let connect = TcpStream::connect((self.host.trim_matches(['[', ']']), self.port));
        let stream = timeout(MAX_WAIT, connect).await.ok()?.ok()?;
        stream.writable().await.ok()?;
        stream.try_write(&question).ok()?;
        timeout(MAX_WAIT, stream.readable()).await.ok()?.ok()?;
        let mut first = [0; 1];
        if stream.try_read(&mut first).ok()? == 0 {
            return None;
        }
        match first {
            // A reply of Redis: `+PONG`, or an error such as `-NOAUTH`.
            [b'+' | b'-'] if self.is_tls => Some(WrongProtocol::NoTls),
            [TLS_HANDSHAKE | TLS_ALERT] if !self.is_tls => Some(WrongProtocol::NeedsTls),
            _ => None,
        }
    }
}

/// Returns the first message of a TLS client, which trusts nobody: only the kind of the answer counts.
fn client_hello() -> Option<Vec<u8>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    let config = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from("localhost").ok()?;
    let mut client = ClientConnection::new(Arc::new(config), name).ok()?;
    let mut hello = Vec::new();
    client.write_tls(&mut hello).ok()?;
    Some(hello)
}
