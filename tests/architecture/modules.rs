//! Rule: modules do not import each other in a circle.
//!
//! At each level of a crate the modules side by side, each with all that is below it, must be without a circle. A module
//! and the modules inside it may use each other. An item that is re-exported counts as imported from where it is defined.

use std::collections::{BTreeMap, BTreeSet};

use crate::architecture::source::{SourceFile, files};

/// A path of a `use` declaration or an expression, as it is written.
#[derive(Debug)]
struct Import {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

/// Imports between modules, each with an example.
type Edges = BTreeMap<(Vec<String>, Vec<String>), String>;

/// A sentence for each circle of modules in a crate.
pub(crate) fn circles(folder: &std::path::Path) -> Vec<String> {
    circles_of(&files(folder))
}

fn circles_of(files: &[SourceFile]) -> Vec<String> {
    let imports: BTreeMap<_, _> = files.iter().map(|it| (it.module.clone(), imports(&it.code))).collect();
    let mut levels: BTreeMap<Vec<String>, Edges> = BTreeMap::new();
    for (from, list) in &imports {
        for import in list.iter().filter(|it| !it.is_public) {
            let Some(to) = resolve(&imports, from, &import.path, 0) else { continue };
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) else { continue };
            let example = format!("{} uses {}", from.join("::"), import.path.join("::"));
            levels
                .entry(from[..shared].to_vec())
                .or_default()
                .entry((vec![a.clone()], vec![b.clone()]))
                .or_insert(example);
        }
    }
    levels.iter().flat_map(|(level, edges)| sentences(level, edges)).collect()
}

/// Follows each edge as far as it leads; where that is back, there is a circle.
fn sentences(level: &[String], edges: &Edges) -> Vec<String> {
    let mut sentences = Vec::new();
    for ((from, to), example) in edges {
        let mut reached = BTreeSet::new();
        let mut next = vec![to.clone()];
        while let Some(module) = next.pop() {
            if reached.insert(module.clone()) {
                next.extend(edges.keys().filter(|(it, _)| *it == module).map(|(_, it)| it.clone()));
            }
        }
        if reached.contains(from) {
            let level = if level.is_empty() { "the crate".to_owned() } else { level.join("::") };
            sentences.push(format!(
                "in {level}, {} and {} import each other: {example}",
                from.join("::"),
                to.join("::")
            ));
        }
    }
    sentences
}

/// The module in which the item of a path is defined; `None` for another crate, or for a module as such.
fn resolve(
    imports: &BTreeMap<Vec<String>, Vec<Import>>,
    from: &[String],
    path: &[String],
    depth: usize,
) -> Option<Vec<String>> {
    if depth > 8 {
        return None;
    }
    let mut module = from.to_vec();
    let mut path = path;
    match path.first()?.as_str() {
        "crate" => {
            module.clear();
            path = &path[1..];
        }
        "self" => path = &path[1..],
        "super" => {
            while path.first().is_some_and(|it| it == "super") {
                module.pop();
                path = &path[1..];
            }
        }
        child => {
            module.push(child.to_owned());
            if !imports.contains_key(&module) {
                return None;
            }
            path = &path[1..];
        }
    }
    while let Some(child) = path.first() {
        module.push(child.clone());
        if !imports.contains_key(&module) {
            module.pop();
            break;
        }
        path = &path[1..];
    }
    let item = path.first()?;
    let list = imports.get(&module)?;
    if let Some(exported) = list.iter().find(|it| it.is_public && it.name == *item) {
        let rest = [&exported.path, &path[1..]].concat();
        if let Some(defined) = resolve(imports, &module, &rest, depth.saturating_add(1)) {
            return Some(defined);
        }
    }
    Some(module)
}

/// The paths that a file imports by `use`, and those that it writes out.
fn imports(code: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in code.split_inclusive([';', '{', '}']) {
        rest.push_str(statement);
    }
    let mut written_out = String::new();
    let mut at = 0;
    while let Some(start) = next_use(&rest, at) {
        let end = rest[start..].find(';').map_or(rest.len(), |length| start.saturating_add(length));
        written_out.push_str(&rest[at..start]);
        let is_public = is_public(&rest[..start]);
        expand(&rest[start.saturating_add(4)..end], &[], is_public, &mut found);
        at = end;
    }
    written_out.push_str(&rest[at..]);
    let by_name: BTreeMap<_, _> = found.iter().map(|it| (it.name.clone(), it.path.clone())).collect();
    for path in paths(&written_out) {
        let path = match by_name.get(&path[0]) {
            Some(imported) => [imported, &path[1..]].concat(),
            None => path,
        };
        found.push(Import { path, name: String::new(), is_public: false });
    }
    found
}

fn next_use(code: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = code[at..].find("use ") {
        let start = at.saturating_add(found);
        let before = code[..start].chars().next_back();
        if before.is_none_or(|it| !it.is_alphanumeric() && it != '_') {
            return Some(start);
        }
        at = start.saturating_add(4);
    }
    None
}

/// Whether `pub` or `pub(…)` stands before a `use`.
fn is_public(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("pub")
        || (before.ends_with(')')
            && before.rfind("pub(").is_some_and(|at| !before[at..].contains([';', '}'])))
}

/// Each path of a `use` tree.
fn expand(tree: &str, prefix: &[String], is_public: bool, found: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let prefix = [prefix, &segments(head)].concat();
        let group = group.trim_end().strip_suffix('}').unwrap_or(group);
        for part in split_at_commas(group) {
            expand(part, &prefix, is_public, found);
        }
        return;
    }
    let (path, alias) =
        tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let mut path = [prefix, &segments(path)].concat();
    if path.last().is_some_and(|it| it == "self") && path.len() > 1 {
        path.pop();
    }
    let Some(last) = path.last().cloned() else { return };
    found.push(Import { path, name: alias.map_or(last, str::to_owned), is_public });
}

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

fn split_at_commas(group: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts.into_iter().filter(|it| !it.trim().is_empty()).collect()
}

/// Every path of two or more segments in code.
fn paths(code: &str) -> Vec<Vec<String>> {
    code.split(|it: char| !(it.is_alphanumeric() || it == '_' || it == ':'))
        .map(segments)
        .filter(|it| it.len() > 1)
        .collect()
}

fn file(module: &str, code: &str) -> SourceFile {
    SourceFile { path: module.into(), module: segments(module), code: code.to_owned() }
}

#[test]
fn a_circle_is_found_whatever_form_the_imports_have() {
    for (a, b) in [
        ("use crate::b::B; pub struct A;", "use super::a::A; pub struct B;"),
        ("use crate::{b::{B, C}, x}; pub struct A;", "pub struct B; fn f() { crate::a::g() }"),
        ("use crate::B; pub struct A;", "pub struct B; fn f(_: super::a::A) {}"),
    ] {
        let root = file("", "mod a; mod b; pub use b::B;");
        let found = circles_of(&[root, file("a", a), file("b", b)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("in the crate, a and b import each other: a uses "), "{found:?}");
    }
}

#[test]
fn a_circle_of_three_and_one_below_the_root_are_found() {
    let three = [
        file("", ""),
        file("m", ""),
        file("m::a", "use super::b::B; pub struct A;"),
        file("m::b", "use super::c::C; pub struct B;"),
        file("m::c", "use super::a::A; pub struct C;"),
    ];
    assert_eq!(circles_of(&three).len(), 3);
}

#[test]
fn a_line_of_imports_and_a_parent_with_its_children_are_no_circle() {
    let line = [
        file("", "mod a; mod b; pub use a::A; use b::B;"),
        file("a", "use crate::b::B; pub struct A; mod inner; use inner::I;"),
        file("a::inner", "use super::A; pub struct I;"),
        file("b", "pub struct B; use std::fmt;"),
    ];
    assert_eq!(circles_of(&line), [""; 0]);
}
