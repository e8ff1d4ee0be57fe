use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    code: Field,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelBody {
    label: Option<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TwoFieldBody {
    name: Field,
    enabled: Field,
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of a field parser")]
fn as_is(text: &str) -> Result<String, FieldErrorKind> {
    Ok(text.to_owned())
}

fn code_of(body: &str) -> Result<String, ApiError> {
    let (body, mut errors) = InputFields::from_json(body.as_bytes())?.parse::<CodeBody>()?;
    let code = body.code.text(&mut errors, as_is);
    errors.finish(code)
}

fn errors_of<T: std::fmt::Debug>(outcome: Result<T, ApiError>) -> Vec<(String, FieldErrorKind)> {
    match outcome {
        Err(ApiError::Fields(errors)) => errors.into_iter().map(|it| (it.field, it.error)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_valid_field_is_returned_as_it_was_sent() {
    assert_eq!(code_of(r#" {"code": "a\u00e9\n"} "#).unwrap(), "aé\n");
}

#[test]
fn every_type_but_text_is_an_error_of_its_field() {
    for value in ["1", "-1", "1.5", "true", "null", "[\"1\"]", "{\"a\":1}", "18446744073709551616"] {
        let errors = errors_of(code_of(&format!("{{\"code\":{value}}}")));
        assert_eq!(errors, [("code".into(), FieldErrorKind::NotText)], "{value}");
    }
    assert_eq!(errors_of(code_of(r#"{"code":"1\u0000"}"#)), [("code".into(), FieldErrorKind::Nul)]);
    let deep = format!("{{\"code\":{}1{}}}", "[".repeat(8000), "]".repeat(8000));
    assert_eq!(errors_of(code_of(&deep)), [("code".into(), FieldErrorKind::NotText)]);
}

#[test]
fn missing_and_unknown_fields_are_named() {
    assert_eq!(
        errors_of(code_of(r#"{"Code":"1"}"#)),
        [("code".into(), FieldErrorKind::Missing), ("Code".into(), FieldErrorKind::Unknown)]
    );
    assert_eq!(
        errors_of(code_of(r#"{"code":"1","timestamp":5}"#)),
        [("timestamp".into(), FieldErrorKind::Unknown)]
    );
}

#[test]
fn all_errors_of_a_body_are_listed_at_once() {
    let parsed = |body: &str| {
        let (body, mut errors) =
            InputFields::from_json(body.as_bytes()).unwrap().parse::<TwoFieldBody>().unwrap();
        let name = body.name.text(&mut errors, |_| Err::<(), _>(FieldErrorKind::Unusable));
        let enabled = body.enabled.flag(&mut errors);
        errors.finish(name.zip(enabled))
    };
    assert_eq!(
        errors_of(parsed(r#"{"x":1,"enabled":"true","name":"ada"}"#)),
        [
            ("name".into(), FieldErrorKind::Unusable),
            ("enabled".into(), FieldErrorKind::NotAFlag),
            ("x".into(), FieldErrorKind::Unknown)
        ]
    );
    assert_eq!(
        errors_of(parsed("{}")),
        [("name".into(), FieldErrorKind::Missing), ("enabled".into(), FieldErrorKind::Missing)]
    );
}

#[test]
fn a_response_lists_a_bounded_number_of_errors_with_bounded_names() {
    let fields: Vec<_> = (0..200).map(|n| format!("\"{}{n}\":0", "é".repeat(100))).collect();
    let errors = errors_of(code_of(&format!("{{{}}}", fields.join(","))));
    assert_eq!(errors.len(), MAX_ERRORS);
    assert!(errors.iter().all(|(name, _)| name.chars().count() <= MAX_NAME_LENGTH));
}

#[test]
fn an_optional_field_may_be_absent_and_never_wrong() {
    let label = |body: &str| {
        let (body, mut errors) =
            InputFields::from_json(body.as_bytes()).unwrap().parse::<LabelBody>().unwrap();
        let label = body.label.and_then(|it| it.text(&mut errors, as_is));
        errors.finish(Some(label))
    };
    assert_eq!(label("{}").unwrap(), None);
    assert_eq!(label(r#"{"label":"x"}"#).unwrap(), Some("x".to_owned()));
    for wrong in [r#"{"label":7}"#, r#"{"label":null}"#] {
        assert_eq!(errors_of(label(wrong)), [("label".into(), FieldErrorKind::NotText)], "{wrong}");
    }
}

#[test]
fn an_oauth_form_may_have_unknown_fields_and_no_known_one_twice() {
    let code = |form: &str| {
        let (body, mut errors) = InputFields::from_oauth_form(form.as_bytes()).parse::<CodeBody>()?;
        let code = body.code.text(&mut errors, as_is);
        errors.finish(code)
    };
    assert_eq!(code("a=1&code=x%20y&a=2").unwrap(), "x y");
    assert!(matches!(code("code=1&code=2"), Err(ApiError::Malformed)));
    assert_eq!(errors_of(code("a=1")), [("code".into(), FieldErrorKind::Missing)]);
}

#[test]
fn debug_output_does_not_show_a_value() {
    let (body, _errors) =
        InputFields::from_json(br#"{"code":"hunter2"}"#).unwrap().parse::<CodeBody>().unwrap();
    assert!(!format!("{:?}", body.code).contains("hunter2"));
}

proptest! {
    #[test]
    fn any_text_comes_through_as_it_was_sent(text in "[^\0]{0,40}") {
        let body = serde_json::json!({ "code": text }).to_string();
        prop_assert_eq!(code_of(&body).unwrap(), text);
    }
}
