//! TLS certificate of the server and its private key, read from their files.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mfa_core::Timestamp;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::encrypted_pem::{DECRYPT, is_encrypted};
use crate::quote;
use crate::settings::TlsFiles;

/// Error of the TLS files. Its text never contains the content of a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsFileError {
    /// A file cannot be read.
    Unreadable {
        /// Setting that names the file.
        setting: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file contains no PEM section of the expected kind.
    Empty {
        /// Setting that names the file.
        setting: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// Expected kind.
        expected: &'static str,
    },
    /// The private key is encrypted with a passphrase.
    Encrypted {
        /// Path of the file.
        path: PathBuf,
    },
    /// The certificate has expired, or is not valid yet.
    OutOfDate {
        /// Path of the file.
        path: PathBuf,
        /// Whether it has expired or is not valid yet.
        problem: String,
    },
    /// Both files are wrong.
    Both(Box<(Self, Self)>),
    /// The key does not belong to the certificate, or one of them has an unsupported type.
    Mismatch {
        /// Error of the TLS library.
        source: rustls::Error,
    },
}

/// Returns the provider explicitly, so that another crate of the build cannot change the process default.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Reads certificate chain and key, and checks that they belong together.
///
/// # Errors
///
/// [`TlsFileError`]: do not start the server.
pub fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsFileError> {
    let file_error = |error: pem::Error, setting, path: &Path, expected| match error {
        pem::Error::Io(source) => TlsFileError::Unreadable { setting, path: path.to_owned(), source },
        _ => TlsFileError::Empty { setting, path: path.to_owned(), expected },
    };
    let cert = |error| file_error(error, "TLS_CERT", &files.cert, "certificate");
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect);
    let chain = chain.and_then(|it| if it.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(it) });
    let key = if fs::read_to_string(&files.key).is_ok_and(|text| is_encrypted(&text)) {
        Err(TlsFileError::Encrypted { path: files.key.clone() })
    } else {
        PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|error| file_error(error, "TLS_KEY", &files.key, "private key"))
    };
    let (chain, key) = match (chain.map_err(cert), key) {
        (Ok(chain), Ok(key)) => (chain, key),
        (Err(cert), Err(key)) => return Err(TlsFileError::Both(Box::new((cert, key)))),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
    };
    CertifiedKey::from_der(chain, key, &provider()).map_err(|source| TlsFileError::Mismatch { source })
}

/// Checks that the certificates of the chain are valid at this time. A server starts with an expired one all the same:
/// clients that do not verify it still work.
///
/// # Errors
///
/// [`TlsFileError::OutOfDate`]. A file that cannot be read is the error of [`read`].
pub fn check_dates(files: &TlsFiles, now: Timestamp) -> Result<(), TlsFileError> {
    let chain = CertificateDer::pem_file_iter(&files.cert).into_iter().flatten().flatten();
    for (index, der) in chain.enumerate() {
        let Ok((_, certificate)) = X509Certificate::from_der(&der) else { continue };
        let validity = certificate.validity();
        let (first, last) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        let day = |seconds| Timestamp::from_seconds(seconds).to_rfc3339().unwrap_or_default();
        let what = if index == 0 { "certificate" } else { "intermediate certificate" };
        let problem = if last < now.seconds() {
            format!("whose {what} expired at {}", day(last))
        } else if first > now.seconds() {
            format!("whose {what} is not valid before {}", day(first))
        } else {
            continue;
        };
        return Err(TlsFileError::OutOfDate { path: files.cert.clone(), problem });
    }
    Ok(())
}

impl TlsFileError {
    /// Returns the problem, without the remedy.
    pub fn problem(&self) -> String {
        match self {
            Self::Unreadable { setting, path, source } => {
                format!("{setting} names {}, which cannot be read ({source})", quote::full_path(path))
            }
            Self::Empty { setting, path, expected } => {
                format!("{setting} names {}, which contains no {expected}", quote::full_path(path))
            }
            Self::Encrypted { path } => {
                format!("TLS_KEY names {}, which is encrypted with a passphrase", quote::full_path(path))
            }
            Self::OutOfDate { path, problem } => {
                format!("TLS_CERT names {}, {problem}", quote::full_path(path))
            }
            Self::Both(errors) => format!("{}, and {}", errors.0.problem(), errors.1.problem()),
            Self::Mismatch { source } => format!(
                "TLS_KEY is not the key of the certificate in TLS_CERT, or one of them is not supported ({source})"
            ),
        }
    }

    /// Returns what to do.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "give the path of a file that this user may read",
            Self::Empty { .. } => "give a PEM file",
            Self::Encrypted { .. } => DECRYPT,
            Self::OutOfDate { .. } => "renew the certificate, and check the clock of this machine",
            Self::Both(_) => "give the paths of two PEM files that this user may read",
            Self::Mismatch { .. } => "set both to files of the same certificate",
        }
    }
}

impl fmt::Display for TlsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem(), self.remedy())
    }
}

impl std::error::Error for TlsFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // `Display` has the text of the source.
        None
    }
}
