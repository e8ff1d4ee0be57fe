//! Tests that run the commands of the documents against a live server and compare the output.

use std::collections::BTreeSet;
use std::process::Command;

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
fn the_commands_of_the_quickstart_run_as_documented_and_run_again() {
    let live = Live::start(&WITHOUT_WAITING);
    // The second run starts from what the first one left.
    live.follows(&Document::read("docs/quickstart.md"));
    live.follows(&Document::read("docs/fr/quickstart.md"));
}

#[test]
fn the_functions_of_the_quickstart_stop_after_a_failure() {
    let document = Document::read("docs/quickstart.md");
    let mut blocks = document.fences.iter().filter(|it| it.language == "sh" && it.text.contains("post() {"));
    let functions =
        blocks.next().expect("a block with the functions").text.replace("curl -sS $NOVA/health", "true");
    let folder = tempfile::tempdir().unwrap();
    let run = |commands: &str| {
        let script = format!("{functions}\ncurl() {{ echo sent; }}\n{commands}\necho reached");
        let output = Command::new("bash").arg("-c").arg(script).current_dir(folder.path()).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for call in ["post /api/mfa/phone/set \"$TOKEN\" '{}'", "get /api/mfa/status \"$TOKEN\""] {
        let (printed, said) =
            run(&format!("TOKEN=$(echo '{{\"code\":\"x\"}}' | field access_token)\n{call}"));
        assert!(said.contains("no access_token in the answer"), "{said}");
        assert!(said.contains("an earlier step failed") && printed.is_empty(), "{printed}{said}");
        let (printed, _) =
            run(&format!("TOKEN=$(echo '{{\"access_token\":\"x\"}}' | field access_token)\n{call}"));
        assert_eq!(printed, "sent\nreached\n");
    }
    // There is no file with a password here.
    let (printed, said) = run("log_in || exit");
    assert!(said.contains("data/demo-password") && printed.is_empty(), "{printed}{said}");
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
