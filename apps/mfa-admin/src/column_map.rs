//! Column map of `import nova-python --map`: columns of the Python service by their name in NOVA MFA.

use std::io::Read as _;
use std::path::Path;

use mfa_infra::database::{NovaColumn, NovaField};
use mfa_recovery::{LegacyCodeCase, LegacyCodeFormat};
use serde::Deserialize;

use crate::text_file;

/// Fields that are read from a row, by the name of our column, and whether each is a time.
const FIELDS: &[(&str, bool)] = &[
    ("totp_secret", false),
    ("is_totp_enabled", false),
    ("totp_enrolled_at", true),
    ("phone_number", false),
    ("is_phone_verified", false),
    ("phone_verified_at", true),
    ("mfa_backup_method", false),
    ("recovery_codes", false),
    ("recovery_codes_generated_at", true),
    ("mfa_enforced", false),
    ("mfa_failed_attempts", false),
    ("mfa_lock_until", true),
];

/// Prefix of a field that is read from our own column, if the map names another column for it.
pub(crate) const OWN: &str = "own ";

/// Field with our own internal state.
pub(crate) const OWN_INTERNAL: &str = "own mfa_internal";

/// Field with our own passkeys and names of authenticators.
pub(crate) const OWN_AUTHENTICATORS: &str = "own mfa_authenticators";

/// Words in the names of columns and tables that may contain MFA data.
const MFA_WORDS: [&str; 15] = [
    "totp",
    "otp",
    "mfa",
    "2fa",
    "phone",
    "recovery",
    "backup",
    "two_f",
    "twof",
    "second_f",
    "factor",
    "authenticator",
    "mobile",
    "sms",
    "webauthn",
];

/// Fields whose source column must not keep clear text after the import.
const SECRET: [&str; 3] = ["totp_secret", "phone_number", "recovery_codes"];

/// Column map that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColumnMapError {
    #[error("cannot read the column map {0}")]
    Unreadable(String),
    #[error("the column map names the column {0}, which does not exist in the table users")]
    UnknownColumn(String),
    #[error(
        "the column map reads {field} from {column}, which has the type {kind}: a date and time type is required"
    )]
    NotATime { field: &'static str, column: String, kind: String },
    #[error("the column map contains the unknown field {0} (known fields: {1})")]
    UnknownField(String, String),
    #[error("phone.country in the column map must be a two-letter country code in capitals, such as FR")]
    InvalidCountry,
}

/// Columns and formats of the data of the Python service.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ColumnMap {
    columns: std::collections::BTreeMap<String, String>,
    recovery_codes: CodeFormat,
    phone: PhoneFormat,
    source: SourceColumnPolicy,
}

/// Format of the recovery codes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CodeFormat {
    /// Member of an element that contains the hash.
    pub(crate) hash: Option<String>,
    /// Member that marks a code as used.
    pub(crate) used: Option<String>,
    case: CodeCase,
    bare: bool,
}

/// Case of a recovery code when it was hashed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CodeCase {
    #[default]
    AsShown,
    Upper,
    Lower,
}

/// Format of the phone numbers.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PhoneFormat {
    country: Option<String>,
}

/// Country of numbers in national form if the map states none. It is a guess: such numbers get no SMS.
const GUESSED_COUNTRY: &str = "FR";

/// Treatment of the source columns after the import.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SourceColumnPolicy {
    keep: bool,
    /// Columns and tables that contain no factors, whatever their names say.
    ignore: Vec<String>,
}

impl ColumnMap {
    /// Reads a file. Without one, every field is in the column of the same name.
    ///
    /// # Errors
    ///
    /// [`ColumnMapError::Unreadable`], [`ColumnMapError::UnknownField`], [`ColumnMapError::InvalidCountry`].
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, ColumnMapError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let unreadable = |cause: &dyn std::fmt::Display| {
            ColumnMapError::Unreadable(format!("{}: {cause}", path.display()))
        };
        let mut text = String::new();
        let read = text_file::open(path).and_then(|mut file| file.read_to_string(&mut text));
        read.map_err(|error| unreadable(&error))?;
        Self::parse(&text).map_err(|error| match error {
            ColumnMapError::Unreadable(cause) => unreadable(&cause),
            other => other,
        })
    }

    fn parse(text: &str) -> Result<Self, ColumnMapError> {
        let map: Self =
            toml::from_str(text).map_err(|error| ColumnMapError::Unreadable(error.to_string()))?;
        let is_country = |it: &String| it.len() == 2 && it.bytes().all(|it| it.is_ascii_uppercase());
        if !map.phone.country.as_ref().is_none_or(is_country) {
            return Err(ColumnMapError::InvalidCountry);
        }
        let known = |name: &String| FIELDS.iter().any(|(field, _)| field == name);
        match map.columns.keys().find(|name| !known(name)) {
            Some(name) => {
                let all: Vec<_> = FIELDS.iter().map(|(field, _)| *field).collect();
                Err(ColumnMapError::UnknownField(name.clone(), all.join(", ")))
            }
            None => Ok(map),
        }
    }

    /// Returns the fields to read from each row.
    ///
    /// # Errors
    ///
    /// [`ColumnMapError::UnknownColumn`], [`ColumnMapError::NotATime`] if the map does not match the table.
    pub(crate) fn fields(&self, columns: &[NovaColumn]) -> Result<Vec<NovaField>, ColumnMapError> {
        let mut fields = Vec::new();
        for (field, is_time) in FIELDS {
            let name = self.column(field);
            let column = columns.iter().find(|it| it.name == name);
            let column = column.ok_or_else(|| ColumnMapError::UnknownColumn(name.to_owned()))?;
            if *is_time && !column.is_time() {
                let (column, kind) = (name.to_owned(), column.kind.clone());
                return Err(ColumnMapError::NotATime { field, column, kind });
            }
            fields.push(NovaField { name: (*field).to_owned(), column: name.to_owned(), is_time: *is_time });
            if self.is_renamed(field) {
                let own = NovaField {
                    name: format!("{OWN}{field}"),
                    column: (*field).to_owned(),
                    is_time: *is_time,
                };
                fields.push(own);
            }
        }
        for (name, column) in [(OWN_INTERNAL, "mfa_internal"), (OWN_AUTHENTICATORS, "mfa_authenticators")] {
            fields.push(NovaField { name: name.to_owned(), column: column.to_owned(), is_time: false });
        }
        Ok(fields)
    }

    fn column<'a>(&'a self, field: &'a str) -> &'a str {
        self.columns.get(field).map_or(field, String::as_str)
    }

    /// Returns whether the map names another column for this field.
    pub(crate) fn is_renamed(&self, field: &str) -> bool {
        self.column(field) != field
    }

    /// Returns the source columns whose values are deleted after the import, with the field of each.
    pub(crate) fn columns_to_clear(&self) -> Vec<(&'static str, String)> {
        let secret = SECRET.iter().filter(|field| !self.source.keep && self.is_renamed(field));
        secret.map(|field| (*field, self.column(field).to_owned())).collect()
    }

    /// Returns columns that may contain MFA data, by their name, but are neither ours nor in the map.
    pub(crate) fn overlooked<'a>(&self, columns: &'a [NovaColumn]) -> Vec<&'a str> {
        let ours = |name: &str| {
            name.starts_with("totp_pending_")
                || FIELDS.iter().any(|(field, _)| *field == name)
                || [
                    "phone_pending",
                    "totp_last_step",
                    "mfa_last_success_at",
                    "mfa_last_method",
                    "mfa_version",
                    "mfa_internal",
                    "mfa_authenticators",
                ]
                .contains(&name)
                || self.columns.values().any(|it| it == name)
        };
        let names = columns.iter().map(|it| it.name.as_str());
        names.filter(|name| !ours(name) && self.sounds_like_mfa(name)).collect()
    }

    /// Returns whether a table may contain MFA data, by its name.
    pub(crate) fn is_overlooked_table(&self, name: &str) -> bool {
        self.sounds_like_mfa(name)
    }

    fn sounds_like_mfa(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        MFA_WORDS.iter().any(|it| lower.contains(it)) && !self.source.ignore.iter().any(|it| it == name)
    }

    /// Returns the columns with other names, by the name of our column.
    pub(crate) fn renamed_columns(&self) -> std::collections::BTreeMap<String, String> {
        let renamed = self.columns.iter().filter(|(field, column)| field != column);
        renamed.map(|(field, column)| (field.clone(), column.clone())).collect()
    }

    /// Returns the format of the recovery codes.
    pub(crate) const fn code_format(&self) -> &CodeFormat {
        &self.recovery_codes
    }

    /// Returns the country of phone numbers in national format.
    pub(crate) fn country(&self) -> &str {
        self.phone.country.as_deref().unwrap_or(GUESSED_COUNTRY)
    }

    /// Returns whether the map states the country of phone numbers in national format.
    pub(crate) const fn country_is_stated(&self) -> bool {
        self.phone.country.is_some()
    }
}

impl CodeFormat {
    /// Returns the format in which codes were hashed.
    pub(crate) const fn hashed_format(&self) -> LegacyCodeFormat {
        let case = match self.case {
            CodeCase::AsShown => LegacyCodeCase::AsShown,
            CodeCase::Upper => LegacyCodeCase::Upper,
            CodeCase::Lower => LegacyCodeCase::Lower,
        };
        LegacyCodeFormat { case, bare: self.bare }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(extra: &[(&str, &str)]) -> Vec<NovaColumn> {
        let kind = |is_time: bool| if is_time { "timestamp with time zone" } else { "text" };
        let ours = FIELDS.iter().map(|(name, is_time)| (*name, kind(*is_time)));
        let all = ours.chain(extra.iter().copied());
        all.map(|(name, kind)| NovaColumn { name: name.to_owned(), kind: kind.to_owned() }).collect()
    }

    #[test]
    fn a_renamed_column_is_read_besides_our_own_and_cleared_if_secret() {
        let text = "[columns]\ntotp_secret = \"mfa_secret\"\nis_totp_enabled = \"has_mfa\"\n\
                    [recovery_codes]\ncase = \"upper\"\nbare = true\n[phone]\ncountry = \"BE\"\n";
        let map = ColumnMap::parse(text).unwrap();
        let table =
            columns(&[("mfa_secret", "character varying"), ("has_mfa", "boolean"), ("phone_ext", "text")]);
        let fields = map.fields(&table).unwrap();
        let column = |name: &str| fields.iter().find(|it| it.name == name).map(|it| it.column.as_str());
        assert_eq!(column("totp_secret"), Some("mfa_secret"));
        assert_eq!(column("own totp_secret"), Some("totp_secret"));
        assert_eq!(column("phone_number"), Some("phone_number"));
        assert_eq!(column("own phone_number"), None);
        assert_eq!(map.columns_to_clear(), [("totp_secret", "mfa_secret".to_owned())]);
        assert_eq!(map.overlooked(&table), ["phone_ext"]);
        let ignoring = ColumnMap::parse("source = { ignore = [\"phone_ext\", \"otp_log\"] }").unwrap();
        assert_eq!(ignoring.overlooked(&table), ["mfa_secret", "has_mfa"]);
        assert!(!ignoring.is_overlooked_table("otp_log") && ignoring.is_overlooked_table("user_mfa_devices"));
        assert!(map.country_is_stated() && !ignoring.country_is_stated() && ignoring.country() == "FR");
        assert_eq!(
            map.code_format().hashed_format(),
            LegacyCodeFormat { case: LegacyCodeCase::Upper, bare: true }
        );
        let keep = ColumnMap::parse("source = { keep = true }\ncolumns = { totp_secret = \"x\" }").unwrap();
        assert!(keep.columns_to_clear().is_empty());
    }

    #[test]
    fn an_invalid_map_is_rejected_with_the_invalid_name() {
        for (text, word) in [
            ("[columns]\nsecret = \"x\"", "unknown field secret (known fields: totp_secret"),
            ("[colums]\n", "colums"),
            ("[phone]\ncountry = \"France\"", "country"),
            ("nonsense", "expected"),
        ] {
            let error = ColumnMap::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
        let absent = ColumnMap::parse("[columns]\ntotp_secret = \"nowhere\"").unwrap();
        assert!(matches!(absent.fields(&columns(&[])), Err(ColumnMapError::UnknownColumn(_))));
        let not_a_time = ColumnMap::parse("[columns]\ntotp_enrolled_at = \"n\"").unwrap();
        assert!(matches!(
            not_a_time.fields(&columns(&[("n", "integer")])),
            Err(ColumnMapError::NotATime { .. })
        ));
    }
}
