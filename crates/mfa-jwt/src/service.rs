//! The service: its settings, and what is made of them once.

use crate::keys::TokenKeyRing;
use crate::token_type::TokenType;
use crate::{ConfigError, KeySet, jws};

/// The settings of a [`TokenService`].
#[derive(Debug)]
pub struct TokenConfig {
    /// `iss` of every token, and `aud` of pending ones.
    pub issuer: String,
    /// `aud` of access tokens.
    pub audience: String,
    /// The keys.
    pub keys: TokenKeyRing,
    /// Whether tokens of the Python backend, which claim less, are accepted too.
    pub accept_legacy: bool,
}

/// Issues and reads tokens.
///
/// A pending token lives 300 s, an access token 3600 s. Keys never show in `Debug`.
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
    /// A service with these settings.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when issuer or audience is empty, or both are the same: do not start.
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

    /// What others verify access tokens by: the public half of every private key. Empty where all keys are secret.
    pub fn public_keys(&self) -> KeySet {
        self.keys.public_keys()
    }

    /// `aud` of tokens of this type.
    pub(crate) fn audience_of(&self, token_type: TokenType) -> &str {
        match token_type {
            TokenType::Pending => &self.issuer,
            TokenType::Access => &self.audience,
        }
    }

    /// The encoded header of the tokens of this type that are issued.
    pub(crate) fn header_of(&self, token_type: TokenType) -> &str {
        match token_type {
            TokenType::Pending => &self.pending_header,
            TokenType::Access => &self.access_header,
        }
    }
}
