//! Rule: texts for users and operators contain no idiom of the list below.
//!
//! Log messages, errors, metric help, the start banner and the output of commands are string literals; settings,
//! dashboards and alerts are files of their own. The OpenAPI document, the help of the commands and the Fluent files have
//! tests beside them, with longer lists.

use std::path::{Path, PathBuf};

use crate::architecture::source::{root, source_folders, string_literals};

/// Idioms that a newcomer reads twice, each with what to write instead.
const IDIOMS: [(&str, &str); 21] = [
    ("do not fit", "does not match"),
    ("is a must", "is required"),
    ("anew", "again"),
    ("at hand", "available"),
    ("by itself", "automatically"),
    ("gives no answer", "does not answer"),
    ("gave no answer", "did not answer"),
    ("good for", "expires in"),
    ("hands over", "passes"),
    ("is to be had", "is available"),
    ("left alone", "skipped"),
    ("mend", "correct"),
    ("no longer good", "no longer valid"),
    ("says so", "reports it"),
    ("slow lane", "contended queue"),
    ("stand in for", "replace"),
    ("stands in for", "replaces"),
    ("take them out", "remove them"),
    ("taken over", "imported"),
    ("takes over", "imports"),
    ("whoever", "the user who"),
];

/// A sentence for each text with an idiom.
pub(crate) fn idioms() -> Vec<String> {
    let mut found = Vec::new();
    for path in source_folders().iter().flat_map(|folder| files_below(folder, "rs")) {
        let is_test = path.iter().any(|part| part.to_string_lossy().trim_end_matches(".rs") == "tests");
        if is_test {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for text in string_literals(&source).into_iter().filter(|text| text.contains(' ')) {
            found.extend(complaint(&path, text));
        }
    }
    for path in plain_files() {
        let text = std::fs::read_to_string(&path).unwrap();
        found.extend(text.lines().filter_map(|line| complaint(&path, line)));
    }
    found
}

/// Files that operators read or that their dashboards and alerts show.
fn plain_files() -> Vec<PathBuf> {
    let root = root();
    let mut files = vec![root.join(".env.example"), root.join("README.md"), root.join("CONTRIBUTING.md")];
    files.extend(files_below(&root.join("config"), "toml"));
    files.extend(
        ["yml", "json", "conf", "service", "sql", "example"]
            .iter()
            .flat_map(|ending| files_below(&root.join("deploy"), ending)),
    );
    files
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|it| it == ending) {
            found.push(path);
        }
    }
    found
}

fn complaint(path: &Path, text: &str) -> Option<String> {
    // The name of a flag stays as it is.
    let words = text.to_lowercase().replace("--enrol-anew", "");
    let words: Vec<_> = words.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let (idiom, instead) = IDIOMS.into_iter().find(|(idiom, _)| {
        let idiom: Vec<_> = idiom.split(' ').collect();
        words.windows(idiom.len()).any(|window| window == idiom)
    })?;
    let text: String = text.trim().chars().take(80).collect();
    Some(format!("{}: \"{idiom}\" in {text}: write \"{instead}\"", path.display()))
}

#[test]
fn an_idiom_is_found_as_whole_words() {
    let path = Path::new("a.rs");
    assert!(complaint(path, "Redis gives no answer: wait").is_some());
    assert!(complaint(path, "the log must be mended").is_none());
    assert!(complaint(path, "import nova-python --enrol-anew").is_none());
}
