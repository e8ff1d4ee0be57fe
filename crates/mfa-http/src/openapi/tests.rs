use std::collections::BTreeSet;
use std::sync::Arc;

use mfa_core::Origin;
use serde_json::Value;

use super::*;
use crate::i18n::Translations;
use crate::language::Language;
use crate::request_context::RateLimitStatus;
use crate::routes::{RouteConfig, routes};

const METHODS: [&str; 3] = ["get", "post", "delete"];

fn document() -> Value {
    let reader = RequestContext {
        language: Language::English,
        texts: Arc::new(Translations::load(&[]).unwrap()),
        request_id: "r1".into(),
        origin: Origin::default(),
        allowance: RateLimitStatus::default(),
    };
    let document = OpenApiDocument::from_routes(&routes(RouteConfig::ALL), &reader).unwrap();
    serde_json::from_slice(&document.bytes()).unwrap()
}

/// Each operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(METHODS.contains(&method.as_str()), "{path}: {method}");
            found.push((format!("{method} {path}"), operation));
        }
    }
    found
}

#[test]
fn every_route_is_an_operation_of_its_own_name() {
    let (document, routes) = (document(), routes(RouteConfig::ALL));
    let operations = operations(&document);
    assert_eq!(operations.len(), routes.len());
    let ids: BTreeSet<_> = operations.iter().map(|(_, it)| it["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
    assert_eq!(document["openapi"], "3.1.0");
    for (name, operation) in operations {
        for member in ["summary", "description"] {
            assert!(operation[member].as_str().is_some_and(|it| it.len() > 5), "{name}: {member}");
        }
    }
}

#[test]
fn every_response_says_what_it_is_and_shows_an_example() {
    let document = document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        assert!(responses.contains_key("500"), "{name}");
        for (status, response) in responses {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
            assert!(response["headers"]["X-Request-Id"].is_object(), "{name} {status}");
            let Some(json) = response["content"].get("application/problem+json") else { continue };
            for (word, example) in json["examples"].as_object().unwrap() {
                let (example, wanted) = (&example["value"], &json["schema"]["allOf"][1]["properties"]);
                assert_eq!(example["status"].to_string(), *status, "{name} {word}");
                assert!(
                    wanted["code"]["enum"].as_array().unwrap().contains(&example["code"]),
                    "{name} {word}"
                );
            }
        }
    }
}

#[test]
fn every_request_body_is_strict_and_has_an_example_of_its_fields() {
    let document = document();
    for (name, operation) in operations(&document) {
        let Some(json) = operation["requestBody"]["content"].get("application/json") else { continue };
        assert_eq!(json["schema"]["additionalProperties"], false, "{name}");
        let fields = json["schema"]["properties"].as_object().unwrap();
        let shown = json["example"].as_object().unwrap();
        assert!(shown.keys().all(|field| fields.contains_key(field)), "{name}");
        for status in ["400", "413", "415", "422"] {
            assert!(operation["responses"].get(status).is_some(), "{name}: {status}");
        }
    }
}

#[test]
fn whatever_is_referred_to_is_there() {
    let document = document();
    let text = document.to_string();
    let references: BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|it| it.split('"').next()).collect();
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn tokens_are_asked_for_wherever_one_may_be_missing() {
    let document = document();
    for (name, operation) in operations(&document) {
        let told = operation["responses"]["401"].to_string();
        assert_eq!(told.contains("token_missing"), operation.get("security").is_some(), "{name}");
    }
}
