//! A JSON object, read strictly: no key twice, no unknown field, nothing of the wrong type.

use std::fmt;

use mfa_core::SecretText;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::form_urlencoded;

use crate::problem::{ApiError, FieldError, FieldErrorKind};

/// As many faults as an answer lists.
const MOST_FAULTS: usize = 16;
/// As many characters of an unknown field's name as an answer repeats.
const LONGEST_NAME: usize = 64;

/// The fields of a body that are still to be taken, and what was wrong with those that were.
///
/// Every text is a secret until a parser has looked at it.
#[derive(Debug)]
pub struct JsonObject {
    fields: Vec<(String, Value)>,
    faults: Vec<FieldError>,
}

#[derive(Debug)]
enum Value {
    Text(SecretText),
    Flag(bool),
    Other,
}

impl JsonObject {
    /// An object without fields.
    pub(super) const fn empty() -> Self {
        Self { fields: Vec::new(), faults: Vec::new() }
    }

    /// An object of these texts.
    pub(super) fn of_texts(texts: Vec<(String, SecretText)>) -> Self {
        let fields = texts.into_iter().map(|(name, text)| (name, Value::Text(text))).collect();
        Self { fields, faults: Vec::new() }
    }

    /// Reads one object and nothing after it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let Fields(fields) = serde_json::from_slice(body).map_err(|_| ApiError::Malformed)?;
        Ok(Self { fields, faults: Vec::new() })
    }

    /// The fields of a form that have one of these names.
    pub(super) fn from_form(body: &[u8], names: &[&str]) -> Result<Self, ApiError> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body).filter(|(name, _)| names.contains(&name.as_ref())) {
            if fields.iter().any(|(it, _)| *it == name) {
                return Err(ApiError::Malformed);
            }
            fields.push((name.into_owned(), Value::Text(SecretText::new(value.into_owned()))));
        }
        Ok(Self { fields, faults: Vec::new() })
    }

    /// The fields of a form of a page, held to the same rules.
    pub(super) fn for_page(form: &[(String, SecretText)]) -> Result<Self, ApiError> {
        let mut names = std::collections::HashSet::new();
        if !form.iter().all(|(name, _)| names.insert(name)) {
            return Err(ApiError::Malformed);
        }
        let fields = form.iter().map(|(name, text)| (name.clone(), Value::Text(text.clone()))).collect();
        Ok(Self { fields, faults: Vec::new() })
    }

    /// Takes a text that must be there. `None` where it is not, or not right; [`finish`](Self::finish) tells.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldErrorKind>,
    ) -> Option<T> {
        if let Some(value) = self.take(name) {
            self.parsed(name, value, parse)
        } else {
            self.fault(name, FieldErrorKind::Missing);
            None
        }
    }

    /// Takes a text that may be there.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldErrorKind>,
    ) -> Option<T> {
        let value = self.take(name)?;
        self.parsed(name, value, parse)
    }

    /// Takes a `true` or `false` that must be there.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name) {
            Some(Value::Flag(flag)) => return Some(flag),
            Some(Value::Text(_) | Value::Other) => self.fault(name, FieldErrorKind::NotAFlag),
            None => self.fault(name, FieldErrorKind::Missing),
        }
        None
    }

    /// What the fields were parsed into, if they were all right and no other was there.
    ///
    /// # Errors
    ///
    /// [`ApiError::Fields`], with each field that was not.
    pub fn finish<T>(mut self, parsed: Option<T>) -> Result<T, ApiError> {
        for (name, _) in std::mem::take(&mut self.fields).into_iter().take(MOST_FAULTS) {
            let name: String = name.chars().take(LONGEST_NAME).collect();
            self.faults.push(FieldError { field: name, error: FieldErrorKind::Unknown });
        }
        match parsed {
            Some(parsed) if self.faults.is_empty() => Ok(parsed),
            _ => {
                self.faults.truncate(MOST_FAULTS);
                Err(ApiError::Fields(self.faults))
            }
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.fields.iter().position(|(it, _)| it == name)?;
        Some(self.fields.swap_remove(at).1)
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        value: Value,
        parse: impl FnOnce(&str) -> Result<T, FieldErrorKind>,
    ) -> Option<T> {
        let text = match value {
            Value::Text(text) if text.expose().contains('\0') => Err(FieldErrorKind::Nul),
            Value::Text(text) => parse(text.expose()),
            Value::Flag(_) | Value::Other => Err(FieldErrorKind::NotText),
        };
        text.map_err(|error| self.fault(name, error)).ok()
    }

    fn fault(&mut self, name: &str, error: FieldErrorKind) {
        self.faults.push(FieldError { field: name.to_owned(), error });
    }
}

struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        // A set, because a body of 16 KiB has room for thousands of names.
        let mut names = std::collections::HashSet::new();
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(serde::de::Error::custom("a key twice"));
            }
            fields.push((name, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(SecretText::new(text.to_owned())))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text_of(body: &str) -> Result<String, ApiError> {
        let mut object = JsonObject::parse(body.as_bytes())?;
        let code = object.required("code", |text| Ok(text.to_owned()));
        object.finish(code)
    }

    fn faults_of(body: &str) -> Vec<(String, FieldErrorKind)> {
        match text_of(body) {
            Err(ApiError::Fields(faults)) => faults.into_iter().map(|it| (it.field, it.error)).collect(),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn a_field_that_is_right_is_taken() {
        assert_eq!(text_of(r#" {"code": "a\u00e9\n"} "#).unwrap(), "aé\n");
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        let bodies: [&[u8]; 17] = [
            b"",
            b" ",
            b"{",
            b"[]",
            b"\"code\"",
            b"null",
            b"1",
            b"{} {}",
            b"{}x",
            br#"{"code":"1",}"#,
            br#"{"code":"1","code":"1"}"#,
            br#"{"code":"1","c\u006fde":"2"}"#,
            br#"{"code":"\ud800"}"#,
            b"{\"code\":\"\xff\"}",
            b"{\"code\":\"\n\"}",
            b"\xef\xbb\xbf{}",
            br#"{"a":[[}"#,
        ];
        for body in bodies {
            assert!(
                matches!(JsonObject::parse(body), Err(ApiError::Malformed)),
                "{:?}",
                String::from_utf8_lossy(body)
            );
        }
    }

    #[test]
    fn every_type_but_text_is_refused_for_its_field() {
        for value in ["1", "-1", "1.5", "true", "null", "[\"1\"]", "{\"a\":1}", "18446744073709551616"] {
            assert_eq!(
                faults_of(&format!("{{\"code\":{value}}}")),
                [("code".into(), FieldErrorKind::NotText)]
            );
        }
        assert_eq!(faults_of(r#"{"code":"1\u0000"}"#), [("code".into(), FieldErrorKind::Nul)]);
        let deep = format!("{{\"code\":{}1{}}}", "[".repeat(8000), "]".repeat(8000));
        assert_eq!(faults_of(&deep), [("code".into(), FieldErrorKind::NotText)]);
    }

    #[test]
    fn missing_and_unknown_fields_are_named() {
        assert_eq!(
            faults_of(r#"{"Code":"1"}"#),
            [("code".into(), FieldErrorKind::Missing), ("Code".into(), FieldErrorKind::Unknown)]
        );
        assert_eq!(
            faults_of(r#"{"code":"1","timestamp":5}"#),
            [("timestamp".into(), FieldErrorKind::Unknown)]
        );
    }

    #[test]
    fn an_answer_lists_a_bounded_number_of_faults_with_bounded_names() {
        let fields: Vec<_> = (0..200).map(|n| format!("\"{}{n}\":0", "é".repeat(100))).collect();
        let faults = faults_of(&format!("{{{}}}", fields.join(",")));
        assert_eq!(faults.len(), MOST_FAULTS);
        assert!(faults.iter().all(|(name, _)| name.chars().count() <= LONGEST_NAME));
    }

    #[test]
    fn an_optional_field_may_be_absent_and_never_wrong() {
        let label = |body: &str| {
            let mut object = JsonObject::parse(body.as_bytes()).unwrap();
            let label = object.optional("label", |text| Ok(text.to_owned()));
            object.finish(Some(label))
        };
        assert_eq!(label("{}").unwrap(), None);
        assert_eq!(label(r#"{"label":"x"}"#).unwrap(), Some("x".to_owned()));
        assert!(matches!(label(r#"{"label":7}"#), Err(ApiError::Fields(_))));
        assert!(matches!(label(r#"{"label":null}"#), Err(ApiError::Fields(_))));
    }

    proptest! {
        #[test]
        fn no_body_of_any_bytes_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(object) = JsonObject::parse(&body) {
                let _ = object.finish(Some(()));
            }
        }

        #[test]
        fn any_text_comes_through_as_it_was_sent(text in "[^\0]{0,40}") {
            let body = serde_json::json!({ "code": text }).to_string();
            prop_assert_eq!(text_of(&body).unwrap(), text);
        }
    }
}
