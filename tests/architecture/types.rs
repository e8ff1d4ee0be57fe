//! Rule: no two types of the workspace have the same name.

use std::collections::BTreeMap;

use crate::architecture::source::{files, source_folders};

/// Names of types that are private to one file and may be used in several.
///
/// Such a type is a detail of its file, and its name would only repeat the name of the file.
const PRIVATE: [&str; 2] = ["ColumnTypes", "Prepare"];

/// A sentence for each name that stands twice.
pub(crate) fn names_used_twice() -> Vec<String> {
    let mut places: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for file in source_folders().iter().flat_map(|folder| files(folder)) {
        for (name, is_public) in types(&file.code) {
            places.entry(name).or_default().push((file.path.display().to_string(), is_public));
        }
    }
    places
        .into_iter()
        .filter(|(name, places)| {
            let is_exception = PRIVATE.contains(&name.as_str()) && !places.iter().any(|(_, public)| *public);
            places.len() > 1 && !is_exception
        })
        .map(|(name, places)| {
            let places: Vec<_> = places.into_iter().map(|(path, _)| path).collect();
            format!("{name} is defined in {}: give each type a name of its own", places.join(" and "))
        })
        .collect()
}

/// The types that code defines, and whether they are visible outside their file.
fn types(code: &str) -> Vec<(String, bool)> {
    code.lines()
        .filter_map(|line| {
            // An associated type is indented; a type inside a function is not a name that others read.
            let is_public = line.starts_with("pub");
            let definition = match line.strip_prefix("pub") {
                Some(scope) if scope.starts_with('(') => scope.split_once(") ")?.1,
                Some(definition) => definition.trim_start(),
                None => line,
            };
            let (keyword, rest) = definition.split_once(' ')?;
            let is_type = ["struct", "enum", "trait", "type", "union"].contains(&keyword);
            let name: String = rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
            (is_type && !name.is_empty()).then_some((name, is_public))
        })
        .collect()
}

#[test]
fn definitions_are_found_with_their_visibility() {
    let code = "pub struct A;\npub(in crate::a) enum B {}\nstruct C<T>(T);\n    type D = u8;\ntype E = u8;\nfn f() {}\n";
    let expected = [("A", true), ("B", true), ("C", false), ("E", false)];
    assert_eq!(types(code), expected.map(|(name, public)| (name.to_owned(), public)));
}
