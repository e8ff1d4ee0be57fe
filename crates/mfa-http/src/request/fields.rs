//! Fields of a body, form or query string: reading them one by one, and collecting all errors for one response.

use mfa_core::SecretText;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use super::field_deserializer;
use super::json::{self, FieldValue, take};
use crate::problem::{ApiError, FieldError, FieldErrorKind};

/// Number of field errors that a response lists at most.
const MAX_ERRORS: usize = 16;
/// Number of characters of an unknown field's name that a response repeats.
const MAX_NAME_LENGTH: usize = 64;

/// Fields that have not been read yet, and the errors of those that have.
///
/// [`parse`](Self::parse) reads all fields of a serde type at once. [`optional`](Self::optional) reads one parameter
/// of a query string.
#[derive(Debug)]
pub struct InputFields {
    entries: Vec<(String, FieldValue)>,
    errors: FieldErrors,
    ignores_unknown: bool,
}

/// Errors of the fields of one request.
#[derive(Debug, Default)]
#[must_use]
pub struct FieldErrors {
    errors: Vec<FieldError>,
    unknown: Vec<String>,
}

/// Field of a request body as it was sent. The type of a request body has one for each JSON field.
///
/// `Field` is a required field, `Option<Field>` an optional one. [`text`](Self::text) and [`flag`](Self::flag)
/// validate it.
#[derive(Debug, serde::Deserialize)]
pub struct Field {
    name: String,
    value: Option<FieldValue>,
}

impl Field {
    /// Validates a string. Returns `None` and records an error if the field is missing or not valid.
    pub fn text<T>(
        self,
        errors: &mut FieldErrors,
        parse: impl FnOnce(&str) -> Result<T, FieldErrorKind>,
    ) -> Option<T> {
        let parsed = match self.value {
            Some(FieldValue::Text(text)) if text.expose().contains('\0') => Err(FieldErrorKind::Nul),
            Some(FieldValue::Text(text)) => parse(text.expose()),
            Some(
                FieldValue::Flag(_)
                | FieldValue::Number(_)
                | FieldValue::Numbers(_)
                | FieldValue::Object(_)
                | FieldValue::Other,
            ) => Err(FieldErrorKind::NotText),
            None => Err(FieldErrorKind::Missing),
        };
        parsed.map_err(|error| errors.push(self.name, error)).ok()
    }

    /// Validates a whole number in a range. Returns `None` and records an error if the field is missing or not valid.
    pub fn number(self, errors: &mut FieldErrors, least: i64, most: i64) -> Option<i64> {
        let out_of_range = FieldErrorKind::OutOfRange { least, most };
        let parsed = match self.value {
            Some(FieldValue::Number(number)) if (least..=most).contains(&number) => Ok(number),
            Some(_) => Err(out_of_range),
            None => Err(FieldErrorKind::Missing),
        };
        parsed.map_err(|error| errors.push(self.name, error)).ok()
    }

    /// Validates a list of 1 to `most` ids. Returns `None` and records an error if the field is missing or not valid.
    pub fn ids(self, errors: &mut FieldErrors, most: usize) -> Option<Vec<i64>> {
        let parsed = match self.value {
            Some(FieldValue::Numbers(ids))
                if (1..=most).contains(&ids.len()) && ids.iter().all(|id| *id > 0) =>
            {
                Ok(ids)
            }
            Some(_) => Err(FieldErrorKind::NotIds { most }),
            None => Err(FieldErrorKind::Missing),
        };
        parsed.map_err(|error| errors.push(self.name, error)).ok()
    }

    /// Validates a JSON object, which the form of a web page has as a string. Returns `None` and records an error if the
    /// field is missing or not valid.
    pub fn json<T>(
        self,
        errors: &mut FieldErrors,
        parse: impl FnOnce(&Value) -> Result<T, FieldErrorKind>,
    ) -> Option<T> {
        let parsed = match self.value {
            Some(FieldValue::Object(members)) => parse(&Value::Object(members)),
            Some(FieldValue::Text(text)) => match serde_json::from_str(text.expose()) {
                Ok(value) => parse(&value),
                Err(_) => Err(FieldErrorKind::NotACredential),
            },
            Some(
                FieldValue::Flag(_) | FieldValue::Number(_) | FieldValue::Numbers(_) | FieldValue::Other,
            ) => Err(FieldErrorKind::NotACredential),
            None => Err(FieldErrorKind::Missing),
        };
        parsed.map_err(|error| errors.push(self.name, error)).ok()
    }

    /// Validates a boolean. Returns `None` and records an error if the field is missing or not a boolean.
    pub fn flag(self, errors: &mut FieldErrors) -> Option<bool> {
        let parsed = match self.value {
            Some(FieldValue::Flag(flag)) => Ok(flag),
            Some(
                FieldValue::Text(_)
                | FieldValue::Number(_)
                | FieldValue::Numbers(_)
                | FieldValue::Object(_)
                | FieldValue::Other,
            ) => Err(FieldErrorKind::NotAFlag),
            None => Err(FieldErrorKind::Missing),
        };
        parsed.map_err(|error| errors.push(self.name, error)).ok()
    }
}

impl FieldErrors {
    /// Records an error of a field, for rules on several fields.
    pub fn add(&mut self, name: &str, error: FieldErrorKind) {
        self.push(name.to_owned(), error);
    }

    fn push(&mut self, name: String, error: FieldErrorKind) {
        self.errors.push(FieldError { field: name, error });
    }

    /// Returns the validated fields if there was no error and no unknown field.
    ///
    /// # Errors
    ///
    /// [`ApiError::Fields`] with every error: first of the known fields in the order of their validation, then of the
    /// unknown ones.
    pub fn finish<T>(mut self, validated: Option<T>) -> Result<T, ApiError> {
        for name in self.unknown.into_iter().take(MAX_ERRORS) {
            let field = name.chars().take(MAX_NAME_LENGTH).collect();
            self.errors.push(FieldError { field, error: FieldErrorKind::Unknown });
        }
        match validated {
            Some(validated) if self.errors.is_empty() => Ok(validated),
            _ => {
                self.errors.truncate(MAX_ERRORS);
                Err(ApiError::Fields(self.errors))
            }
        }
    }
}

impl InputFields {
    const fn new(entries: Vec<(String, FieldValue)>, ignores_unknown: bool) -> Self {
        let errors = FieldErrors { errors: Vec::new(), unknown: Vec::new() };
        Self { entries, errors, ignores_unknown }
    }

    /// Creates an object without fields.
    pub(super) const fn empty() -> Self {
        Self::new(Vec::new(), false)
    }

    /// Creates an object of string fields, whose names differ.
    pub(super) fn from_texts(texts: impl IntoIterator<Item = (String, SecretText)>) -> Self {
        let entries = texts.into_iter().map(|(name, text)| (name, FieldValue::Text(text)));
        Self::new(entries.collect(), false)
    }

    /// Parses a JSON object.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, ApiError> {
        Ok(Self::new(json::parse(body)?, false))
    }

    /// Parses a form of an OAuth client: unknown fields are ignored, because clients may send others (RFC 6749 §3.2).
    pub(super) fn from_oauth_form(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), FieldValue::Text(SecretText::new(value.into_owned()))));
        Self::new(pairs.collect(), true)
    }

    /// Reads the fields of a web page's form, by the same rules as a JSON object.
    pub(super) fn from_page_form(form: &[(String, SecretText)]) -> Result<Self, ApiError> {
        let mut names = std::collections::HashSet::new();
        if !form.iter().all(|(name, _)| names.insert(name)) {
            return Err(ApiError::Malformed);
        }
        Ok(Self::from_texts(form.iter().cloned()))
    }

    /// Reads all fields into a request type: its serde field names are the names of the known fields.
    ///
    /// Validate each [`Field`] of the result, then call [`FieldErrors::finish`].
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`] if an OAuth form has a known field twice.
    pub fn parse<T: DeserializeOwned>(mut self) -> Result<(T, FieldErrors), ApiError> {
        let (body, names) = field_deserializer::deserialize(&mut self.entries)?;
        if self.entries.iter().any(|(name, _)| names.contains(&name.as_str())) {
            return Err(ApiError::Malformed);
        }
        if !self.ignores_unknown {
            self.errors.unknown = self.entries.into_iter().map(|(name, _)| name).collect();
        }
        Ok((body, self.errors))
    }

    /// Reads an optional string. Returns `None` if it is missing; records an error if it is not valid.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldErrorKind>,
    ) -> Option<T> {
        let value = Some(take(&mut self.entries, name)?);
        Field { name: name.to_owned(), value }.text(&mut self.errors, parse)
    }

    /// Returns the validated fields if there was no error and no field is left: see [`FieldErrors::finish`].
    ///
    /// # Errors
    ///
    /// [`ApiError::Fields`] with every error.
    pub fn finish<T>(mut self, validated: Option<T>) -> Result<T, ApiError> {
        self.errors.unknown = self.entries.into_iter().map(|(name, _)| name).collect();
        self.errors.finish(validated)
    }
}

#[cfg(test)]
mod tests;
