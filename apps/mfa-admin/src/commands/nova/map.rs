//! Where the Python service kept what: the file of `--map`.

use std::path::Path;

use mfa_infra::database::{NovaColumn, NovaField};
use mfa_recovery::{LegacyCodeCase, LegacyCodeFormat};
use serde::Deserialize;

/// What is read of a row, under the names of our columns; and which of it are times.
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

/// What begins the name of a value that is read from our own column beside one of another name.
pub(super) const OWN: &str = "own ";

/// Columns whose values must not stay in the clear once they are taken over.
const SECRET: [&str; 3] = ["totp_secret", "phone_number", "recovery_codes"];

/// A file of `--map` that cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColumnMapError {
    #[error("{0}")]
    Unreadable(String),
    #[error("the map names the column {0}, which the table users does not have")]
    NoColumn(String),
    #[error("the map says that {field} is in {column}, which is of type {kind}: a point in time is wanted")]
    NoTime { field: &'static str, column: String, kind: String },
    #[error("the map knows no {0} (known: {1})")]
    NoField(String, String),
    #[error("phone.country in the map is no country by two letters, such as FR")]
    Country,
}

/// Where what is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ColumnMap {
    columns: std::collections::BTreeMap<String, String>,
    recovery_codes: CodeFormat,
    phone: PhoneColumns,
    source: ColumnSource,
}

/// How recovery codes are written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CodeFormat {
    /// The member of an element that holds the hash.
    pub(super) hash: Option<String>,
    /// The member that says that a code is spent.
    pub(super) used: Option<String>,
    case: CodeCase,
    bare: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CodeCase {
    #[default]
    AsShown,
    Upper,
    Lower,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PhoneColumns {
    country: String,
}

impl Default for PhoneColumns {
    fn default() -> Self {
        Self { country: "FR".to_owned() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ColumnSource {
    keep: bool,
}

impl ColumnMap {
    /// Reads a file; without one, everything is where its name says.
    ///
    /// # Errors
    ///
    /// [`ColumnMapError`] with what is wrong.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, ColumnMapError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let unreadable =
            |why: &dyn std::fmt::Display| ColumnMapError::Unreadable(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        Self::parse(&text).map_err(|error| match error {
            ColumnMapError::Unreadable(why) => unreadable(&why),
            other => other,
        })
    }

    fn parse(text: &str) -> Result<Self, ColumnMapError> {
        let map: Self =
            toml::from_str(text).map_err(|error| ColumnMapError::Unreadable(error.to_string()))?;
        let is_country =
            map.phone.country.len() == 2 && map.phone.country.bytes().all(|it| it.is_ascii_uppercase());
        if !is_country {
            return Err(ColumnMapError::Country);
        }
        let known = |name: &String| FIELDS.iter().any(|(field, _)| field == name);
        match map.columns.keys().find(|name| !known(name)) {
            Some(name) => {
                let all: Vec<_> = FIELDS.iter().map(|(field, _)| *field).collect();
                Err(ColumnMapError::NoField(name.clone(), all.join(", ")))
            }
            None => Ok(map),
        }
    }

    /// What to read of each row.
    ///
    /// # Errors
    ///
    /// [`ColumnMapError`] where the table is not as the map says.
    pub(super) fn fields(&self, columns: &[NovaColumn]) -> Result<Vec<NovaField>, ColumnMapError> {
        let mut fields = Vec::new();
        for (field, is_time) in FIELDS {
            let name = self.column(field);
            let column = columns.iter().find(|it| it.name == name);
            let column = column.ok_or_else(|| ColumnMapError::NoColumn(name.to_owned()))?;
            if *is_time && !column.is_time() {
                let (column, kind) = (name.to_owned(), column.kind.clone());
                return Err(ColumnMapError::NoTime { field, column, kind });
            }
            fields.push(NovaField { name: (*field).to_owned(), column: name.to_owned(), is_time: *is_time });
            if self.is_elsewhere(field) {
                let own = NovaField {
                    name: format!("{OWN}{field}"),
                    column: (*field).to_owned(),
                    is_time: *is_time,
                };
                fields.push(own);
            }
        }
        Ok(fields)
    }

    fn column<'a>(&'a self, field: &'a str) -> &'a str {
        self.columns.get(field).map_or(field, String::as_str)
    }

    /// Whether a value is in a column of another name than ours.
    pub(super) fn is_elsewhere(&self, field: &str) -> bool {
        self.column(field) != field
    }

    /// The columns that are emptied once they are taken over.
    pub(super) fn emptied(&self) -> Vec<String> {
        let secret = SECRET.iter().filter(|field| !self.source.keep && self.is_elsewhere(field));
        secret.map(|field| self.column(field).to_owned()).collect()
    }

    /// Columns that may hold what nobody named: their names sound like it, and neither we nor the map know them.
    pub(super) fn overlooked<'a>(&self, columns: &'a [NovaColumn]) -> Vec<&'a str> {
        let ours = |name: &str| {
            name.starts_with("totp_pending_")
                || FIELDS.iter().any(|(field, _)| *field == name)
                || [
                    "phone_pending",
                    "totp_last_step",
                    "mfa_last_success_at",
                    "mfa_last_method",
                    "mfa_version",
                ]
                .contains(&name)
                || name == "mfa_internal"
                || self.columns.values().any(|it| it == name)
        };
        let sounds = ["totp", "otp", "mfa", "2fa", "phone", "recovery", "backup"];
        let names = columns.iter().map(|it| it.name.as_str());
        names.filter(|name| !ours(name) && sounds.iter().any(|it| name.to_lowercase().contains(it))).collect()
    }

    /// How recovery codes are written.
    pub(super) const fn codes(&self) -> &CodeFormat {
        &self.recovery_codes
    }

    /// The country of numbers in national form.
    pub(super) fn country(&self) -> &str {
        &self.phone.country
    }
}

impl CodeFormat {
    /// What of a code was hashed.
    pub(super) const fn spelling(&self) -> LegacyCodeFormat {
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
    fn a_value_elsewhere_is_read_beside_our_own_and_emptied_where_it_is_secret() {
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
        assert_eq!(map.emptied(), ["mfa_secret"]);
        assert_eq!(map.overlooked(&table), ["phone_ext"]);
        assert_eq!(map.codes().spelling(), LegacyCodeFormat { case: LegacyCodeCase::Upper, bare: true });
        let keep = ColumnMap::parse("source = { keep = true }\ncolumns = { totp_secret = \"x\" }").unwrap();
        assert!(keep.emptied().is_empty());
    }

    #[test]
    fn a_map_that_cannot_be_followed_is_refused_by_name() {
        for (text, word) in [
            ("[columns]\nsecret = \"x\"", "no secret (known: totp_secret"),
            ("[colums]\n", "colums"),
            ("[phone]\ncountry = \"France\"", "country"),
            ("nonsense", "expected"),
        ] {
            let error = ColumnMap::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
        let absent = ColumnMap::parse("[columns]\ntotp_secret = \"nowhere\"").unwrap();
        assert!(matches!(absent.fields(&columns(&[])), Err(ColumnMapError::NoColumn(_))));
        let no_time = ColumnMap::parse("[columns]\ntotp_enrolled_at = \"n\"").unwrap();
        assert!(matches!(no_time.fields(&columns(&[("n", "integer")])), Err(ColumnMapError::NoTime { .. })));
    }
}
