//! The threat model names the tests that hold it; they are there.

use super::markdown::{Document, root};

/// What stands between the file and the sentence in a cell that names a test.
const BETWEEN: &str = ": ";

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let document = Document::read("docs/threat-model.md");
    let named: Vec<_> = document.rows().into_iter().filter(|row| is_requirement(row)).collect();
    assert!(named.len() > 100, "only {} rows name a test", named.len());
    let missing: Vec<_> = named.iter().filter(|row| !exists(&row[4])).map(|row| row.join(" | ")).collect();
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

/// Whether a row has an id, a threat, its result, its control and a test.
fn is_requirement(row: &[String]) -> bool {
    let id = row[0].split_once('-');
    row.len() == 5
        && id.is_some_and(|(letter, number)| {
            letter.len() == 1 && number.starts_with(|c: char| c.is_ascii_digit())
        })
}

/// Whether a cell, as ``path: sentence``, names a test that is there.
fn exists(cell: &str) -> bool {
    let Some((path, sentence)) = cell.split_once(BETWEEN) else { return false };
    let name = format!("fn {}(", sentence.replace(' ', "_"));
    std::fs::read_to_string(root().join(path)).is_ok_and(|text| text.contains(&name))
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    assert!(exists("tests/documents/threats.rs: a test that is not there is noticed"));
    assert!(!exists("tests/documents/threats.rs: a test that nobody wrote"));
    assert!(!exists("tests/documents/no.rs: a test that is not there is noticed"));
    assert!(!exists("no test"));
}
