//! Passkeys and security keys of an account, and the names of its authenticators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Sealed, Timestamp};

/// Passkeys of an account. Their static data is in the column `mfa_authenticators`, what a login changes in
/// [`AuthenticatorUse`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasskeyState {
    /// User handle (WebAuthn Level 3 §14.6.1) in base64url, the same for all passkeys of the user. `None` before the first
    /// registration.
    pub handle: Option<String>,
    /// Sealed random value for the column `totp_secret` of an account with passkeys and without an app: NOVA and earlier
    /// versions of this service then still see a second factor. Nobody knows the value, so it verifies no code.
    pub placeholder: Option<Sealed>,
    /// The passkeys, in the order of their registration.
    pub keys: Vec<Passkey>,
}

/// Registered passkey or security key: its static data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// ID of the authenticator, unique for the user.
    pub id: String,
    /// Name that the user sees.
    pub name: String,
    /// Time of the registration.
    #[serde(rename = "at")]
    pub created_at: Timestamp,
    /// Credential ID in base64url, unique for the user.
    #[serde(rename = "cid")]
    pub credential_id: String,
    /// Credential in the stored form of `mfa-passkey`.
    #[serde(rename = "cred")]
    pub credential: Value,
    /// Fields written by other versions, preserved unchanged.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// State of an authenticator that logins change. Kept small, because each verification writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthenticatorUse {
    /// Time of the last successful verification.
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Signature counter of a passkey; 0 if it has none.
    #[serde(rename = "n", skip_serializing_if = "is_zero")]
    pub counter: u32,
    /// Whether the passkey is backed up.
    #[serde(rename = "b", skip_serializing_if = "std::ops::Not::not")]
    pub backed_up: bool,
    /// Whether the counter went back once: the passkey may be cloned.
    #[serde(rename = "c", skip_serializing_if = "std::ops::Not::not")]
    pub clone_suspected: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl PasskeyState {
    /// Returns the passkey with this credential ID in base64url.
    pub fn by_credential_id(&self, id: &str) -> Option<&Passkey> {
        self.keys.iter().find(|key| key.credential_id == id)
    }
}

/// Content of the column `mfa_authenticators`: a JSON array of objects, each with a `kind`.
///
/// Objects of an unknown kind are preserved, so that two versions of the service can run during an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticatorColumn {
    /// Passkeys.
    pub passkeys: PasskeyState,
    /// Names of the authenticators in other columns, by their ID: `totp` and `sms`.
    pub names: BTreeMap<String, String>,
    /// Objects of other kinds.
    pub rest: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Entry {
    User {
        handle: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        placeholder: Option<String>,
    },
    Name {
        id: String,
        name: String,
    },
    Passkey(Passkey),
}

impl AuthenticatorColumn {
    /// Parses the column.
    ///
    /// # Errors
    ///
    /// The text is no array of objects, or an object of a known kind lacks a member.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut column = Self::default();
        if text == "[]" {
            return Ok(column);
        }
        for value in serde_json::from_str::<Vec<Value>>(text)? {
            let kind = value.get("kind").and_then(Value::as_str);
            if !matches!(kind, Some("user" | "name" | "passkey")) {
                column.rest.push(value);
                continue;
            }
            match serde_json::from_value(value)? {
                Entry::User { handle, placeholder } => {
                    column.passkeys.handle = Some(handle);
                    column.passkeys.placeholder = placeholder.map(Sealed::from_column);
                }
                Entry::Name { id, name } => drop(column.names.insert(id, name)),
                Entry::Passkey(passkey) => column.passkeys.keys.push(passkey),
            }
        }
        Ok(column)
    }

    /// Returns the text of the column.
    ///
    /// # Errors
    ///
    /// A value cannot be serialised.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let placeholder = self.passkeys.placeholder.as_ref().map(|it| it.as_column().to_owned());
        let user = self.passkeys.handle.clone().map(|handle| Entry::User { handle, placeholder });
        let names = self.names.iter().map(|(id, name)| Entry::Name { id: id.clone(), name: name.clone() });
        let entries =
            user.into_iter().chain(names).chain(self.passkeys.keys.iter().cloned().map(Entry::Passkey));
        let mut values = entries.map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
        values.extend(self.rest.iter().cloned());
        serde_json::to_string(&values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column() -> AuthenticatorColumn {
        let key = Passkey {
            id: "k1".into(),
            name: "Ma clé".into(),
            created_at: Timestamp::from_seconds(9),
            credential_id: "AQ".into(),
            credential: serde_json::json!({"rp_id": "localhost"}),
            rest: Map::new(),
        };
        AuthenticatorColumn {
            passkeys: PasskeyState {
                handle: Some("handle".into()),
                placeholder: Some(Sealed::from_column("v1.k.x".into())),
                keys: vec![key.clone(), Passkey { id: "k2".into(), ..key }],
            },
            names: BTreeMap::from([("totp".into(), "iPhone".into())]),
            rest: vec![serde_json::json!({"kind": "later", "x": [1]})],
        }
    }

    #[test]
    fn the_column_reads_back_with_what_another_version_wrote() {
        let text = column().to_text().unwrap();
        assert_eq!(AuthenticatorColumn::parse(&text).unwrap(), column());
        assert_eq!(AuthenticatorColumn::default().to_text().unwrap(), "[]");
        let later = text.replace("\"name\":\"Ma clé\"", "\"name\":\"Ma clé\",\"new\":7");
        assert_eq!(AuthenticatorColumn::parse(&later).unwrap().passkeys.keys[0].rest["new"], 7);
        assert!(AuthenticatorColumn::parse(&later).unwrap().to_text().unwrap().contains("\"new\":7"));
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_never_absent() {
        for bad in ["", "null", "{}", "[{\"kind\":\"passkey\"}]", "[{\"kind\":\"user\",\"handle\":7}]", "[1"]
        {
            assert!(AuthenticatorColumn::parse(bad).is_err(), "{bad}");
        }
    }
}
