//! serde deserializer from named values to a request type, so that serde's field names are the known fields.
//!
//! It visits every field of the type, also the missing ones, and never fails because of a value: a
//! [`Field`](super::Field) keeps what was sent for its validation. So all errors of a request can be reported at once,
//! and no message of serde is ever shown or logged.

use std::slice;

use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::json::{FieldValue, take};
use crate::problem::ApiError;

/// Moves the fields that `T` has out of `entries`. Returns the value and the names of all its fields.
///
/// # Errors
///
/// [`ApiError::Bug`] if `T` is not a struct of fields.
pub(super) fn deserialize<T: DeserializeOwned>(
    entries: &mut Vec<(String, FieldValue)>,
) -> Result<(T, &'static [&'static str]), ApiError> {
    let mut names: &'static [&'static str] = &[];
    let body = T::deserialize(StructDeserializer { entries, names: &mut names });
    body.map(|body| (body, names)).map_err(|_| ApiError::Bug("a request type is not a struct of fields"))
}

struct StructDeserializer<'a> {
    entries: &'a mut Vec<(String, FieldValue)>,
    names: &'a mut &'static [&'static str],
}

impl<'de> Deserializer<'de> for StructDeserializer<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.names = names;
        visitor.visit_map(StructAccess { entries: self.entries, names: names.iter(), current: "" })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct StructAccess<'a> {
    entries: &'a mut Vec<(String, FieldValue)>,
    names: slice::Iter<'static, &'static str>,
    current: &'static str,
}

impl<'de> MapAccess<'de> for StructAccess<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.current = name;
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = take(self.entries, self.current);
        seed.deserialize(FieldDeserializer { name: self.current, value })
    }
}

/// Source of a `Field` (its name and value) or of an `Option<Field>`, which is `None` if there is no value.
struct FieldDeserializer {
    name: &'static str,
    value: Option<FieldValue>,
}

impl<'de> Deserializer<'de> for FieldDeserializer {
    type Error = Error;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_some() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(FieldAccess::NameAndValue(self.name, self.value))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Members of a `Field` that are still to be read, in the order of their declaration.
enum FieldAccess {
    NameAndValue(&'static str, Option<FieldValue>),
    Value(Option<FieldValue>),
    End,
}

impl<'de> SeqAccess<'de> for FieldAccess {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        match std::mem::replace(self, Self::End) {
            Self::NameAndValue(name, value) => {
                *self = Self::Value(value);
                seed.deserialize(name.into_deserializer()).map(Some)
            }
            Self::Value(value) => seed.deserialize(ValueDeserializer(value)).map(Some),
            Self::End => Ok(None),
        }
    }
}

struct ValueDeserializer(Option<FieldValue>);

impl<'de> Deserializer<'de> for ValueDeserializer {
    type Error = Error;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_some() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Some(FieldValue::Text(text)) => visitor.visit_str(text.expose()),
            Some(FieldValue::Flag(flag)) => visitor.visit_bool(flag),
            Some(FieldValue::Number(number)) => visitor.visit_i64(number),
            Some(FieldValue::Numbers(numbers)) => {
                visitor.visit_seq(serde::de::value::SeqDeserializer::new(numbers.into_iter()))
            }
            Some(FieldValue::Object(members)) => {
                members.deserialize_any(visitor).map_err(serde::de::Error::custom)
            }
            Some(FieldValue::Other) | None => visitor.visit_unit(),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
