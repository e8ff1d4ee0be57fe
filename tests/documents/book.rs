//! Tests of the book: every document is included and every internal link has a target. External links are not followed.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::markdown::{Document, files_under, root};

const SUMMARY: &str = "docs/SUMMARY.md";

/// Documents outside the folders.
const AT_THE_ROOT: [&str; 4] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

#[test]
fn every_document_is_in_the_summary_and_the_summary_lists_no_other() {
    let named: BTreeSet<_> =
        Document::read(SUMMARY).links.iter().map(|link| format!("docs/{link}")).collect();
    let there: BTreeSet<_> = files_under("docs").into_iter().filter(|path| path != SUMMARY).collect();
    assert_eq!(
        named, there,
        "docs/SUMMARY.md on the left, the files on the right: write each document into the summary"
    );
}

#[test]
fn every_link_inside_the_repository_has_a_target() {
    let files = files_under("docs").into_iter().chain(AT_THE_ROOT.map(str::to_owned));
    let dead: Vec<_> = files.flat_map(|file| dead_links(&Document::read(&file))).collect();
    assert!(dead.is_empty(), "\n{}\n", dead.join("\n"));
}

/// Returns the links of a document without a target in the repository or, for the book, in the book.
fn dead_links(document: &Document) -> Vec<String> {
    let inside = document.path.starts_with("docs/");
    let dead = document.links.iter().filter_map(|link| {
        let why = if is_elsewhere(link) { None } else { fault(document, link, inside) }?;
        Some(format!("{}: {link}: {why}", document.path))
    });
    dead.collect()
}

fn is_elsewhere(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://") || link.starts_with("mailto:")
}

fn fault(document: &Document, link: &str, inside: bool) -> Option<&'static str> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() {
        PathBuf::from(&document.path)
    } else {
        plain(&Path::new(&document.path).parent().unwrap().join(path))
    };
    if inside && !target.starts_with("docs") {
        return Some("it leads out of the book: name the file as `code` instead");
    }
    if !root().join(&target).exists() {
        return Some("there is no such file");
    }
    if inside && root().join(&target).is_dir() {
        return Some("a book has no folders: link to a page");
    }
    let anchor = anchor?;
    if target.extension().is_none_or(|it| it != "md") {
        return None;
    }
    let headings = Document::read(target.to_str().unwrap()).headings;
    (!headings.iter().any(|it| it.anchor == anchor)).then_some("there is no such heading")
}

/// Resolves `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn a_dead_link_is_detected() {
    let mut document = Document::read(SUMMARY);
    document.links = ["no.md", "architecture.md#no-such", "../Cargo.toml", "adr"].map(str::to_owned).to_vec();
    assert_eq!(dead_links(&document).len(), 4);
    document.links = ["architecture.md#the-map", "https://example.com/none"].map(str::to_owned).to_vec();
    assert!(dead_links(&document).is_empty());
}
