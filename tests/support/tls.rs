//! Self-signed certificates, and a TLS client that trusts one of them.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::generate_simple_self_signed;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned, SupportedProtocolVersion,
};

use crate::Answer;

/// Name in every certificate.
const NAME: &str = "mfa.test";
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Self-signed certificate of a single test.
#[derive(Debug)]
pub struct TestCertificate {
    der: CertificateDer<'static>,
    cert: String,
    key: String,
}

impl TestCertificate {
    /// Creates a certificate.
    pub fn new() -> Self {
        Self::for_name(NAME)
    }

    /// Creates a certificate for this host.
    pub fn for_name(name: &str) -> Self {
        let made = generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        Self { der: made.cert.der().clone(), cert: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    /// Creates a certificate that expired at the start of 2021.
    pub fn expired() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new([NAME.to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let made = params.self_signed(&key).expect("a certificate");
        Self { der: made.der().clone(), cert: made.pem(), key: key.serialize_pem() }
    }

    /// Returns the configuration of a server with this certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key);
        Arc::new(config.expect("key and certificate belong together"))
    }

    /// Writes `cert.pem` and `key.pem` to this folder.
    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join("cert.pem"), &self.cert).expect("a folder that can be written to");
        std::fs::write(folder.join("key.pem"), &self.key).expect("the same");
    }

    /// Sends a `GET` over this TLS version and trusts this certificate only.
    ///
    /// # Errors
    ///
    /// The error of the connection or the handshake.
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
            .expect("a known version")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = NAME.try_into().expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
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
