//! Parser of query strings, as strict as the one of bodies.

use actix_web::web::Query;
use mfa_core::SecretText;

use super::fields::InputFields;
use crate::problem::{ApiError, FieldError, FieldErrorKind};

/// Returns the fields that have a value: of `?limit=&before=7` only `before`.
///
/// # Errors
///
/// [`ApiError::Fields`] for a repeated name.
pub(super) fn fields(query: &str) -> Result<InputFields, ApiError> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query).map_err(|_| ApiError::Malformed)?;
    let mut fields: Vec<(String, SecretText)> = Vec::new();
    for (name, value) in pairs.into_inner() {
        if value.is_empty() {
            continue;
        }
        if fields.iter().any(|(it, _)| *it == name) {
            return Err(ApiError::Fields(vec![FieldError { field: name, error: FieldErrorKind::Repeated }]));
        }
        fields.push((name, SecretText::new(value)));
    }
    Ok(InputFields::from_texts(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(query: &str) -> Result<Option<String>, ApiError> {
        let mut fields = fields(query)?;
        let text = fields.optional("a", |text| Ok(text.to_owned()));
        fields.finish(Some(text))
    }

    #[test]
    fn a_value_is_decoded_and_an_empty_one_is_none() {
        assert_eq!(texts("a=x%20%C3%A9").unwrap().as_deref(), Some("x é"));
        assert_eq!(texts("a=").unwrap(), None);
        assert_eq!(texts("").unwrap(), None);
        assert_eq!(texts("&&").unwrap(), None);
    }

    #[test]
    fn unknown_and_repeated_names_are_errors() {
        for (query, expected) in [("b=1", FieldErrorKind::Unknown), ("a=1&a=2", FieldErrorKind::Repeated)] {
            match texts(query) {
                Err(ApiError::Fields(errors)) => {
                    assert_eq!(errors.first().unwrap().error, expected, "{query}");
                }
                other => panic!("{query}: {other:?}"),
            }
        }
        assert!(matches!(texts("a=%00"), Err(ApiError::Fields(_))));
    }
}
