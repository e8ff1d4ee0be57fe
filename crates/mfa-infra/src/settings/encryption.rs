//! The keys that seal secrets in the database.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mfa_core::{KeyId, SecretBytes, SecretText};

use super::reader::SettingsReader;
use super::{KeySource, SettingsError};

/// `may_generate`: absent keys are made and kept by this server.
pub(super) fn read(
    reader: &SettingsReader<'_>,
    may_generate: bool,
) -> Result<KeySource<Vec<(KeyId, SecretBytes)>>, SettingsError> {
    match reader.secret("MFA_ENCRYPTION_KEYS") {
        Some(text) => parse(text).map(KeySource::Given),
        None if may_generate => Ok(KeySource::Generated),
        None => Err(super::missing_key(reader, "MFA_ENCRYPTION_KEYS")),
    }
}

/// Parses `id:base64,id:base64`: the first seals, all unseal. At least one.
pub(super) fn parse(text: &SecretText) -> Result<Vec<(KeyId, SecretBytes)>, SettingsError> {
    let refused = |problem: String| {
        let cure = "give id:base64 of 32 random bytes, several by comma (mfa-admin keys generate)";
        SettingsError::refused("MFA_ENCRYPTION_KEYS", problem, cure)
    };
    let mut keys: Vec<(KeyId, SecretBytes)> = Vec::new();
    for (at, item) in
        text.expose().split([',', '\n']).map(str::trim).filter(|item| !item.is_empty()).enumerate()
    {
        let nth = at.saturating_add(1);
        let (id, encoded) =
            item.split_once(':').ok_or_else(|| refused(format!("has no `:` in its key number {nth}")))?;
        let id = KeyId::parse(id.trim())
            .map_err(|error| refused(format!("has a bad id in number {nth} ({error})")))?;
        let bytes = STANDARD
            .decode(encoded.trim())
            .map(SecretBytes::new)
            .map_err(|_| refused(format!("has a key {id} that is not base64")))?;
        if bytes.len() != 32 {
            return Err(refused(format!("has a key {id} of {} bytes, not 32", bytes.len())));
        }
        if keys.iter().any(|(other, _)| *other == id) {
            return Err(refused(format!("has two keys called {id}")));
        }
        if let Some((other, _)) = keys.iter().find(|(_, other)| *other == bytes) {
            return Err(refused(format!("has the same key as {other} and as {id}")));
        }
        keys.push((id, bytes));
    }
    if keys.is_empty() { Err(refused("has no key".to_owned())) } else { Ok(keys) }
}
