//! Certificates of a test's own, and a client that trusts one of them.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::generate_simple_self_signed;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::Answer;

/// The name that every certificate here is for.
const NAME: &str = "mfa.test";
const PATIENCE: Duration = Duration::from_secs(30);

/// A certificate that nobody but its test knows.
#[derive(Debug)]
pub struct TestCertificate {
    der: CertificateDer<'static>,
    cert: String,
    key: String,
}

impl TestCertificate {
    /// A new one.
    pub fn new() -> Self {
        let made = generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
        Self { der: made.cert.der().clone(), cert: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    /// Writes it to `cert.pem` and `key.pem` of this folder.
    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join("cert.pem"), &self.cert).expect("a folder that can be written to");
        std::fs::write(folder.join("key.pem"), &self.key).expect("the same");
    }

    /// A `GET` over this version of TLS, of a server that shows this certificate and no other.
    ///
    /// # Errors
    ///
    /// What the system or the handshake says.
    pub fn get(
        &self,
        address: SocketAddr,
        path: &str,
        version: &'static SupportedProtocolVersion,
    ) -> io::Result<Answer> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .expect("a version that is known")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = NAME.try_into().expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(connection, stream);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n")?;
        Answer::read(&mut stream)
    }
}

impl Default for TestCertificate {
    fn default() -> Self {
        Self::new()
    }
}
