//! Token service and its configuration.

use crate::keys::TokenKeyRing;
use crate::token_type::TokenType;
use crate::{ConfigError, KeySet, jws};

/// Configuration of a [`TokenService`].
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenConfig {
    /// `iss` of every token, and `aud` of pending tokens.
    pub issuer: String,
    /// `aud` of access tokens.
    pub audience: String,
    /// Key ring.
    pub keys: TokenKeyRing,
    /// Whether to accept tokens of the Python backend, which have fewer claims.
    pub accept_legacy: bool,
}

impl TokenConfig {
    /// Creates a configuration that rejects tokens of the Python backend.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: TokenKeyRing) -> Self {
        Self { issuer: issuer.into(), audience: audience.into(), keys, accept_legacy: false }
    }

    /// Sets whether to accept tokens of the Python backend, which have fewer claims.
    #[must_use]
    pub fn accept_legacy(self, accept_legacy: bool) -> Self {
        Self { accept_legacy, ..self }
    }
}

/// Issuer and verifier of tokens.
///
/// A pending token is valid for 300 s, an access token for 3600 s. `Debug` shows no keys.
#[derive(Debug)]
pub struct TokenService {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) keys: TokenKeyRing,
    pub(crate) accept_legacy: bool,
    pending_header: String,
    access_header: String,
}

impl TokenService {
    /// Creates a service with this configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the issuer or the audience is empty, or both are equal: reject the configuration.
    pub fn new(config: TokenConfig) -> Result<Self, ConfigError> {
        let TokenConfig { issuer, audience, keys, accept_legacy } = config;
        if issuer.is_empty() || audience.is_empty() {
            return Err(ConfigError::Empty);
        }
        if issuer == audience {
            return Err(ConfigError::SameAudience);
        }
        let pending_header = jws::header(TokenType::Pending, keys.signing(TokenType::Pending));
        let access_header = jws::header(TokenType::Access, keys.signing(TokenType::Access));
        Ok(Self { issuer, audience, keys, accept_legacy, pending_header, access_header })
    }

    /// Returns the public keys by which other services verify access tokens. Empty if only shared secrets are in use.
    pub fn public_keys(&self) -> KeySet {
        self.keys.public_keys()
    }

    /// Returns the `aud` of tokens of this type.
    pub(crate) fn audience_of(&self, token_type: TokenType) -> &str {
        match token_type {
            TokenType::Pending => &self.issuer,
            TokenType::Access => &self.audience,
        }
    }

    /// Returns the encoded header of new tokens of this type.
    pub(crate) fn header_of(&self, token_type: TokenType) -> &str {
        match token_type {
            TokenType::Pending => &self.pending_header,
            TokenType::Access => &self.access_header,
        }
    }
}
