//! Tests that run the commands of the documents against a live server and compare the output.

use std::collections::BTreeSet;

use super::live::Live;
use super::markdown::Document;

/// Settings with high limits, because a test does not wait as the text asks a reader to.
const WITHOUT_WAITING: [(&str, &str); 6] = [
    ("MFA_RATE_LIMIT_MAX", "1000"),
    ("MFA_RECOVERY_RATE_MAX", "1000"),
    ("MFA_REGENERATE_PER_HOUR", "1000"),
    ("LOGIN_RATE_USER_MAX", "1000"),
    ("LOGIN_RATE_IP_MAX", "1000"),
    ("MFA_SMS_PER_MINUTE", "3"),
];

/// Settings of the server that the document starts.
const INTROSPECTION_KEY: &str = "EyJYK8w5vQ2nq7pT3sLr9xZb6mCd4fHg";
const HOOK_SECRET: &str = "q7pT3sLr9xZb6mCd4fHgEyJYK8w5vQ2n";

#[test]
fn the_commands_of_the_quickstart_run_as_documented() {
    Live::start(&WITHOUT_WAITING).follows(&Document::read("docs/quickstart.md"));
}

#[test]
fn the_commands_of_the_examples_run_as_documented() {
    let settings = [("INTROSPECTION_KEY", INTROSPECTION_KEY), ("HOOK_SECRET", HOOK_SECRET)];
    let live = Live::start(&[&WITHOUT_WAITING[..], &settings].concat());
    let document = Document::read("docs/examples.md");
    for (name, value) in settings {
        assert!(
            document.text.contains(&format!("{name}={value}")),
            "the document starts it with another {name}"
        );
    }
    live.follows(&document);
}

#[test]
fn every_operation_has_an_example_of_its_own() {
    let live = Live::start(&[("INTROSPECTION_KEY", INTROSPECTION_KEY)]);
    let described = live.client().get("/openapi.json").send().ok();
    let paths = described["paths"].as_object().unwrap();
    let operations: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let headings = Document::read("docs/examples.md").headings;
    let shown: BTreeSet<_> = headings
        .iter()
        .map(|it| it.text.split_once(". ").map_or(it.text.as_str(), |(_, operation)| operation).to_owned())
        .filter(|it| it.contains(" /"))
        .collect();
    assert_eq!(shown, operations);
}
