//! The keys and claims of tokens.

use mfa_core::SecretText;
use mfa_jwt::{PrivateKey, SigningAlgorithm, check_secret_strength};

use super::reader::SettingsReader;
use super::{KeySource, SettingsError};

/// How tokens are signed, and what they say of where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// `JWT_SECRET_KEY`: signs pending tokens, and access tokens with HS256. Its UTF-8 bytes as they stand.
    pub secret: KeySource<SecretText>,
    /// `JWT_PREVIOUS_SECRET_KEYS`: these verify.
    pub previous_secrets: Vec<SecretText>,
    /// `JWT_ALGORITHM`, of access tokens.
    pub algorithm: JwtAlgorithm,
    /// `JWT_PRIVATE_KEYS`: one PEM (PKCS#8) text each, and each a key that can be used. All verify and are published;
    /// with `EdDSA` and `ES256` the first one signs, and is a key of that algorithm.
    pub private_keys: Vec<SecretText>,
    /// `JWT_ISSUER`.
    pub issuer: String,
    /// `JWT_AUDIENCE`, of access tokens.
    pub audience: String,
    /// `JWT_ACCEPT_LEGACY_TOKENS`: a relaxation to be warned about at start.
    pub accept_legacy: bool,
    /// `INTROSPECTION_KEY`. `None`: there is no introspection.
    pub introspection_key: Option<SecretText>,
}

/// What access tokens are signed with. Pending ones are always HS256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256 and the shared key.
    Hs256,
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256.
    Es256,
}

impl JwtAlgorithm {
    /// That of a private key; `None` for the shared secret.
    pub const fn of_private_keys(self) -> Option<SigningAlgorithm> {
        match self {
            Self::Hs256 => None,
            Self::EdDsa => Some(SigningAlgorithm::EdDsa),
            Self::Es256 => Some(SigningAlgorithm::Es256),
        }
    }
}

const PEM_CURE: &str = "give PEM texts that start with -----BEGIN PRIVATE KEY----- (mfa-admin keys generate \
                        --algorithm eddsa)";

impl TokenSettings {
    /// `may_generate`: an absent `JWT_SECRET_KEY` is made and kept by this server.
    pub(super) fn read(reader: &SettingsReader<'_>, may_generate: bool) -> Result<Self, SettingsError> {
        let settings = Self {
            secret: secret(reader, may_generate)?,
            previous_secrets: previous_secrets(reader)?,
            algorithm: match reader.defaulted("JWT_ALGORITHM")? {
                "HS256" => JwtAlgorithm::Hs256,
                "EdDSA" => JwtAlgorithm::EdDsa,
                "ES256" => JwtAlgorithm::Es256,
                _ => return Err(reader.wrong("JWT_ALGORITHM", "give HS256, EdDSA or ES256")),
            },
            private_keys: private_keys(reader)?,
            issuer: reader.defaulted("JWT_ISSUER")?.to_owned(),
            audience: reader.defaulted("JWT_AUDIENCE")?.to_owned(),
            accept_legacy: reader.flag("JWT_ACCEPT_LEGACY_TOKENS")?,
            introspection_key: introspection_key(reader)?,
        };
        if settings.issuer == settings.audience {
            // The issuer is the audience of pending tokens: they must not read as access tokens.
            return Err(reader.wrong("JWT_AUDIENCE", "give another name than that of JWT_ISSUER"));
        }
        settings.demand_signing_key()?;
        Ok(settings)
    }

    /// The first private key is of the algorithm that is to sign.
    fn demand_signing_key(&self) -> Result<(), SettingsError> {
        let Some(algorithm) = self.algorithm.of_private_keys() else { return Ok(()) };
        let name = algorithm.as_str();
        let Some(first) = self.private_keys.first() else {
            let problem = format!("is not set while JWT_ALGORITHM is {name}");
            return Err(SettingsError::refused("JWT_PRIVATE_KEYS", problem, PEM_CURE));
        };
        match private_key(first, 1)?.algorithm() {
            first if first == algorithm => Ok(()),
            first => Err(SettingsError::refused(
                "JWT_PRIVATE_KEYS",
                format!("starts with a key for {} while JWT_ALGORITHM is {name}", first.as_str()),
                "put the key that is to sign first, or change JWT_ALGORITHM",
            )),
        }
    }
}

/// A key as it can be used; `number` counts from 1.
fn private_key(pem: &SecretText, number: usize) -> Result<PrivateKey, SettingsError> {
    PrivateKey::from_pem(pem).map_err(|error| {
        let problem = format!("cannot be used, its key number {number} ({error})");
        SettingsError::refused("JWT_PRIVATE_KEYS", problem, PEM_CURE)
    })
}

fn secret(reader: &SettingsReader<'_>, may_generate: bool) -> Result<KeySource<SecretText>, SettingsError> {
    match reader.secret("JWT_SECRET_KEY") {
        Some(secret) => {
            demand_strength("JWT_SECRET_KEY", secret)?;
            Ok(KeySource::Given(secret.clone()))
        }
        None if may_generate => Ok(KeySource::Generated),
        None => Err(super::missing_key(reader, "JWT_SECRET_KEY")),
    }
}

fn previous_secrets(reader: &SettingsReader<'_>) -> Result<Vec<SecretText>, SettingsError> {
    let Some(text) = reader.secret("JWT_PREVIOUS_SECRET_KEYS").map(SecretText::expose) else {
        return Ok(Vec::new());
    };
    // One a line lets a key hold commas.
    let separator = if text.contains('\n') { '\n' } else { ',' };
    let keys = text.split(separator).map(str::trim).filter(|key| !key.is_empty());
    keys.map(|key| {
        let key = SecretText::new(key.to_owned());
        demand_strength("JWT_PREVIOUS_SECRET_KEYS", &key)?;
        Ok(key)
    })
    .collect()
}

fn private_keys(reader: &SettingsReader<'_>) -> Result<Vec<SecretText>, SettingsError> {
    const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
    const END: &str = "-----END PRIVATE KEY-----";
    let refused =
        || SettingsError::refused("JWT_PRIVATE_KEYS", "holds something that is no private key", PEM_CURE);
    // An environment often has room for one line only: `\n` stands for a line break there.
    let text = reader.secret("JWT_PRIVATE_KEYS").map_or("", SecretText::expose);
    let text = SecretText::new(text.replace("\\n", "\n"));
    let mut rest = text.expose().trim();
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(END).map(|at| at.saturating_add(END.len())).ok_or_else(refused)?;
        let (key, after) = rest.split_at_checked(end).ok_or_else(refused)?;
        if !key.starts_with(BEGIN) {
            return Err(refused());
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
    // It travels in a header.
    if key.expose().len() >= 16 && key.expose().bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Some(key.clone()))
    } else {
        Err(SettingsError::refused(
            "INTROSPECTION_KEY",
            "is shorter than 16 characters, or holds blanks or accents",
            "give 32 random bytes in base64 (openssl rand -base64 32)",
        ))
    }
}

fn demand_strength(name: &str, secret: &SecretText) -> Result<(), SettingsError> {
    check_secret_strength(secret).map_err(|error| {
        let cure = "give 32 random bytes in base64 (mfa-admin keys generate)";
        SettingsError::refused(name, format!("cannot be used ({error})"), cure)
    })
}
