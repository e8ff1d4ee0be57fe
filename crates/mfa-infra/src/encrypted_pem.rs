//! Private keys in PEM that are encrypted with a passphrase, which no setting takes.

/// Remedy for a private key that is encrypted with a passphrase.
pub(crate) const DECRYPT: &str = "decrypt it with openssl pkey -in FILE -out NEW-FILE, and give the new file to the user of the service alone";

/// Returns whether a private key in PEM is encrypted with a passphrase: PKCS#8, or the traditional form of OpenSSL (RFC 1421).
pub(crate) fn is_encrypted(pem: &str) -> bool {
    pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || pem.contains("Proc-Type: 4,ENCRYPTED")
}
