//! File with the certificate authorities that TLS connections to PostgreSQL and Redis trust (`SSL_CERT_FILE`).
//!
//! OpenSSL and rustls read a variable of this name from the process. A value in `.env` reaches neither, so that it is passed
//! to them.

use std::path::PathBuf;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::error::SettingsError;
use super::reader::SettingsReader;
use crate::quote;

pub(super) const NAME: &str = "SSL_CERT_FILE";

/// Returns the file, if the setting names one. Call it only if a connection verifies a certificate: the variable belongs to
/// other programs too.
///
/// # Errors
///
/// [`SettingsError`] if the file cannot be read or contains no certificate.
pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Option<PathBuf>, SettingsError> {
    let Some(path) = reader.path(NAME) else { return Ok(None) };
    let shown = quote::full_path(&path);
    let text = std::fs::read(&path).map_err(|error| {
        let problem = format!("names {shown}, which cannot be read ({error})");
        SettingsError::invalid(NAME, problem, "use the path of a PEM file that this user may read")
    })?;
    let is_pem = CertificateDer::pem_slice_iter(&text).next().is_some_and(|it| it.is_ok());
    if !is_pem {
        let problem = format!("names {shown}, which contains no certificate");
        return Err(SettingsError::invalid(
            NAME,
            problem,
            "use a PEM file with the certificate of the authority",
        ));
    }
    Ok(Some(path))
}
