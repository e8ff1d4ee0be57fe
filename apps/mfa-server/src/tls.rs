//! TLS certificate of the server, reloaded from its files on `SIGHUP`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use mfa_infra::settings::{ExposedFile, TlsFiles};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

/// Error of the TLS files. Its text never contains the content of a file.
#[derive(Debug)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    Unreadable { setting: &'static str, path: PathBuf, source: io::Error },
    /// A file contains no PEM section of the expected kind.
    Empty { setting: &'static str, path: PathBuf, expected: &'static str },
    /// The key does not belong to the certificate, or one of them has an unsupported type.
    Mismatch { source: rustls::Error },
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
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(&[&TLS13, &TLS12]).map_err(library)?;
        let mut config =
            builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        // Stateless session resumption: the server keeps no session table.
        config.ticketer = ring::Ticketer::new().map_err(library)?;
        Ok(config)
    }
}

/// Returns the provider explicitly, so that another crate of the build cannot change the process default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let file_error = |error: pem::Error, setting, path: &Path, expected| match error {
        pem::Error::Io(source) => TlsError::Unreadable { setting, path: path.to_owned(), source },
        _ => TlsError::Empty { setting, path: path.to_owned(), expected },
    };
    let cert = |error| file_error(error, "TLS_CERT", &files.cert, "certificate");
    let chain = CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect).map_err(cert)?;
    let chain: Vec<_> = chain;
    if chain.is_empty() {
        return Err(cert(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| file_error(error, "TLS_KEY", &files.key, "private key"))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|source| TlsError::Mismatch { source })
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
            Self::Unreadable { setting, path, source } => {
                write!(f, "{setting} names {}, which cannot be read ({source}): ", path.display())?;
                f.write_str("give the path of a file that this user may read")
            }
            Self::Empty { setting, path, expected } => {
                write!(f, "{setting} names {}, which contains no {expected}: give a PEM file", path.display())
            }
            Self::Mismatch { source } => write!(
                f,
                "TLS_KEY is not the key of the certificate in TLS_CERT, or one of them is not supported ({source}): \
                 set both to files of the same certificate"
            ),
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
