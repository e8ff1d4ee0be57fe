//! Lays the sources over one another: built in < `config/` < `.env` < environment, and then the files that hold secrets.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};
use mfa_core::SecretText;

use super::{Environment, SettingsError, Sources, dotenv, names, table};

const BUILT_IN_DEFAULT: &str = include_str!("../../../../config/default.toml");
const BUILT_IN_DEVELOPMENT: &str = include_str!("../../../../config/development.toml");
const BUILT_IN_PRODUCTION: &str = include_str!("../../../../config/production.toml");

/// How a value that no source gives is called.
pub(super) const DEFAULT: &str = "default";

/// A value, and where it came from.
pub(super) struct SourcedValue {
    pub(super) text: SecretText,
    pub(super) source: String,
}

/// What the sources say together. A name that is absent was given by none, or is empty on purpose.
pub(super) struct ResolvedSettings {
    pub(super) environment: Environment,
    pub(super) given: BTreeMap<&'static str, SourcedValue>,
}

/// One source: flat names, and where they came from. The `config` crate carries that label along when it merges.
#[derive(Clone, Debug)]
struct Layer {
    label: String,
    values: BTreeMap<String, String>,
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let value = |text: &String| Value::new(Some(&self.label), text.clone());
        Ok(self.values.iter().map(|(name, text)| (name.clone(), value(text))).collect())
    }
}

/// Reads every source.
///
/// An empty value means: as if nobody had given one, whatever the sources beneath say; so the default, where there is
/// one. Only `MFA_SMS_COUNTRIES` has a meaning of its own for it.
///
/// # Errors
///
/// [`SettingsError`] for a file that is not understood, a name nobody knows, a secret given twice.
pub(super) fn resolve(sources: &Sources) -> Result<ResolvedSettings, SettingsError> {
    let dotenv = dotenv_layer(&sources.dir)?;
    let process = named_layer("environment", "the environment", sources.env.clone())?;
    let chosen = [&process, &dotenv].into_iter().find_map(|layer| layer.values.get("MFA_ENV"));
    let environment = Environment::choose(chosen.map(String::as_str), &sources.dir)?;

    let mut layers = vec![file_layer(DEFAULT, "config/default.toml", BUILT_IN_DEFAULT)?];
    let chosen_file = format!("config/{}.toml", environment.name());
    let built_in = match &environment {
        Environment::Development => Some(BUILT_IN_DEVELOPMENT),
        Environment::Production => Some(BUILT_IN_PRODUCTION),
        Environment::Named(_) => None,
    };
    if let Some(text) = built_in {
        layers.push(file_layer(&chosen_file, &chosen_file, text)?);
    }
    let built_in = merge(&layers)?;
    for name in ["config/default.toml", &chosen_file] {
        if let Some(text) = read(&sources.dir.join(name))? {
            layers.push(file_layer(name, name, &text)?);
        }
    }
    layers.push(dotenv);
    layers.push(process);
    let given = settle(&merge(&layers)?, &built_in, &sources.dir)?;
    Ok(ResolvedSettings { environment, given })
}

fn merge(layers: &[Layer]) -> Result<Map<String, Value>, SettingsError> {
    let builder = layers.iter().fold(Config::builder(), |builder, layer| builder.add_source(layer.clone()));
    builder.build().and_then(|config| config.collect()).map_err(|error| {
        SettingsError::content("the settings", format!("could not be merged ({error})"), "look at config/")
    })
}

fn dotenv_layer(dir: &Path) -> Result<Layer, SettingsError> {
    let text = read(&dir.join(".env"))?.unwrap_or_default();
    let pairs = dotenv::parse(&text).map_err(|error| {
        SettingsError::content(
            ".env",
            format!("line {} {}", error.line, error.problem),
            "write NAME=value, with the value in '…' where it holds blanks or quotes",
        )
    })?;
    named_layer(".env", ".env", pairs)
}

/// A source with names as in the environment: those that are not ours are passed over.
fn named_layer(
    label: &str,
    place: &str,
    pairs: impl IntoIterator<Item = (String, String)>,
) -> Result<Layer, SettingsError> {
    let mut values = BTreeMap::new();
    for (name, text) in pairs {
        if names::is_known(&name) {
            values.insert(name, text);
        } else if names::is_a_mistake(&name) {
            return Err(names::unknown(&name, place, false));
        }
    }
    Ok(Layer { label: label.to_owned(), values })
}

/// A file of `config/`: flat keys, the names of the settings in lower case.
fn file_layer(label: &str, place: &str, text: &str) -> Result<Layer, SettingsError> {
    let keys = File::from_str(text, FileFormat::Toml).collect().map_err(|error| {
        // The parser's own message shows the line, which may hold a secret: only its first line, the place, is kept.
        let parser = match error {
            ConfigError::FileParse { cause, .. } => cause.to_string(),
            other => other.to_string(),
        };
        let place_in_file = parser.lines().next().filter(|line| line.starts_with("TOML parse error at"));
        let problem = place_in_file.unwrap_or("TOML parse error");
        SettingsError::content(place, format!("is not understood ({problem})"), "write key = \"value\" lines")
    })?;
    let mut values = BTreeMap::new();
    for (key, value) in keys {
        let name = key.to_uppercase();
        if name.to_lowercase() != key || !names::is_known(&name) {
            return Err(names::unknown(&key, place, true));
        }
        if name == "MFA_ENV" {
            return Err(SettingsError::refused(
                "mfa_env",
                format!("stands in {place}, which it chooses"),
                "set MFA_ENV in the environment or in .env",
            ));
        }
        let text = plain_text(value.kind).ok_or_else(|| {
            SettingsError::refused(
                &key,
                format!("in {place} is neither text, a number, true or false, nor a list of these"),
                "write it as in .env, in quotes",
            )
        })?;
        values.insert(name, text);
    }
    Ok(Layer { label: label.to_owned(), values })
}

/// A value of a file as the environment would have it: lists by comma.
fn plain_text(kind: ValueKind) -> Option<String> {
    match kind {
        ValueKind::String(text) => Some(text),
        ValueKind::Boolean(flag) => Some(flag.to_string()),
        ValueKind::I64(number) => Some(number.to_string()),
        ValueKind::Float(number) => Some(number.to_string()),
        ValueKind::Array(items) => {
            let items: Option<Vec<_>> = items.into_iter().map(|item| plain_text(item.kind)).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

fn settle(
    merged: &Map<String, Value>,
    built_in: &Map<String, Value>,
    dir: &Path,
) -> Result<BTreeMap<&'static str, SourcedValue>, SettingsError> {
    let mut given = BTreeMap::new();
    for setting in table::all() {
        let file_name = format!("{}_FILE", setting.name);
        let value = found(merged, setting.name);
        let file = found(merged, &file_name).filter(|file| !file.text.expose().is_empty());
        let empty = value.as_ref().is_some_and(|value| value.text.expose().is_empty());
        let value = match (value, file) {
            (Some(_), Some(_)) if !empty => {
                return Err(SettingsError::refused(
                    setting.name,
                    format!("and {file_name} are both set"),
                    "take one of them out",
                ));
            }
            (_, Some(file)) => Some(from_file(&file_name, file.text.expose(), dir)?),
            (value, None) if empty && setting.name == "MFA_SMS_COUNTRIES" => value,
            (_, None) if empty => found(built_in, setting.name),
            (value, None) => value,
        };
        if let Some(value) = value {
            given.insert(setting.name, value);
        }
    }
    Ok(given)
}

fn found(map: &Map<String, Value>, name: &str) -> Option<SourcedValue> {
    let value = map.get(name)?;
    let text = SecretText::new(plain_text(value.kind.clone())?);
    Some(SourcedValue { text, source: value.origin().unwrap_or(DEFAULT).to_owned() })
}

/// A secret from its own file. Editors and `echo` end a file with a line break: it is no part of the secret.
fn from_file(name: &str, path: &str, dir: &Path) -> Result<SourcedValue, SettingsError> {
    let shown = path.escape_debug();
    let text = read(&dir.join(path))?.ok_or_else(|| {
        SettingsError::refused(
            name,
            format!("names {shown}, which does not exist"),
            "give the path of a file",
        )
    })?;
    let text = SecretText::new(text);
    let secret = text.expose().trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(SettingsError::refused(name, format!("names {shown}, which is empty"), "fill the file"));
    }
    Ok(SourcedValue { text: SecretText::new(secret.to_owned()), source: format!("file {path}") })
}

/// The text of a file, `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, SettingsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let cure = if error.kind() == ErrorKind::InvalidData {
                "save it as UTF-8"
            } else {
                "let this user read it, or take it away"
            };
            Err(SettingsError::io(path, "read", cure, error))
        }
    }
}
