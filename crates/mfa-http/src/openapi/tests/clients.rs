//! Rules for generators of clients. Each one is checked on every schema and every operation of the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{document, operations, reader};
use crate::problem::ProblemKind;
use crate::routes::{RouteConfig, routes};

/// Members of the document that hold data instead of schemas.
const DATA: [&str; 4] = ["default", "enum", "example", "examples"];

/// Calls `check` for each object of the document, with its path. Examples are skipped.
fn visit(path: &str, value: &Value, check: &mut dyn FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            check(path, members);
            let members = members.iter().filter(|(name, _)| !DATA.contains(&name.as_str()));
            for (name, value) in members {
                visit(&format!("{path}/{name}"), value, check);
            }
        }
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                visit(&format!("{path}/{place}"), value, check);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_value_that_may_be_null_has_one_other_type() {
    let mut nullable = 0;
    visit("", &document(), &mut |path, schema| {
        let Some(types) = schema.get("type") else {
            let has_null = |it: &Value| it.as_array().is_some_and(|it| it.contains(&Value::Null));
            assert!(!schema.get("enum").is_some_and(has_null), "{path}: null without a type");
            return;
        };
        assert_ne!(*types, json!("null"), "{path}");
        let Some(types) = types.as_array() else { return };
        assert!(types.len() == 2 && types[0].is_string() && types[0] != "null", "{path}: {types:?}");
        assert_eq!(types[1], "null", "{path}: {types:?}");
        nullable += 1;
    });
    assert!(nullable > 20, "{nullable}");
}

#[test]
fn a_boolean_has_both_values() {
    let mut booleans = 0;
    visit("", &document(), &mut |path, schema| {
        let constant = schema.get("const");
        let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        assert!(!values.chain(constant).any(Value::is_boolean), "{path}");
        if schema.get("type") == Some(&json!("boolean")) {
            booleans += 1;
            assert!(!schema.contains_key("enum") && !schema.contains_key("const"), "{path}");
        }
    });
    assert!(booleans > 20, "{booleans}");
}

#[test]
fn every_problem_has_a_code_of_the_one_schema_of_codes() {
    let document = document();
    let codes: BTreeSet<&str> = ProblemKind::ALL.map(ProblemKind::code).into_iter().collect();
    let listed = document["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap();
    let unique: BTreeSet<&str> = listed.iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!((listed.len(), unique), (codes.len(), codes.clone()));
    let problem = &document["components"]["schemas"]["Problem"];
    assert_eq!(problem["properties"]["code"]["$ref"], "#/components/schemas/ProblemCode");
    let (mut problems, mut lists) = (0, 0);
    visit("", &document, &mut |path, object| {
        if let Some(media) = object.get("application/problem+json") {
            assert_eq!(media["schema"], json!({ "$ref": "#/components/schemas/Problem" }), "{path}");
            problems += 1;
        }
        let values = object.get("enum").and_then(Value::as_array);
        let is_code = |it: &Value| it.as_str().is_some_and(|it| codes.contains(it));
        if values.is_some_and(|values| values.iter().all(is_code)) {
            lists += 1;
        }
    });
    assert!(problems > 200, "{problems}");
    assert_eq!(lists, 1, "schemas that list problem codes");
}

#[test]
fn every_request_body_and_response_of_objects_refers_to_a_component() {
    let document = document();
    let mut bodies = 0;
    for (name, operation) in operations(&document) {
        let content = operation["requestBody"]["content"].as_object();
        // Generators make unusable code of a body with two media types.
        assert!(content.is_none_or(|it| it.len() == 1), "{name}");
        for (media_type, media) in content.into_iter().flatten() {
            assert!(is_reference(&media["schema"]), "{name}: {media_type}");
            bodies += 1;
        }
        for response in operation["responses"].as_object().unwrap().values() {
            for media in response["content"].as_object().into_iter().flatten().map(|it| it.1) {
                // The OpenAPI document itself is an object without known properties.
                let is_named = is_reference(&media["schema"]) || !media["schema"]["properties"].is_object();
                assert!(is_named, "{name}");
            }
        }
    }
    assert!(bodies > 10, "{bodies}");
}

fn is_reference(schema: &Value) -> bool {
    let name = schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/components/schemas/"));
    name.is_some_and(|it| !it.is_empty()) && schema.as_object().is_some_and(|it| it.len() == 1)
}

#[test]
fn no_schema_has_an_object_that_is_without_a_name() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            for schema in [schema, &schema["items"]] {
                assert!(!schema["properties"].is_object(), "{name}.{field}");
                assert!(schema.get("allOf").or_else(|| schema.get("oneOf")).is_none(), "{name}.{field}");
            }
        }
    }
}

#[test]
fn a_name_has_one_schema() {
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    for route in routes(RouteConfig::ALL) {
        for (name, schema) in route.operation().describe(route.path(), &reader()).schemas {
            let schema = serde_json::to_value(schema).unwrap();
            if let Some(other) = seen.insert(name.clone(), schema.clone()) {
                assert_eq!(other, schema, "{name}");
            }
        }
    }
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let known = ["Problem", "ProblemCode", "FieldProblem"].into_iter().chain(seen.keys().map(String::as_str));
    assert_eq!(schemas.keys().map(String::as_str).collect::<BTreeSet<_>>(), known.collect());
    // Generators name files in lower case, and tell names apart by a number.
    let plain: BTreeSet<String> = schemas.keys().map(|it| it.to_lowercase()).collect();
    assert_eq!(plain.len(), schemas.len());
    for name in schemas.keys() {
        assert!(name.starts_with(|it: char| it.is_ascii_uppercase()), "{name}");
        assert!(name.chars().all(|it| it.is_ascii_alphabetic()), "{name}");
    }
}

/// Generators make a type of each field with an `enum`, and name it after the field.
#[test]
fn no_field_with_values_has_the_name_of_a_schema() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: BTreeSet<String> = schemas.keys().map(|it| it.to_lowercase()).collect();
    let mut fields = 0;
    visit("", &document, &mut |path, object| {
        for (field, schema) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if schema.get("enum").is_some() {
                assert!(!names.contains(&field.replace('_', "")), "{path}: {field}");
                fields += 1;
            }
        }
    });
    assert!(fields > 10, "{fields}");
}

#[test]
fn no_two_names_have_the_same_schema() {
    let document = document();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if let Some(other) = seen.insert(schema.to_string(), name) {
            panic!("{name} and {other} are the same: {schema}");
        }
    }
}

/// Operations without a token.
const PUBLIC: [&str; 12] = [
    "docs",
    "health",
    "interface",
    "jwks",
    "live",
    "login",
    "metrics",
    "openapi",
    "ready",
    "relatedOrigins",
    "reportByOvh",
    "reportByTwilio",
];

#[test]
fn a_public_operation_states_that_it_needs_no_token() {
    let document = document();
    assert!(document.get("security").is_none());
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let schemes = operation["security"].as_array().unwrap_or_else(|| panic!("{name}: no `security`"));
        assert_eq!(schemes.is_empty(), PUBLIC.contains(&id), "{name}");
    }
}
