mod clients;

use std::collections::BTreeSet;
use std::sync::Arc;

use mfa_core::Origin;
use serde_json::Value;

use super::*;
use crate::i18n::Translations;
use crate::language::Language;
use crate::request_context::RateLimitStatus;
use crate::routes::{RouteConfig, routes};

const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];

fn reader() -> RequestContext {
    RequestContext {
        language: Language::English,
        texts: Arc::new(Translations::load(&[]).unwrap()),
        request_id: "r1".into(),
        origin: Origin::default(),
        allowance: RateLimitStatus::default(),
    }
}

fn document() -> Value {
    let document = OpenApiDocument::from_routes(&routes(RouteConfig::ALL), &reader()).unwrap();
    serde_json::from_slice(&document.bytes()).unwrap()
}

/// Returns the schema that a reference names, or the schema itself.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(reference) = schema["$ref"].as_str() else { return schema };
    document.pointer(reference.trim_start_matches('#')).unwrap()
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
fn every_response_has_a_description_and_an_example() {
    let document = document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        assert!(responses.contains_key("500"), "{name}");
        for (status, response) in responses {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
            assert!(response["headers"]["X-Request-Id"].is_object(), "{name} {status}");
            let Some(json) = response["content"].get("application/problem+json") else { continue };
            let examples = json["examples"].as_object().unwrap();
            assert!(!examples.is_empty(), "{name} {status}");
            for (word, example) in examples {
                let example = &example["value"];
                assert_eq!(example["status"].to_string(), *status, "{name} {word}");
                let code = format!("`{}`: ", example["code"].as_str().unwrap());
                assert!(response["description"].as_str().unwrap().contains(&code), "{name} {word}");
            }
        }
    }
}

#[test]
fn every_request_body_is_strict_and_has_an_example_of_its_fields() {
    let document = document();
    for (name, operation) in operations(&document) {
        let Some(json) = operation["requestBody"]["content"].get("application/json") else { continue };
        let schema = resolve(&document, &json["schema"]);
        assert_eq!(schema["additionalProperties"], false, "{name}");
        let fields = schema["properties"].as_object().unwrap();
        let shown = json["example"].as_object().unwrap();
        assert!(shown.keys().all(|field| fields.contains_key(field)), "{name}");
        for status in ["400", "413", "415", "422"] {
            assert!(operation["responses"].get(status).is_some(), "{name}: {status}");
        }
    }
}

#[test]
fn every_reference_resolves() {
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
fn an_operation_has_a_security_scheme_exactly_if_its_token_may_be_missing() {
    let document = document();
    for (name, operation) in operations(&document) {
        let problems = operation["responses"]["401"].to_string();
        let schemes = operation["security"].as_array().unwrap();
        assert_eq!(problems.contains("token_missing"), !schemes.is_empty(), "{name}");
    }
}

/// First words of summaries: verbs in the imperative.
const VERBS: [&str; 21] = [
    "Change",
    "Check",
    "Complete",
    "Disable",
    "Get",
    "Introspect",
    "Issue",
    "List",
    "Log",
    "Open",
    "Receive",
    "Regenerate",
    "Remove",
    "Rename",
    "Require",
    "Revoke",
    "Send",
    "Set",
    "Start",
    "Unlock",
    "Verify",
];

#[test]
fn every_summary_is_a_short_imperative() {
    for (name, operation) in operations(&document()) {
        let summary = operation["summary"].as_str().unwrap();
        let verb = summary.split(' ').next().unwrap();
        assert!(VERBS.contains(&verb), "{name}: {summary:?} does not start with a verb");
        assert!(summary.chars().count() <= 60, "{name}: {summary:?} is too long");
        assert!(!summary.ends_with(['.', '?', '!']), "{name}: {summary:?}");
        let description = operation["description"].as_str().unwrap();
        assert!(description.ends_with('.'), "{name}: {description:?}");
    }
}

/// Phrases that a reader of other API documentation would not understand.
const IDIOMS: [&str; 17] = [
    " asks ",
    " hands ",
    " speaks",
    " told ",
    "anew",
    "at its end",
    "in force",
    "is dead",
    "it is so",
    "nobody",
    "shown this once",
    "stand in for",
    "stands in",
    "take away",
    "taken in",
    "what there is",
    "whoever",
];

#[test]
fn no_text_of_the_document_has_an_idiom() {
    fn check(path: &str, value: &Value) {
        match value {
            Value::String(text) => {
                let text = text.to_lowercase();
                for idiom in IDIOMS {
                    assert!(!text.contains(idiom), "{path}: {idiom:?} in {text:?}");
                }
            }
            Value::Array(values) => values.iter().for_each(|value| check(path, value)),
            Value::Object(members) => {
                // The texts of problem documents come from `locales/`.
                let own = members
                    .iter()
                    .filter(|(name, _)| !(path.ends_with("/responses") && name.starts_with(['4', '5'])));
                for (name, value) in own {
                    check(&format!("{path}/{name}"), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    check("", &document());
}

#[test]
fn every_field_of_a_schema_has_a_description() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let Some(fields) = schema["properties"].as_object() else { continue };
        for (field, schema) in fields {
            let is_described = schema["description"].is_string() || schema["$ref"].is_string();
            assert!(is_described, "{name}.{field}: {schema}");
        }
    }
}

/// Ids and tags of the operations. They are contracts: generated clients take their names from them.
const OPERATIONS: [(&str, &str); 54] = [
    ("changeUsers", "MFA Admin"),
    ("issueAccessPass", "MFA Admin"),
    ("setUserRole", "MFA Admin"),
    ("verifyAccessPass", "Authenticators"),
    ("disableTotp", "MFA/2FA"),
    ("docs", "System"),
    ("enforceUser", "MFA Admin"),
    ("finishPasskeyRegistration", "Authenticators"),
    ("health", "System"),
    ("interface", "System"),
    ("introspectToken", "System"),
    ("jwks", "System"),
    ("listAllEvents", "MFA Admin"),
    ("listAuthenticators", "Authenticators"),
    ("listEvents", "MFA/2FA"),
    ("listRecoveryCodes", "MFA/2FA"),
    ("listSessions", "Sessions"),
    ("listUsers", "MFA Admin"),
    ("live", "System"),
    ("login", "Auth"),
    ("methods", "MFA/2FA"),
    ("metrics", "System"),
    ("openapi", "System"),
    ("ready", "System"),
    ("regenerateRecoveryCodes", "MFA/2FA"),
    ("regenerateRecoveryCodesOfUser", "MFA Admin"),
    ("relatedOrigins", "Authenticators"),
    ("removeAuthenticator", "Authenticators"),
    ("removeAuthenticatorOfUser", "MFA Admin"),
    ("removePhone", "MFA/2FA"),
    ("renameAuthenticator", "Authenticators"),
    ("reportByOvh", "System"),
    ("reportByTwilio", "System"),
    ("resetUser", "MFA Admin"),
    ("revokeOtherSessions", "Sessions"),
    ("revokeSession", "Sessions"),
    ("revokeSessionsOfUser", "MFA Admin"),
    ("revokeToken", "MFA/2FA"),
    ("sendSms", "MFA/2FA"),
    ("setBackupMethod", "MFA/2FA"),
    ("setPhone", "MFA/2FA"),
    ("showUser", "MFA Admin"),
    ("startPasskeyRegistration", "Authenticators"),
    ("startPasskeyVerification", "Authenticators"),
    ("startTotpEnrolment", "MFA/2FA"),
    ("statistics", "MFA Admin"),
    ("status", "MFA/2FA"),
    ("unlockUser", "MFA Admin"),
    ("verifyPasskey", "Authenticators"),
    ("verifyPhone", "MFA/2FA"),
    ("verifyRecovery", "MFA/2FA"),
    ("verifySms", "MFA/2FA"),
    ("verifyTotp", "MFA/2FA"),
    ("verifyTotpEnrolment", "MFA/2FA"),
];

#[test]
fn ids_and_tags_do_not_change() {
    let document = document();
    let has_swagger_ui = cfg!(feature = "swagger-ui");
    let expected: BTreeSet<_> =
        OPERATIONS.into_iter().filter(|(id, _)| has_swagger_ui || *id != "docs").collect();
    let found: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(_, it)| (it["operationId"].as_str().unwrap(), it["tags"][0].as_str().unwrap()))
        .collect();
    assert_eq!(found, expected);
}
