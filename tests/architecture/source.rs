//! Rust source files of the workspace, read as text for rules that cargo does not know.

use std::path::{Path, PathBuf};

/// One source file of a crate, without comments, literals and unit tests.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The path from the root of the workspace.
    pub(crate) path: PathBuf,
    /// The module path inside the crate; empty for the crate root.
    pub(crate) module: Vec<String>,
    /// The code.
    pub(crate) code: String,
}

/// The source folder of each crate and application.
pub(crate) fn source_folders() -> Vec<PathBuf> {
    let root = root();
    let mut folders: Vec<_> = ["crates", "apps"]
        .iter()
        .flat_map(|parent| std::fs::read_dir(root.join(parent)).unwrap())
        .map(|entry| entry.unwrap().path().join("src"))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Every source file below a folder, unit tests left out.
pub(crate) fn files(folder: &Path) -> Vec<SourceFile> {
    paths(folder)
        .into_iter()
        .filter_map(|path| {
            let module = module_of(path.strip_prefix(folder).unwrap())?;
            let code =
                without_tests(&without_comments_and_literals(&std::fs::read_to_string(&path).unwrap()));
            Some(SourceFile { path: path.strip_prefix(root()).unwrap().to_owned(), module, code })
        })
        .collect()
}

/// The paths of all Rust files below a folder.
pub(crate) fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    paths.sort();
    paths
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// `a/b.rs` is the module `a::b`; files of unit tests have none.
fn module_of(path: &Path) -> Option<Vec<String>> {
    let path = path.with_extension("");
    let parts: Vec<String> = path.iter().map(|it| it.to_str().unwrap().to_owned()).collect();
    if parts.iter().any(|it| it == "tests") {
        return None;
    }
    let is_root = parts.len() == 1 && ["lib", "main"].contains(&parts[0].as_str());
    Some(if is_root { Vec::new() } else { parts })
}

/// Replaces comments, strings and characters by blanks of the same length.
pub(crate) fn without_comments_and_literals(source: &str) -> String {
    let mut code = source.as_bytes().to_vec();
    for (_, at, end) in spans(source) {
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(code).unwrap()
}

/// The string literals of a file outside its unit tests.
pub(crate) fn string_literals(source: &str) -> Vec<&str> {
    let tests = source.find("#[cfg(test)]").unwrap_or(source.len());
    let strings = spans(source).into_iter().filter(|(kind, at, _)| *kind == Span::Text && *at < tests);
    strings.filter_map(|(_, at, end)| source.get(at..end)).collect()
}

/// A part of a file that is not code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    Comment,
    Text,
    Character,
}

/// Every comment and literal with its start and end.
fn spans(source: &str) -> Vec<(Span, usize, usize)> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (kind, end) = match &bytes[at..] {
            [b'/', b'/', ..] => (Span::Comment, end_of(bytes, at, "\n")),
            [b'/', b'*', ..] => (Span::Comment, end_of(bytes, at.saturating_add(2), "*/").saturating_add(2)),
            [b'"', ..] => (Span::Text, end_of_string(bytes, at.saturating_add(1))),
            [b'r', b'"' | b'#', ..] if !is_word(bytes, at.wrapping_sub(1)) => {
                (Span::Text, end_of_raw_string(bytes, at))
            }
            [b'\'', b'\\', ..] => {
                (Span::Character, end_of(bytes, at.saturating_add(3), "'").saturating_add(1))
            }
            [b'\'', rest @ ..] => {
                (Span::Character, end_of_character(rest).map_or(at, |length| at.saturating_add(length)))
            }
            _ => (Span::Character, at),
        };
        let end = end.min(bytes.len());
        if end > at {
            found.push((kind, at, end));
        }
        at = end.max(at.saturating_add(1));
    }
    found
}

fn is_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_')
}

fn end_of(bytes: &[u8], from: usize, mark: &str) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let found = rest.windows(mark.len()).position(|it| it == mark.as_bytes());
    found.map_or(bytes.len(), |length| from.saturating_add(length))
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at = at.saturating_add(if *byte == b'\\' { 2 } else { 1 });
        if *byte == b'"' {
            break;
        }
    }
    at
}

/// `r"…"`, `r#"…"#`; `at` itself for a raw identifier.
fn end_of_raw_string(bytes: &[u8], at: usize) -> usize {
    let hashes = bytes[at.saturating_add(1)..].iter().take_while(|it| **it == b'#').count();
    let opening = at.saturating_add(1).saturating_add(hashes);
    if bytes.get(opening) != Some(&b'"') {
        return at;
    }
    let mark = format!("\"{}", "#".repeat(hashes));
    end_of(bytes, opening.saturating_add(1), &mark).saturating_add(mark.len())
}

/// The length of a character literal with its quotes; `None` for a lifetime.
fn end_of_character(rest: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(rest.get(..5.min(rest.len()))?);
    let text = text.or_else(|error| std::str::from_utf8(&rest[..error.valid_up_to()])).ok()?;
    let mut characters = text.char_indices();
    let (_, first) = characters.next()?;
    (characters.next()?.1 == '\'').then(|| first.len_utf8().saturating_add(2))
}

/// Leaves out `#[cfg(test)] mod … { … }`.
fn without_tests(code: &str) -> String {
    let mut left = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        left.push_str(before);
        let is_module = after.trim_start().starts_with("mod ");
        rest = match after.split_once('{') {
            Some((head, body)) if is_module && !head.contains(';') => &body[block_length(body)..],
            _ => after,
        };
    }
    left.push_str(rest);
    left
}

fn block_length(body: &str) -> usize {
    let mut depth = 1_usize;
    for (at, character) in body.char_indices() {
        match character {
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at.saturating_add(1);
        }
    }
    body.len()
}

#[test]
fn comments_literals_and_unit_tests_are_not_code() {
    let source = r##"use a::b; // crate::x
        /* crate::y */ let s = "crate::z \" crate::q"; let r = r#"crate::w"#; let c = '"'; let d = '\''; fn f<'a>() {}
        #[cfg(test)]
        mod tests { use crate::v; mod inner { } }
        fn g() {}"##;
    let code = without_tests(&without_comments_and_literals(source));
    assert!(!code.contains("crate::"), "{code}");
    for kept in ["use a::b;", "fn f<'a>() {}", "fn g() {}"] {
        assert!(code.contains(kept), "{kept} in {code}");
    }
}
