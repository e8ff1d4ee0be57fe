//! Rule: a public enum is `#[non_exhaustive]` or documents why it is exhaustive.

use crate::architecture::source::{paths, root, source_folders};

/// Returns a message for each public enum of the crates that is neither `#[non_exhaustive]` nor documented as exhaustive.
pub(crate) fn undecided() -> Vec<String> {
    let crates = root().join("crates");
    let folders = source_folders().into_iter().filter(|folder| folder.starts_with(&crates));
    folders
        .flat_map(|folder| paths(&folder))
        .flat_map(|path| {
            let source = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().display().to_string();
            undecided_in(&source).into_iter().map(move |name| {
                format!("{path}: mark {name} `#[non_exhaustive]`, or say in its documentation why it is exhaustive")
            })
        })
        .collect()
}

/// Returns the names of the public enums in `source` with neither mark.
fn undecided_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_decided = false;
    for line in source.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("pub enum ") {
            if !is_decided {
                names
                    .push(rest.split(|it: char| !it.is_alphanumeric()).next().unwrap_or_default().to_owned());
            }
            is_decided = false;
        } else if line.starts_with("///") || line.starts_with("#[") {
            is_decided |= line.starts_with("#[non_exhaustive]") || line.starts_with("/// Exhaustive");
        } else if line.is_empty() || line.ends_with([';', '}']) {
            is_decided = false;
        }
    }
    names
}

#[test]
fn an_enum_is_decided_by_an_attribute_or_a_sentence() {
    let source = "/// A.\npub enum A {}\n\n/// B.\n#[derive(Debug)]\n#[non_exhaustive]\npub enum B {}\n\n\
                  /// C.\n///\n/// Exhaustive: two cases.\npub enum C {}\n\npub(crate) enum D {}\npub enum E {}\n";
    assert_eq!(undecided_in(source), ["A", "E"]);
}
