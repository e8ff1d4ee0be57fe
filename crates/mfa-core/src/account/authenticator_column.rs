//! The column `mfa_authenticators`: what the columns of the guide have no place for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::passkeys::{Passkey, PasskeyState};
use super::totp::TotpEntry;
use crate::{Sealed, Timestamp};

/// Content of the column `mfa_authenticators`: a JSON array of objects, each with a `kind`.
///
/// Objects of an unknown kind are preserved, so that two versions of the service can run during an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticatorColumn {
    /// Passkeys.
    pub passkeys: PasskeyState,
    /// Names of authenticator apps and the phone, by their ID.
    pub names: BTreeMap<String, String>,
    /// Authenticator apps: further ones, and what the columns do not say about the first one.
    pub apps: Vec<TotpEntry>,
    /// App whose enrolment is not confirmed.
    pub pending_app: Option<PendingApp>,
    /// Objects of other kinds.
    pub rest: Vec<Value>,
}

/// Data of an enrolment in progress for which the guide has no column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingApp {
    /// The app, if it is added beside others. A server of a previous version, which knows only the column
    /// `totp_pending_secret`, would put it in the place of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<AddedApp>,
    /// Name of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// App that is added beside others and is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedApp {
    /// ID of the authenticator.
    pub id: String,
    /// Secret, sealed.
    pub secret: Sealed,
    /// Time when the enrolment expires.
    #[serde(rename = "exp")]
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Entry {
    User {
        handle: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        placeholder: Option<Sealed>,
    },
    Name {
        id: String,
        name: String,
    },
    Passkey(Passkey),
    Totp(TotpEntry),
    Pending(PendingApp),
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
            if !matches!(kind, Some("user" | "name" | "passkey" | "totp" | "pending")) {
                column.rest.push(value);
                continue;
            }
            match serde_json::from_value(value)? {
                Entry::User { handle, placeholder } => {
                    column.passkeys.handle = Some(handle);
                    column.passkeys.placeholder = placeholder;
                }
                Entry::Name { id, name } => drop(column.names.insert(id, name)),
                Entry::Passkey(passkey) => column.passkeys.keys.push(passkey),
                Entry::Totp(app) => column.apps.push(app),
                Entry::Pending(app) => column.pending_app = Some(app),
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
        let placeholder = self.passkeys.placeholder.clone();
        let user = self.passkeys.handle.clone().map(|handle| Entry::User { handle, placeholder });
        let names = self.names.iter().map(|(id, name)| Entry::Name { id: id.clone(), name: name.clone() });
        let passkeys = self.passkeys.keys.iter().cloned().map(Entry::Passkey);
        let apps = self.apps.iter().cloned().map(Entry::Totp);
        let pending = self.pending_app.clone().map(Entry::Pending);
        let entries = user.into_iter().chain(names).chain(passkeys).chain(apps).chain(pending);
        let mut values = entries.map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
        values.extend(self.rest.iter().cloned());
        serde_json::to_string(&values)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::{TotpDigits, TotpParameters};

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
            apps: vec![TotpEntry {
                id: "t2".into(),
                enrolled_at: Some(Timestamp::from_seconds(8)),
                secret: Some(Sealed::from_column("v1.k.y".into())),
                parameters: TotpParameters { digits: TotpDigits::Eight, ..TotpParameters::default() },
            }],
            pending_app: Some(PendingApp {
                added: Some(AddedApp {
                    id: "t3".into(),
                    secret: Sealed::from_column("v1.k.z".into()),
                    expires_at: Timestamp::from_seconds(7),
                }),
                name: Some("Tablet".into()),
            }),
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
    fn debug_shows_no_sealed_value() {
        let shown = format!("{:?}", column());
        assert!(!shown.contains("v1.k"), "{shown}");
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_never_absent() {
        for bad in [
            "",
            "null",
            "{}",
            "[{\"kind\":\"passkey\"}]",
            "[{\"kind\":\"user\",\"handle\":7}]",
            "[{\"kind\":\"totp\"}]",
            "[1",
        ] {
            assert!(AuthenticatorColumn::parse(bad).is_err(), "{bad}");
        }
    }
}
