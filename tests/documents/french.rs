//! Comparison of the French documents with the English ones: the same sections, blocks and tables. Only comments in the
//! blocks may differ.

use super::markdown::{Document, files_under};

#[test]
fn every_french_document_has_the_sections_blocks_and_tables_of_the_english_one() {
    let french = files_under("docs/fr");
    assert!(french.len() >= 2, "{french:?}");
    for path in french {
        let (french, english) = (Document::read(&path), Document::read(&path.replace("docs/fr/", "docs/")));
        let levels = |document: &Document| document.headings.iter().map(|it| it.level).collect::<Vec<_>>();
        let headings =
            |document: &Document| document.headings.iter().map(|it| it.text.clone()).collect::<Vec<_>>();
        assert_eq!(levels(&french), levels(&english), "{:#?}\n{:#?}", headings(&french), headings(&english));
        for (in_french, in_english) in french.fences.iter().zip(&english.fences) {
            assert_eq!(
                without_comments(&in_french.text),
                without_comments(&in_english.text),
                "{path}, line {}",
                in_french.line
            );
        }
        assert_eq!(french.fences.len(), english.fences.len(), "{path}");
        let widths = |document: &Document| document.rows().iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(widths(&french), widths(&english), "{path}");
        let spans = |document: &Document| document.text.matches('`').count();
        let (in_french, in_english) = (spans(&french), spans(&english));
        assert!(in_french.abs_diff(in_english) < 24, "{path}: {in_french} and {in_english} marks of code");
    }
}

/// Removes comments: lines that start with `#`, and ends of lines after two spaces and `# `.
fn without_comments(block: &str) -> String {
    let lines = block.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines
        .map(|line| line.split_once("  # ").map_or(line, |(code, _)| code).trim_end())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn only_comments_may_differ() {
    assert_eq!(
        without_comments("# in English\nrun a  # now\n"),
        without_comments("# en français\nrun a  # vite")
    );
    assert_ne!(without_comments("run '#a'"), without_comments("run '#b'"));
}
