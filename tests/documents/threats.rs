//! Check that every test cited by the threat model exists.

use super::markdown::{Document, root};

/// Separator between the path of a file and the words of a test's name.
const SEPARATOR: &str = ": ";

#[test]
fn every_test_cited_by_the_threat_model_exists() {
    let document = Document::read("docs/threat-model.md");
    let cited: Vec<_> = document.rows().into_iter().filter(|row| is_requirement(row)).collect();
    assert!(cited.len() > 100, "only {} rows cite a test", cited.len());
    let missing: Vec<_> = cited.iter().filter(|row| !exists(&row[4])).map(|row| row.join(" | ")).collect();
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

/// Whether the test that a cell cites as ``path: words of the name`` exists.
fn exists(cell: &str) -> bool {
    let Some((path, words)) = cell.split_once(SEPARATOR) else { return false };
    let name = format!("fn {}(", words.replace(' ', "_"));
    std::fs::read_to_string(root().join(path)).is_ok_and(|text| text.contains(&name))
}

#[test]
fn a_missing_test_is_detected() {
    assert!(exists("tests/documents/threats.rs: a missing test is detected"));
    assert!(!exists("tests/documents/threats.rs: a test that nobody wrote"));
    assert!(!exists("tests/documents/no.rs: a missing test is detected"));
    assert!(!exists("no test"));
}
