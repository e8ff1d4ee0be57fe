//! Settings of token keys and claims.

use mfa_core::SecretText;
use mfa_jwt::{PrivateKey, SigningAlgorithm, check_secret_strength};

use super::error::SettingsError;
use super::key_source::{KeySource, missing_key};
use super::reader::SettingsReader;
use crate::encrypted_pem::{DECRYPT, is_encrypted};

/// Token keys, algorithm, issuer and audience.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenSettings {
    /// Key that signs pending tokens, and access tokens with HS256 (`JWT_SECRET_KEY`). Used as its UTF-8 bytes, not
    /// decoded.
    pub secret: KeySource<SecretText>,
    /// Previous secret keys, which still verify (`JWT_PREVIOUS_SECRET_KEYS`).
    pub previous_secrets: Vec<SecretText>,
    /// Signature algorithm of access tokens (`JWT_ALGORITHM`).
    pub algorithm: JwtAlgorithm,
    /// Private keys, each a valid PKCS#8 PEM text (`JWT_PRIVATE_KEYS`). All verify and are published. With `EdDSA` and
    /// `ES256` the first one signs and has that algorithm.
    pub private_keys: Vec<SecretText>,
    /// Issuer of tokens (`JWT_ISSUER`).
    pub issuer: String,
    /// Audience of access tokens (`JWT_AUDIENCE`).
    pub audience: String,
    /// Whether tokens with fewer claims are accepted (`JWT_ACCEPT_LEGACY_TOKENS`). The start logs a warning if so.
    pub accept_legacy: bool,
    /// Key for token introspection (`INTROSPECTION_KEY`); `None` disables introspection.
    pub introspection_key: Option<SecretText>,
}

/// Signature algorithm of access tokens. Pending tokens always use HS256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256 and the shared secret.
    Hs256,
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256.
    Es256,
}

impl JwtAlgorithm {
    /// Returns the algorithm of the private keys; `None` for the shared secret.
    pub const fn private_key_algorithm(self) -> Option<SigningAlgorithm> {
        match self {
            Self::Hs256 => None,
            Self::EdDsa => Some(SigningAlgorithm::EdDsa),
            Self::Es256 => Some(SigningAlgorithm::Es256),
        }
    }
}

const PEM_REMEDY: &str = "use PEM texts that start with -----BEGIN PRIVATE KEY----- (mfa-admin keys generate \
                        --algorithm eddsa)";

impl TokenSettings {
    /// Reads the token settings. If `JWT_SECRET_KEY` is not set and `may_generate` is true, the server generates it.
    pub(super) fn read(reader: &SettingsReader<'_>, may_generate: bool) -> Result<Self, SettingsError> {
        let settings = Self {
            secret: secret(reader, may_generate)?,
            previous_secrets: previous_secrets(reader)?,
            algorithm: match reader.required("JWT_ALGORITHM")? {
                "HS256" => JwtAlgorithm::Hs256,
                "EdDSA" => JwtAlgorithm::EdDsa,
                "ES256" => JwtAlgorithm::Es256,
                _ => return Err(reader.invalid("JWT_ALGORITHM", "use HS256, EdDSA or ES256")),
            },
            private_keys: private_keys(reader)?,
            issuer: reader.required("JWT_ISSUER")?.to_owned(),
            audience: reader.required("JWT_AUDIENCE")?.to_owned(),
            accept_legacy: reader.flag("JWT_ACCEPT_LEGACY_TOKENS")?,
            introspection_key: introspection_key(reader)?,
        };
        if settings.issuer == settings.audience {
            // The issuer is the audience of pending tokens: these must not be valid as access tokens.
            return Err(reader.invalid("JWT_AUDIENCE", "use a value that differs from JWT_ISSUER"));
        }
        settings.check_signing_key(reader)?;
        Ok(settings)
    }

    /// Checks that the first private key has the configured algorithm.
    fn check_signing_key(&self, reader: &SettingsReader<'_>) -> Result<(), SettingsError> {
        let Some(algorithm) = self.algorithm.private_key_algorithm() else { return Ok(()) };
        let name = algorithm.as_str();
        let Some(first) = self.private_keys.first() else {
            if reader.is_reported("JWT_PRIVATE_KEYS") {
                return Ok(());
            }
            let problem = format!("is not set while JWT_ALGORITHM is {name}");
            return Err(SettingsError::invalid("JWT_PRIVATE_KEYS", problem, PEM_REMEDY));
        };
        match private_key(first, 1)?.algorithm() {
            first if first == algorithm => Ok(()),
            first => Err(SettingsError::invalid(
                "JWT_PRIVATE_KEYS",
                format!("starts with a key for {} while JWT_ALGORITHM is {name}", first.as_str()),
                "put the signing key first, or change JWT_ALGORITHM",
            )),
        }
    }
}

/// Parses a private key; `number` counts from 1.
fn private_key(pem: &SecretText, number: usize) -> Result<PrivateKey, SettingsError> {
    PrivateKey::from_pem(pem).map_err(|error| {
        let problem = format!("has an invalid key number {number} ({error})");
        SettingsError::invalid("JWT_PRIVATE_KEYS", problem, PEM_REMEDY)
    })
}

fn secret(reader: &SettingsReader<'_>, may_generate: bool) -> Result<KeySource<SecretText>, SettingsError> {
    match reader.secret("JWT_SECRET_KEY") {
        Some(secret) => {
            check_strength("JWT_SECRET_KEY", secret)?;
            Ok(KeySource::Given(secret.clone()))
        }
        None if may_generate || reader.is_reported("JWT_SECRET_KEY") => Ok(KeySource::Generated),
        None => Err(missing_key(reader, "JWT_SECRET_KEY")),
    }
}

fn previous_secrets(reader: &SettingsReader<'_>) -> Result<Vec<SecretText>, SettingsError> {
    let Some(text) = reader.secret("JWT_PREVIOUS_SECRET_KEYS").map(SecretText::expose) else {
        return Ok(Vec::new());
    };
    // Separated by lines, a key may contain commas.
    let separator = if text.contains('\n') { '\n' } else { ',' };
    let keys = text.split(separator).map(str::trim).filter(|key| !key.is_empty());
    keys.map(|key| {
        let key = SecretText::new(key.to_owned());
        check_strength("JWT_PREVIOUS_SECRET_KEYS", &key)?;
        Ok(key)
    })
    .collect()
}

fn private_keys(reader: &SettingsReader<'_>) -> Result<Vec<SecretText>, SettingsError> {
    const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
    const END: &str = "-----END PRIVATE KEY-----";
    let invalid =
        || SettingsError::invalid("JWT_PRIVATE_KEYS", "contains text that is not a private key", PEM_REMEDY);
    // Environment variables are often limited to one line: `\n` denotes a line break.
    let text = reader.secret("JWT_PRIVATE_KEYS").map_or("", SecretText::expose);
    let text = SecretText::new(text.replace("\\n", "\n"));
    if is_encrypted(text.expose()) {
        let problem = "contains a key that is encrypted with a passphrase";
        return Err(SettingsError::invalid("JWT_PRIVATE_KEYS", problem, DECRYPT));
    }
    let mut rest = text.expose().trim();
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(END).map(|at| at.saturating_add(END.len())).ok_or_else(invalid)?;
        let (key, after) = rest.split_at_checked(end).ok_or_else(invalid)?;
        if !key.starts_with(BEGIN) {
            return Err(invalid());
        }
        let pem = SecretText::new(format!("{key}\n"));
        private_key(&pem, keys.len().saturating_add(1))?;
        keys.push(pem);
        rest = after.trim_start_matches([',', ' ', '\t', '\r', '\n']);
    }
    Ok(keys)
}

fn introspection_key(reader: &SettingsReader<'_>) -> Result<Option<SecretText>, SettingsError> {
    let Some(key) = reader.secret("INTROSPECTION_KEY") else { return Ok(None) };
    // It is sent in a header.
    if key.expose().len() >= 16 && key.expose().bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Some(key.clone()))
    } else {
        Err(SettingsError::invalid(
            "INTROSPECTION_KEY",
            "is shorter than 16 characters or contains characters other than printable ASCII",
            "use 32 random bytes in base64 (openssl rand -base64 32)",
        ))
    }
}

fn check_strength(name: &str, secret: &SecretText) -> Result<(), SettingsError> {
    check_secret_strength(secret).map_err(|error| {
        let remedy = "use 32 random bytes in base64 (mfa-admin keys generate)";
        SettingsError::invalid(name, format!("is not accepted ({error})"), remedy)
    })
}
