//! TLS certificate of the server, reloaded from its files on `SIGHUP`.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use mfa_core::Clock as _;
use mfa_infra::crypto::SystemClock;
use mfa_infra::settings::{ExposedFile, TlsFiles};
use mfa_infra::tls::{self, TlsFileError};
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

/// Error of the TLS files, or of the TLS library. Its text never contains the content of a file.
#[derive(Debug)]
pub(crate) enum TlsError {
    /// The files cannot be used.
    Files(TlsFileError),
    /// The TLS library rejected the configuration.
    Library { source: rustls::Error },
}

/// Server certificate that can be replaced while the server runs.
pub(crate) struct ReloadableCertificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ReloadableCertificate {
    /// Reads certificate and key.
    ///
    /// # Errors
    ///
    /// [`TlsError`]: do not start the server.
    pub(crate) fn load(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(read(files)?));
        Ok(Arc::new(Self { files: files.clone(), current }))
    }

    /// Reads certificate and key again, for new connections.
    ///
    /// # Errors
    ///
    /// [`TlsError`]: the previous certificate stays in use.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Checks that the certificate is valid now.
    ///
    /// # Errors
    ///
    /// [`TlsFileError::OutOfDate`].
    pub(crate) fn check_dates(&self) -> Result<(), TlsFileError> {
        tls::check_dates(&self.files, SystemClock.now())
    }

    /// Returns the private key as an exposed file if every user of the machine can access it.
    pub(crate) fn exposed_key(&self) -> Option<ExposedFile> {
        self.files.exposed_key()
    }

    /// Returns the TLS configuration: TLS 1.2 and 1.3, without client certificates.
    ///
    /// # Errors
    ///
    /// [`TlsError::Library`]: do not start the server.
    pub(crate) fn config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let library = |source| TlsError::Library { source };
        let builder = ServerConfig::builder_with_provider(tls::provider());
        let builder = builder.with_protocol_versions(&[&TLS13, &TLS12]).map_err(library)?;
        let mut config =
            builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        // Stateless session resumption: the server keeps no session table.
        config.ticketer = ring::Ticketer::new().map_err(library)?;
        Ok(config)
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    tls::read(files).map_err(TlsError::Files)
}

impl ResolvesServerCert for ReloadableCertificate {
    /// Returns the same certificate for every server name.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for ReloadableCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadableCertificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(error) => write!(f, "{error}"),
            Self::Library { source } => write!(f, "cannot configure TLS ({source})"),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // `Display` has the text of the source.
        None
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

#[cfg(test)]
mod tests;
