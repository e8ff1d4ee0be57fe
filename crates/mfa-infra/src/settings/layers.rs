//! Merge of the sources: built-in files < `config/` < `.env` < environment, then secret files (`NAME_FILE`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File as OpenFile};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};
use mfa_core::SecretText;

use super::environment::Environment;
use super::error::SettingsError;
use super::exposed_files::ExposedFile;
use super::sources::Sources;
use super::table::{Sensitivity, Setting};
use super::{dotenv, masking, names, table};
use crate::quote;

const BUILT_IN_DEFAULT: &str = include_str!("../../../../config/default.toml");
const BUILT_IN_DEVELOPMENT: &str = include_str!("../../../../config/development.toml");
const BUILT_IN_PRODUCTION: &str = include_str!("../../../../config/production.toml");

/// Name of the source of a variable of the environment.
pub(super) const ENVIRONMENT: &str = "environment";
/// Start of the name of a source that is a file with one secret.
const SECRET_FILE: &str = "file ";
/// Name of the source of a default value.
pub(super) const DEFAULT: &str = "default";

/// Mark at the start of texts that Windows programs write.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Source of a value that replaces an invalid one, to find further errors.
const REPLACEMENT: &str = "replacement";
/// Source of a value that replaces an invalid default.
const PLACEHOLDER: &str = "placeholder";
/// Valid values of settings that have no default and are required, or required beside others.
const PLACEHOLDERS: [(&str, &str); 12] = [
    ("DATABASE_URL", "sqlite://nova-mfa.db"),
    ("MFA_ENV", "production"),
    ("OVH_APP_KEY", "placeholder"),
    ("OVH_APP_SECRET", "placeholder"),
    ("OVH_CONSUMER_KEY", "placeholder"),
    ("OVH_SMS_ACCOUNT", "placeholder"),
    ("OVH_SMS_SENDER", "placeholder"),
    ("TLS_CERT", "placeholder"),
    ("TLS_KEY", "placeholder"),
    ("TWILIO_ACCOUNT_SID", "placeholder"),
    ("TWILIO_AUTH_TOKEN", "placeholder"),
    ("TWILIO_FROM", "placeholder"),
];

/// Value with the name of its source.
#[derive(Clone)]
pub(super) struct SourcedValue {
    pub(super) text: SecretText,
    pub(super) source: String,
}

/// Merged values of all sources. An absent name has no value in any source, or an empty one.
#[derive(Clone)]
pub(super) struct ResolvedSettings {
    pub(super) environment: Environment,
    pub(super) values: BTreeMap<&'static str, SourcedValue>,
    /// Files with secrets that every user of the machine can access.
    pub(super) exposed: Vec<ExposedFile>,
    /// Built-in defaults.
    built_in: Map<String, Value>,
    /// Names of required values whose absence has been reported.
    reported: BTreeSet<String>,
}

impl ResolvedSettings {
    /// Replaces an invalid value by the default, then by a placeholder, then by nothing. Returns whether another value is
    /// in force now.
    pub(super) fn replace(&mut self, name: &str) -> bool {
        let Some(setting) = table::find(name) else { return false };
        let name = setting.name;
        let stage = self.values.get(name).map_or("", |it| it.source.as_str());
        let default = value_of(&self.built_in, name).map(|it| it.text).filter(|it| !it.expose().is_empty());
        let default = default.filter(|_| !matches!(stage, REPLACEMENT | PLACEHOLDER));
        let placeholder = PLACEHOLDERS.iter().find(|it| it.0 == name && stage != PLACEHOLDER);
        let placeholder = placeholder.map(|it| SecretText::new(it.1.to_owned()));
        let next = default.map(|text| (text, REPLACEMENT)).or_else(|| Some((placeholder?, PLACEHOLDER)));
        match next {
            Some((text, source)) => {
                self.values.insert(name, SourcedValue { text, source: source.to_owned() });
                true
            }
            None if self.values.remove(name).is_some() => true,
            None => self.reported.insert(name.to_owned()),
        }
    }

    /// Returns whether the absence of this required value has been reported.
    pub(super) fn is_reported(&self, name: &str) -> bool {
        self.reported.contains(name)
    }
}

/// Text of a file, and whether every user of the machine can access it.
struct FileText {
    text: String,
    exposed: Option<ExposedFile>,
}

/// Source of settings: flat names with values, and a label that the `config` crate keeps while merging.
#[derive(Clone, Debug)]
struct Layer {
    label: String,
    values: BTreeMap<String, String>,
}

impl Layer {
    /// Returns whether the source contains a secret, in force or not.
    fn has_secret(&self) -> bool {
        self.values.iter().any(|(name, text)| masking::is_secret(name, text))
    }
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

/// Reads and merges every source.
///
/// An empty value counts as unset and hides the values of lower sources, so the default applies. Only
/// `MFA_SMS_COUNTRIES` gives an empty value a meaning of its own.
///
/// # Errors
///
/// [`SettingsError`] for a file that is not valid. Unknown names, and values that cannot be used as they are written, are
/// returned beside the settings, so that errors of other values are found too.
pub(super) fn resolve(sources: &Sources) -> Result<(ResolvedSettings, Vec<SettingsError>), SettingsError> {
    let (mut exposed, mut errors) = (Vec::new(), Vec::new());
    let process = named_layer(ENVIRONMENT, "the environment", sources.env.clone(), &mut errors);
    let mut unread = Vec::new();
    let dotenv = dotenv_layer(&sources.dir, &process.values, &mut exposed, &mut errors, &mut unread)?;
    let is_set = |name: &str| [&process, &dotenv].iter().any(|it| it.values.contains_key(name));
    errors.extend(sources.env.keys().filter_map(|name| names::alias_in_environment(name, is_set)));
    let selected = [&process, &dotenv].into_iter().find_map(|layer| layer.values.get("MFA_ENV"));
    // With an unknown environment, the rules of development report nothing that may be right.
    let environment =
        Environment::select(selected.map(String::as_str), &sources.dir).unwrap_or_else(|error| {
            errors.push(error);
            Environment::Development
        });

    let mut layers = vec![file_layer(DEFAULT, "config/default.toml", BUILT_IN_DEFAULT, &mut errors)?];
    let environment_file = format!("config/{}.toml", environment.name());
    let built_in = match &environment {
        Environment::Development => Some(BUILT_IN_DEVELOPMENT),
        Environment::Production => Some(BUILT_IN_PRODUCTION),
        Environment::Named(_) => None,
    };
    if let Some(text) = built_in {
        layers.push(file_layer(&environment_file, &environment_file, text, &mut errors)?);
    }
    let built_in = merge(&layers)?;
    for name in ["config/default.toml", &environment_file] {
        if let Some(file) = read(name, &sources.dir.join(name))? {
            let layer = file_layer(name, name, &file.text, &mut errors)?;
            exposed.extend(file.exposed.filter(|_| layer.has_secret()));
            layers.push(layer);
        }
    }
    layers.push(dotenv);
    layers.push(process);
    let mut without_file = Vec::new();
    let merged = merge(&layers)?;
    let values =
        select_values(&merged, &built_in, &sources.dir, &mut exposed, &mut errors, &mut without_file);
    let mut resolved = ResolvedSettings { environment, values, exposed, built_in, reported: BTreeSet::new() };
    // The file is named: its setting is not missing as well.
    for name in without_file {
        resolved.replace(name);
    }
    // The same for a line of .env.
    for name in &unread {
        let name = name.strip_suffix("_FILE").unwrap_or(name);
        if !resolved.values.contains_key(name) {
            resolved.replace(name);
        }
    }
    Ok((resolved, errors))
}

fn merge(layers: &[Layer]) -> Result<Map<String, Value>, SettingsError> {
    let builder = layers.iter().fold(Config::builder(), |builder, layer| builder.add_source(layer.clone()));
    builder.build().and_then(|config| config.collect()).map_err(|error| {
        SettingsError::content(
            "the settings",
            format!("could not be merged ({error})"),
            "check the files in config/",
        )
    })
}

/// `process`: variables of the environment. `unread` receives the names in lines that cannot be read.
fn dotenv_layer(
    dir: &Path,
    process: &BTreeMap<String, String>,
    exposed: &mut Vec<ExposedFile>,
    errors: &mut Vec<SettingsError>,
    unread: &mut Vec<String>,
) -> Result<Layer, SettingsError> {
    let file = read(".env", &dir.join(".env"))?.unwrap_or(FileText { text: String::new(), exposed: None });
    let dotenv::DotenvFile { pairs, errors: refused, unread: names } = dotenv::parse(&file.text);
    errors.extend(refused.iter().map(|error| {
        SettingsError::content(".env", format!("line {} {}", error.line, error.problem), error.remedy)
    }));
    unread.extend(names);
    let is_set = |name: &str| process.contains_key(name) || pairs.iter().any(|(other, _)| other == name);
    errors.extend(pairs.iter().filter_map(|(name, _)| names::near_miss(name, is_set)));
    let layer = named_layer(".env", ".env", pairs, errors);
    exposed.extend(file.exposed.filter(|_| layer.has_secret()));
    Ok(layer)
}

/// Returns a source with names as in the environment. Ignores names without the prefix of this product.
fn named_layer(
    label: &str,
    place: &str,
    pairs: impl IntoIterator<Item = (String, String)>,
    errors: &mut Vec<SettingsError>,
) -> Layer {
    let mut values = BTreeMap::new();
    for (name, text) in pairs {
        if names::is_known(&name) {
            // Windows programs write a byte order mark, which is no part of the value.
            values.insert(name, text.trim_start_matches(BYTE_ORDER_MARK).to_owned());
        } else if names::is_misspelled(&name) {
            errors.push(names::unknown(&name, place, false));
        }
    }
    Layer { label: label.to_owned(), values }
}

/// Returns the source of a file in `config/`: flat keys, the names of the settings in lower case.
fn file_layer(
    label: &str,
    place: &str,
    text: &str,
    errors: &mut Vec<SettingsError>,
) -> Result<Layer, SettingsError> {
    let keys = File::from_str(text, FileFormat::Toml).collect().map_err(|error| {
        // The parser's message quotes the line, which may contain a secret: only its first line, the position, is kept.
        let parser = match error {
            ConfigError::FileParse { cause, .. } => cause.to_string(),
            other => other.to_string(),
        };
        let position = parser.lines().next().filter(|line| line.starts_with("TOML parse error at"));
        let problem = position.unwrap_or("TOML parse error");
        SettingsError::content(place, format!("is not valid TOML ({problem})"), "write key = \"value\" lines")
    })?;
    let mut values = BTreeMap::new();
    for (key, value) in keys {
        let name = key.to_uppercase();
        if name.to_lowercase() != key || !names::is_known(&name) {
            errors.push(names::unknown(&key, place, true));
            continue;
        }
        if name == "MFA_ENV" {
            errors.push(SettingsError::invalid(
                "mfa_env",
                format!("is set in {place}, which MFA_ENV selects"),
                "set MFA_ENV in the environment or in .env",
            ));
            continue;
        }
        if let Some(text) = plain_text(value.kind) {
            values.insert(name, text);
        } else {
            errors.push(SettingsError::invalid(
                &key,
                format!("in {place} must be a string, a number, a boolean or a list of these"),
                "write it as in .env, between quotes",
            ));
        }
    }
    Ok(Layer { label: label.to_owned(), values })
}

/// Returns a TOML value as the environment would contain it: lists are joined with commas.
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

/// Selects the value of each setting, and reads the secret files. `without_file` receives the settings whose file cannot be
/// used.
fn select_values(
    merged: &Map<String, Value>,
    built_in: &Map<String, Value>,
    dir: &Path,
    exposed: &mut Vec<ExposedFile>,
    errors: &mut Vec<SettingsError>,
    without_file: &mut Vec<&'static str>,
) -> BTreeMap<&'static str, SourcedValue> {
    let mut values = BTreeMap::new();
    for setting in table::all() {
        let file_name = format!("{}_FILE", setting.name);
        let value = value_of(merged, setting.name);
        let file = value_of(merged, &file_name).filter(|file| !file.text.expose().is_empty());
        let empty = value.as_ref().is_some_and(|value| value.text.expose().is_empty());
        let value = match (value, file) {
            (Some(_), Some(_)) if !empty => {
                let problem = format!("and {file_name} are both set");
                errors.push(SettingsError::invalid(setting.name, problem, "remove one of them"));
                continue;
            }
            (_, Some(file)) => match from_file(&file_name, file.text.expose(), dir, exposed) {
                Ok(value) => Some(value),
                Err(error) => {
                    errors.push(error);
                    without_file.push(setting.name);
                    continue;
                }
            },
            (value, None) if empty && setting.name == "MFA_SMS_COUNTRIES" => value,
            (_, None) if empty => value_of(built_in, setting.name),
            (value, None) => value,
        };
        if let Some(value) = value {
            let rejected = reject_file_syntax(setting.name, &value)
                .and_then(|()| reject_other_settings(setting, &value))
                .and_then(|()| reject_foreign_characters(setting, &value));
            if let Err(error) = rejected {
                // The selection of the environment knows a less precise reason.
                errors.retain(|it| it.setting() != Some(setting.name));
                errors.push(error);
            }
            values.insert(setting.name, value);
        }
    }
    values
}

/// Rejects a value of the environment that still has the syntax of a file: `docker run --env-file` and files of Windows
/// leave quotes, comments and carriage returns in it. They would become part of a key.
fn reject_file_syntax(name: &str, value: &SourcedValue) -> Result<(), SettingsError> {
    let text = value.text.expose();
    let is_quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if value.source.starts_with(SECRET_FILE) && (is_quoted('"') || is_quoted('\'')) {
        let remedy = "write the secret alone into the file, without quotes";
        return Err(SettingsError::invalid(name, "is in quotes", remedy));
    }
    if value.source != ENVIRONMENT {
        return Ok(());
    }
    let (problem, remedy) = if text.ends_with('\r') {
        ("ends with a carriage return", "save its file with Unix line ends (LF)")
    } else if is_quoted('"') || is_quoted('\'') {
        ("is in quotes", "remove the quotes: docker run --env-file makes them part of the value")
    } else if text.contains(" #") {
        (
            "contains a comment",
            "move the comment to a line of its own: docker run --env-file makes it part of the value",
        )
    } else {
        return Ok(());
    };
    Err(SettingsError::invalid(name, problem, remedy))
}

/// Settings with a path.
const PATHS: [&str; 6] =
    ["MFA_DATA_DIR", "MFA_LOG_FILE", "MFA_SMS_OUTBOX", "SSL_CERT_FILE", "TLS_CERT", "TLS_KEY"];
/// Remedy for a path that starts with `~`.
pub(super) const WHOLE_PATH: &str = "use the whole path, such as /home/nova/…";

/// Settings with the path of a PEM file, and what it contains.
const PEM_FILES: [(&str, &str); 3] =
    [("TLS_CERT", "a certificate"), ("TLS_KEY", "a key"), ("SSL_CERT_FILE", "a certificate")];

/// Rejects a value with a second setting in it, which comes from a file with wrong line ends or with everything on one line,
/// and the content of a PEM file in place of its path.
fn reject_other_settings(setting: &Setting, value: &SourcedValue) -> Result<(), SettingsError> {
    let text = value.text.expose().trim();
    let invalid = |problem: &str, remedy: &str| Err(SettingsError::invalid(setting.name, problem, remedy));
    if PATHS.contains(&setting.name) && text.starts_with('~') {
        return invalid("starts with ~, which only a shell replaces", WHOLE_PATH);
    }
    let pem = PEM_FILES.iter().find(|it| it.0 == setting.name);
    if let Some((_, content)) = pem.filter(|_| text.contains("-----BEGIN")) {
        return invalid(&format!("contains {content}"), "give the path of a file");
    }
    if let Some(name) = quote::assigned_setting(text, names::is_known) {
        return if !text.starts_with(name) {
            invalid(
                &format!("contains {name}=, a second setting"),
                "write one setting a line, and save the file with LF line ends",
            )
        } else if value.source.starts_with(SECRET_FILE) {
            let problem = format!("comes from a file that begins with {name}=");
            invalid(&problem, "write the value alone into the file")
        } else {
            invalid(&format!("begins with {name}="), "write the value alone")
        };
    }
    if setting.sensitivity == Sensitivity::Public
        && !LISTS.contains(&setting.name)
        && text.contains(['\n', '\r'])
    {
        return invalid("has several lines", "give a single value on one line");
    }
    Ok(())
}

/// Comma-separated lists, which may have line breaks between their items.
const LISTS: [&str; 3] = ["MFA_SMS_COUNTRIES", "MFA_SMS_PROVIDERS", "TRUSTED_PROXIES"];

/// Secrets that may have several lines, one key each.
const SEVERAL_LINES: [&str; 3] = ["JWT_PREVIOUS_SECRET_KEYS", "JWT_PRIVATE_KEYS", "MFA_ENCRYPTION_KEYS"];

/// Rejects what word processors and web pages leave around and in a copied value, and a second key in a value for one. They
/// would become part of a key.
fn reject_foreign_characters(setting: &Setting, value: &SourcedValue) -> Result<(), SettingsError> {
    // The name that users see may have any character.
    if setting.name == "MFA_ISSUER" {
        return Ok(());
    }
    let text = value.text.expose().trim();
    let invalid = |problem: &str, remedy: &str| Err(SettingsError::invalid(setting.name, problem, remedy));
    let is_typographic = |c: char| matches!(c, '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»' | '‹' | '›');
    if text.starts_with(is_typographic) || text.ends_with(is_typographic) {
        return invalid("is in typographic quotes", "remove the quotes");
    }
    if text.len() > 1 && text.starts_with('`') && text.ends_with('`') {
        return invalid("is in backticks", "remove the backticks");
    }
    if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
        let problem = format!("contains an invisible character (U+{:04X})", u32::from(hidden));
        return invalid(&problem, "type the value again, or copy it as plain text");
    }
    if setting.may_come_from_a_file() && !SEVERAL_LINES.contains(&setting.name) && text.contains(['\n', '\r'])
    {
        return invalid("has several lines", "give a single value on one line");
    }
    Ok(())
}

/// Returns whether the character looks like a blank or like nothing: no-break blanks, zero-width and formatting characters.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{ad}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{feff}')
}

fn value_of(map: &Map<String, Value>, name: &str) -> Option<SourcedValue> {
    let value = map.get(name)?;
    let text = SecretText::new(plain_text(value.kind.clone())?);
    Some(SourcedValue { text, source: value.origin().unwrap_or(DEFAULT).to_owned() })
}

/// Reads a secret from its own file, without the final line break that editors and `echo` add.
fn from_file(
    name: &str,
    path: &str,
    dir: &Path,
    exposed: &mut Vec<ExposedFile>,
) -> Result<SourcedValue, SettingsError> {
    let missing = |shown: Option<String>| match shown {
        Some(shown) => SettingsError::invalid(
            name,
            format!("points to {shown}, which does not exist"),
            "use the path of an existing file",
        ),
        None => SettingsError::invalid(
            name,
            "names no existing file",
            "give the path of a file, not the secret itself",
        ),
    };
    if path.starts_with("~/") {
        return Err(SettingsError::invalid(name, "starts with ~, which only a shell replaces", WHOLE_PATH));
    }
    let shown = quote::path(path, dir);
    if shown.is_none() && dir.join(path).symlink_metadata().is_err() {
        return Err(missing(None));
    }
    let shown = shown.unwrap_or_else(|| "a file".to_owned());
    let file = read(name, &dir.join(path))?.ok_or_else(|| missing(Some(shown.clone())))?;
    exposed.extend(file.exposed);
    let text = SecretText::new(file.text);
    // Windows programs write a byte order mark, which is no part of the secret.
    let secret = text.expose().trim_start_matches(BYTE_ORDER_MARK).trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(SettingsError::invalid(
            name,
            format!("points to {shown}, which is empty"),
            "write the secret to that file",
        ));
    }
    Ok(SourcedValue { text: SecretText::new(secret.to_owned()), source: format!("{SECRET_FILE}{path}") })
}

/// Returns the text of a file; `None` if it does not exist. `name`: the setting that names the file, or the file of settings.
fn read(name: &str, path: &Path) -> Result<Option<FileText>, SettingsError> {
    // A pipe without a writer would block for ever. It is read on a thread of its own, which is left behind then.
    let is_pipe = fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
    let text = if is_pipe {
        let (sender, receiver) = mpsc::channel();
        let (name, owned) = (name.to_owned(), path.to_owned());
        thread::spawn(move || sender.send(read_text(&name, &owned)));
        receiver.recv_timeout(MAX_PIPE_WAIT).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    } else {
        read_text(name, path)
    };
    let error = match text {
        Ok(file) => return Ok(Some(file)),
        Err(error) if error.kind() != ErrorKind::NotFound => error,
        Err(_) => match fs::read_link(path) {
            Ok(target) => {
                let problem = format!("is a symbolic link to {}, which does not exist", target.display());
                return Err(unreadable(name, path, &problem, "create that file, or remove the link"));
            }
            Err(_) => return Ok(None),
        },
    };
    let remedy = match error.kind() {
        ErrorKind::InvalidData => "save it as UTF-8",
        ErrorKind::TimedOut => "use a regular file, or a pipe that a program writes to",
        ErrorKind::IsADirectory if names::is_known(name) => "give the path of a file",
        ErrorKind::IsADirectory => "replace the folder by a file, or remove it",
        _ if names::is_known(name) => "give this user read access",
        _ => "give this user read access, or remove the file",
    };
    Err(unreadable(name, path, &format!("cannot be read ({error})"), remedy))
}

/// Returns the error for a file that cannot be read, with the setting that names it.
fn unreadable(name: &str, path: &Path, problem: &str, remedy: &str) -> SettingsError {
    let shown = quote::full_path(path);
    if names::is_known(name) {
        SettingsError::invalid(name, format!("points to {shown}, which {problem}"), remedy)
    } else {
        SettingsError::content(&shown, problem, remedy)
    }
}

fn read_text(name: &str, path: &Path) -> io::Result<FileText> {
    let mut file = OpenFile::open(path)?;
    let exposed = ExposedFile::from_open_file(name, path, &file);
    let mut text = String::new();
    file.read_to_string(&mut text).map(|_| FileText { text, exposed })
}

/// Longest wait for the writer of a pipe.
const MAX_PIPE_WAIT: Duration = Duration::from_secs(5);
