//! Strict JSON object: no duplicate members, and no implicit type conversion.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use crate::TokenError;

/// JSON object of a token (header or claims), parsed without duplicates or type conversion.
///
/// JSON parsers differ in which of two members with the same name they keep. A token that two parsers read
/// differently is an attack, so duplicates are rejected (RFC 7519 §4 allows it).
#[derive(Debug)]
pub(crate) struct StrictObject(BTreeMap<String, Value>);

impl StrictObject {
    /// Parses an object without duplicate members.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, TokenError> {
        serde_json::from_slice(json).map_err(|_| TokenError::Invalid)
    }

    /// Returns whether a member with this name exists.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the member with this name, whatever its type.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Removes the member with this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Sets the member with this name.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Returns the string with this name.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, TokenError> {
        self.typed(name, Value::as_str)
    }

    /// Returns the integer with this name. `1.0` and `"1"` are errors.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, TokenError> {
        self.typed(name, Value::as_i64)
    }

    /// Returns the non-negative integer with this name.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u64>, TokenError> {
        self.typed(name, Value::as_u64)
    }

    /// Returns the boolean with this name.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, TokenError> {
        self.typed(name, Value::as_bool)
    }

    /// Returns the array of strings with this name.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, TokenError> {
        self.typed(name, |value| value.as_array()?.iter().map(Value::as_str).collect())
    }

    /// Returns `None` if the member is absent, and an error if it has another type. So a changed type cannot skip a
    /// check.
    fn typed<'a, T>(
        &'a self,
        name: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, TokenError> {
        self.0.get(name).map(|value| read(value).ok_or(TokenError::Invalid)).transpose()
    }
}

impl<'de> Deserialize<'de> for StrictObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = StrictObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with each name once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<StrictObject, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(StrictObject(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_is_refused_however_it_is_escaped() {
        assert!(StrictObject::parse(br#"{"exp":1,"nbf":2}"#).is_ok());
        for doubled in [&br#"{"exp":1,"exp":1}"#[..], br#"{"exp":1,"\u0065xp":2}"#] {
            assert_eq!(StrictObject::parse(doubled).err(), Some(TokenError::Invalid));
        }
    }

    #[test]
    fn only_one_whole_object_is_read() {
        for other in [&b"[]"[..], b"null", b"", b"{} {}", b"{}x", b"\xff", b"{\"a\":1,}"] {
            assert_eq!(StrictObject::parse(other).err(), Some(TokenError::Invalid));
        }
    }

    #[test]
    fn a_value_of_another_type_is_an_error_and_not_an_absence() {
        let object = StrictObject::parse(br#"{"n":1.0,"s":null,"b":1,"l":["a",1],"c":-1}"#).unwrap();
        assert_eq!(object.integer("n"), Err(TokenError::Invalid));
        assert_eq!(object.text("s"), Err(TokenError::Invalid));
        assert_eq!(object.flag("b"), Err(TokenError::Invalid));
        assert_eq!(object.texts("l"), Err(TokenError::Invalid));
        assert_eq!(object.count("c"), Err(TokenError::Invalid));
        assert_eq!(object.text("absent"), Ok(None));
    }
}
