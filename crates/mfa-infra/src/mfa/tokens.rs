//! Token service of the settings.

use mfa_jwt::{PrivateKey, SecretKey, TokenConfig, TokenKeyRing, TokenService};

use super::error::OpenError;
use crate::settings::{ProvisionedKeys, Settings};

/// Returns the service that signs and verifies tokens with the configured keys.
pub(super) fn token_service(settings: &Settings, keys: &ProvisionedKeys) -> Result<TokenService, OpenError> {
    let signing = SecretKey::new(&keys.jwt_secret).map_err(OpenError::unusable)?;
    let previous: Result<Vec<_>, _> = settings.tokens.previous_secrets.iter().map(SecretKey::new).collect();
    let previous = previous.map_err(OpenError::unusable)?;
    let private: Result<Vec<_>, _> = settings.tokens.private_keys.iter().map(PrivateKey::from_pem).collect();
    let mut private = private.map_err(OpenError::unusable)?.into_iter();
    let mut ring = TokenKeyRing::shared_secret(signing, previous);
    if settings.tokens.algorithm.private_key_algorithm().is_some() {
        // The settings have checked that there is one, of that algorithm.
        let first =
            private.next().ok_or_else(|| OpenError::Unusable("JWT_PRIVATE_KEYS is not set".to_owned()))?;
        ring = ring.signing_access(first);
    }
    let tokens = &settings.tokens;
    let config = TokenConfig::new(&tokens.issuer, &tokens.audience, ring.accepting(private));
    TokenService::new(config.accept_legacy(tokens.accept_legacy)).map_err(OpenError::unusable)
}
