//! Strict parser of a JSON object into its fields: each name once, texts kept as secrets.

use std::collections::HashSet;
use std::fmt;

use mfa_core::SecretText;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::problem::ApiError;

/// Value of a field as it was sent.
#[derive(Debug)]
pub(super) enum FieldValue {
    /// A string. Every string is a secret until a parser has accepted it.
    Text(SecretText),
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A list of whole numbers.
    Numbers(Vec<i64>),
    /// An object. A credential of a browser is one.
    Object(serde_json::Map<String, serde_json::Value>),
    /// Any other JSON value. No field of this API takes one, so its content is skipped.
    Other,
}

/// Parses one JSON object, with nothing after it.
///
/// # Errors
///
/// [`ApiError::Malformed`], also for a name that occurs twice. The message of the parser is dropped: it may quote a
/// value.
pub(super) fn parse(body: &[u8]) -> Result<Vec<(String, FieldValue)>, ApiError> {
    let JsonObject(fields) = serde_json::from_slice(body).map_err(|_| ApiError::Malformed)?;
    Ok(fields)
}

struct JsonObject(Vec<(String, FieldValue)>);

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = JsonObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject, A::Error> {
        // A set, because a body of 16 KiB has room for thousands of names.
        let mut names = HashSet::new();
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(serde::de::Error::custom("duplicate field"));
            }
            fields.push((name, map.next_value()?));
        }
        Ok(JsonObject(fields))
    }
}

/// Written by hand: `#[serde(untagged)]` buffers the value first, in memory that is not zeroized.
impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = FieldValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(SecretText::new(text.to_owned())))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<FieldValue, E> {
        Ok(FieldValue::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<FieldValue, E> {
        Ok(FieldValue::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<FieldValue, E> {
        // No field of this API takes a number beyond.
        Ok(i64::try_from(number).map_or(FieldValue::Other, FieldValue::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<FieldValue, E> {
        Ok(FieldValue::Other)
    }

    fn visit_unit<E>(self) -> Result<FieldValue, E> {
        Ok(FieldValue::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<FieldValue, A::Error> {
        let mut numbers = Some(Vec::new());
        while let Some(Element(value)) = seq.next_element()? {
            match (value, &mut numbers) {
                (Some(number), Some(numbers)) => numbers.push(number),
                _ => numbers = None,
            }
        }
        Ok(numbers.map_or(FieldValue::Other, FieldValue::Numbers))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldValue, A::Error> {
        let mut members = serde_json::Map::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(serde::de::Error::custom("duplicate member"));
            }
        }
        Ok(FieldValue::Object(members))
    }
}

/// Element of a list: a whole number, or a value that is skipped however deep it is.
struct Element(Option<i64>);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Element, E> {
        Ok(Element(Some(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Element, E> {
        Ok(Element(i64::try_from(number).ok()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_unit<E>(self) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Element, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Element(None))
    }
}

/// Removes the first field of this name.
pub(super) fn take(entries: &mut Vec<(String, FieldValue)>, name: &str) -> Option<FieldValue> {
    let at = entries.iter().position(|(it, _)| it == name)?;
    Some(entries.swap_remove(at).1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            assert!(matches!(parse(body), Err(ApiError::Malformed)), "{:?}", String::from_utf8_lossy(body));
        }
    }

    proptest! {
        #[test]
        fn no_body_of_any_bytes_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }
    }
}
