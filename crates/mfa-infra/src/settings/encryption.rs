//! Setting of the keys that encrypt secrets in the database (`MFA_ENCRYPTION_KEYS`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mfa_core::{KeyId, SecretBytes, SecretText};

use super::error::SettingsError;
use super::key_source::{KeySource, missing_key};
use super::reader::SettingsReader;

/// Reads `MFA_ENCRYPTION_KEYS`. If it is not set and `may_generate` is true, the server generates the keys.
pub(super) fn read(
    reader: &SettingsReader<'_>,
    may_generate: bool,
) -> Result<KeySource<Vec<(KeyId, SecretBytes)>>, SettingsError> {
    match reader.secret("MFA_ENCRYPTION_KEYS") {
        Some(text) => parse(text)
            .map(KeySource::Given)
            .map_err(|problem| SettingsError::invalid("MFA_ENCRYPTION_KEYS", problem, KEYS_REMEDY)),
        None if may_generate || reader.is_reported("MFA_ENCRYPTION_KEYS") => Ok(KeySource::Generated),
        None => Err(missing_key(reader, "MFA_ENCRYPTION_KEYS")),
    }
}

const KEYS_REMEDY: &str = "use id:base64 of 32 random bytes, separated by commas (mfa-admin keys generate)";

/// Parses `id:base64,id:base64`, at least one key: the first seals, all unseal.
///
/// # Errors
///
/// The problem, worded to follow the name of the setting or file.
pub(super) fn parse(text: &SecretText) -> Result<Vec<(KeyId, SecretBytes)>, String> {
    let mut keys: Vec<(KeyId, SecretBytes)> = Vec::new();
    for (index, item) in
        text.expose().split([',', '\n']).map(str::trim).filter(|item| !item.is_empty()).enumerate()
    {
        let number = index.saturating_add(1);
        let (id, encoded) =
            item.split_once(':').ok_or_else(|| format!("has no `:` in key number {number}"))?;
        let id = KeyId::parse(id.trim())
            .map_err(|error| format!("has an invalid id in key number {number} ({error})"))?;
        let bytes = STANDARD
            .decode(encoded.trim())
            .map(SecretBytes::new)
            .map_err(|_| format!("has a key {id} that is not base64"))?;
        if bytes.len() != 32 {
            return Err(format!("has a key {id} of {} bytes, not 32", bytes.len()));
        }
        if keys.iter().any(|(other, _)| *other == id) {
            return Err(format!("has two keys named {id}"));
        }
        if let Some((other, _)) = keys.iter().find(|(_, other)| *other == bytes) {
            return Err(format!("has the same key under the ids {other} and {id}"));
        }
        keys.push((id, bytes));
    }
    if keys.is_empty() { Err("has no key".to_owned()) } else { Ok(keys) }
}
