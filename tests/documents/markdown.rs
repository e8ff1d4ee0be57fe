//! Markdown parser of the tests: headings, links, tables and fenced blocks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Returns the root of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Parsed document.
#[derive(Debug)]
pub(super) struct Document {
    /// Path from the root of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) headings: Vec<Heading>,
    /// Targets of links and images.
    pub(super) links: Vec<String>,
    pub(super) fences: Vec<Fence>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) level: HeadingLevel,
    pub(super) text: String,
    pub(super) anchor: String,
}

/// Fenced code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) language: String,
    pub(super) text: String,
    /// Line number, for messages.
    pub(super) line: usize,
}

impl Document {
    /// Parses a file, given by its path from the root of the repository.
    pub(super) fn read(path: &str) -> Self {
        let text =
            std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self::parse(path, text)
    }

    fn parse(path: &str, text: String) -> Self {
        let (mut headings, mut links, mut fences) = (Vec::new(), Vec::new(), Vec::new());
        let mut anchors = BTreeMap::new();
        let (mut heading, mut fence) = (None, None);
        for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => heading = Some((level, String::new())),
                Event::End(TagEnd::Heading(_)) => {
                    let (level, text) = heading.take().unwrap();
                    let anchor = unique(&mut anchors, slug(&text));
                    headings.push(Heading { level, text, anchor });
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.push(dest_url.to_string());
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    let line = text[..range.start].lines().count() + 1;
                    fence = Some(Fence { language: language.to_string(), text: String::new(), line });
                }
                Event::End(TagEnd::CodeBlock) => fences.extend(fence.take()),
                Event::Text(part) | Event::Code(part) => {
                    if let Some(fence) = &mut fence {
                        fence.text.push_str(&part);
                    }
                    if let Some((_, text)) = &mut heading {
                        text.push_str(&part);
                    }
                }
                _ => {}
            }
        }
        Self { path: path.to_owned(), text, headings, links, fences }
    }

    /// Returns the cells of every table row except the headers.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
        for event in Parser::new_ext(&self.text, Options::ENABLE_TABLES) {
            match event {
                Event::Text(part) | Event::Code(part) => cell.push_str(&part),
                Event::Start(Tag::TableCell) => cell.clear(),
                Event::End(TagEnd::TableCell) => row.push(std::mem::take(&mut cell)),
                Event::End(TagEnd::TableHead) => row.clear(),
                Event::End(TagEnd::TableRow) => rows.push(std::mem::take(&mut row)),
                _ => {}
            }
        }
        rows
    }

    /// Returns the first cell of each table row under the heading with this anchor, up to the next heading of its
    /// level or above.
    pub(super) fn first_cells_under(&self, anchor: &str) -> Vec<String> {
        let (mut headings, mut cells) = (self.headings.iter(), Vec::new());
        let (mut within, mut cell, mut place) = (None, String::new(), 0);
        for event in Parser::new_ext(&self.text, Options::ENABLE_TABLES) {
            match event {
                Event::End(TagEnd::Heading(level)) => {
                    if headings.next().is_some_and(|it| it.anchor == anchor) {
                        within = Some(level);
                    } else if within.is_some_and(|above| level <= above) {
                        within = None;
                    }
                }
                Event::Text(part) | Event::Code(part) => cell.push_str(&part),
                Event::Start(Tag::TableCell) => cell.clear(),
                Event::Start(Tag::TableRow) => place = 0,
                Event::Start(Tag::TableHead) => place = 1,
                Event::End(TagEnd::TableCell) => {
                    if place == 0 && within.is_some() {
                        cells.push(std::mem::take(&mut cell));
                    }
                    place += 1;
                }
                _ => {}
            }
        }
        assert!(!cells.is_empty(), "{} lists nothing under #{anchor}", self.path);
        cells
    }
}

/// Returns the anchor of a heading, as mdBook and GitHub generate it.
fn slug(text: &str) -> String {
    let kept = text.trim().chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_lowercase().collect::<String>()),
        c if c.is_whitespace() => Some("-".to_owned()),
        _ => None,
    });
    kept.collect()
}

fn unique(taken: &mut BTreeMap<String, usize>, anchor: String) -> String {
    let before = taken.entry(anchor.clone()).or_default();
    let unique = if *before == 0 { anchor } else { format!("{anchor}-{before}") };
    *before += 1;
    unique
}

/// Returns every Markdown file under a folder, as paths from the root of the repository.
pub(super) fn files_under(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    let root = root();
    let named = |path: &PathBuf| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<_> =
        found.iter().filter(|it| it.extension().is_some_and(|it| it == "md")).map(named).collect();
    files.sort();
    files
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_links_and_fences_are_found_with_their_lines() {
        let text =
            "# One `two`\n\n[a](b.md#c) ![p](q.png)\n\n## Same\n## Same\n\n```sh\nrun\n```\n".to_owned();
        let document = Document::parse("x.md", text);
        let anchors: Vec<_> = document.headings.iter().map(|it| it.anchor.as_str()).collect();
        assert_eq!(anchors, ["one-two", "same", "same-1"]);
        assert_eq!(document.links, ["b.md#c", "q.png"]);
        assert_eq!(document.fences, [Fence { language: "sh".into(), text: "run\n".into(), line: 8 }]);
    }

    #[test]
    fn an_anchor_omits_characters_that_are_invalid_in_a_url() {
        assert_eq!(slug("`MFA_ENV`, and what it refuses!"), "mfa_env-and-what-it-refuses");
        assert_eq!(slug("Où est l’écran ?"), "où-est-lécran-");
    }

    #[test]
    fn table_rows_exclude_the_header_and_first_cells_belong_to_their_heading() {
        let text =
            "# T\n## A\n### B\n| h | i |\n|---|---|\n| `y` z | 1 |\n## C\n| h |\n|---|\n| w |\n".to_owned();
        let document = Document::parse("x.md", text);
        assert_eq!(document.rows(), [vec!["y z", "1"], vec!["w"]]);
        assert_eq!(document.first_cells_under("a"), ["y z"]);
        assert_eq!(document.first_cells_under("t"), ["y z", "w"]);
    }
}
