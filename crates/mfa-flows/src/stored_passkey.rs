//! Stored form of passkeys, read into the types of `mfa-passkey`.

use mfa_core::{Account, Passkey, StoreError, StoreErrorKind};
use mfa_passkey::{Credential, UserHandle};

use crate::error::FlowError;

/// Returns the stored credential of a passkey.
pub(crate) fn credential(passkey: &Passkey) -> Result<Credential, FlowError> {
    serde_json::from_value(passkey.credential.clone()).map_err(|_| unreadable())
}

pub(crate) fn credentials(account: &Account) -> Result<Vec<Credential>, FlowError> {
    account.passkeys.keys.iter().map(credential).collect()
}

pub(crate) fn user_handle(account: &Account) -> Result<Option<UserHandle>, FlowError> {
    let handle = account.passkeys.handle.clone().map(serde_json::Value::String);
    handle.map(serde_json::from_value).transpose().map_err(|_| unreadable())
}

pub(crate) fn unreadable() -> FlowError {
    FlowError::Store(StoreError::new(StoreErrorKind::Corrupt, "a stored passkey cannot be read"))
}
