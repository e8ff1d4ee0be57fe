//! TLS in the server itself: one certificate out of two files, which are read anew when the server is told to.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use mfa_infra::settings::TlsFiles;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

/// Why there is no TLS with these files. A sentence for whoever set them; never what a file holds.
#[derive(Debug)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    Unreadable { setting: &'static str, path: PathBuf, source: io::Error },
    /// A file has no PEM text of the kind that it is for.
    Empty { setting: &'static str, path: PathBuf, holds: &'static str },
    /// The key is not that of the certificate, or one of them is of a kind that is not known.
    Unfit { source: rustls::Error },
    /// The cryptographic library did not agree to serve.
    Library { source: rustls::Error },
}

/// The certificate that clients are shown.
pub(crate) struct ReloadableCertificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ReloadableCertificate {
    /// Reads both files.
    ///
    /// # Errors
    ///
    /// [`TlsError`]: do not start.
    pub(crate) fn load(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(read(files)?));
        Ok(Arc::new(Self { files: files.clone(), current }))
    }

    /// Reads them anew, for the connections to come.
    ///
    /// # Errors
    ///
    /// [`TlsError`]: the certificate from before stays in force.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// How connections are taken: TLS 1.2 and 1.3, without certificates of clients.
    ///
    /// # Errors
    ///
    /// [`TlsError::Library`]: do not start.
    pub(crate) fn config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let library = |source| TlsError::Library { source };
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(&[&TLS13, &TLS12]).map_err(library)?;
        let mut config =
            builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        // Sessions go on without a table of them in memory.
        config.ticketer = ring::Ticketer::new().map_err(library)?;
        Ok(config)
    }
}

/// Named, so that no other crate of the build can put another in its place.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let at_fault = |error: pem::Error, setting, path: &Path, holds| match error {
        pem::Error::Io(source) => TlsError::Unreadable { setting, path: path.to_owned(), source },
        _ => TlsError::Empty { setting, path: path.to_owned(), holds },
    };
    let cert = |error| at_fault(error, "TLS_CERT", &files.cert, "certificate");
    let chain = CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect).map_err(cert)?;
    let chain: Vec<_> = chain;
    if chain.is_empty() {
        return Err(cert(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| at_fault(error, "TLS_KEY", &files.key, "private key"))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|source| TlsError::Unfit { source })
}

impl ResolvesServerCert for ReloadableCertificate {
    /// The same for every name that a client asks for.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for ReloadableCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { setting, path, source } => {
                write!(f, "{setting} names {}, which cannot be read ({source}): ", path.display())?;
                f.write_str("give the path of a file that this user may read")
            }
            Self::Empty { setting, path, holds } => {
                write!(f, "{setting} names {}, which holds no {holds}: give a PEM file", path.display())
            }
            Self::Unfit { source } => write!(
                f,
                "TLS_KEY is not the key of the certificate in TLS_CERT, or one of them cannot be used ({source}): \
                 give the two files that were made together"
            ),
            Self::Library { source } => write!(f, "TLS cannot be served ({source})"),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The text of what lies beneath is in `Display` above already.
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
