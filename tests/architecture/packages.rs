//! Which crates of others may come in.

use std::collections::BTreeMap;

use cargo_metadata::Metadata;

/// Crates that must not be in the product, not even through another crate.
const REFUSED: [(&str, &str); 4] = [
    ("actix-governor", "it is under the GPL"),
    ("jsonwebtoken", "tokens are josekit's; this one takes HMAC secrets of one byte"),
    ("libotp", "it is under the GPL"),
    ("rsa", "its timing leaks the key (RUSTSEC-2023-0071)"),
];

/// The crates of others that the workspace lists, with their licences.
pub(crate) fn direct_dependencies(metadata: &Metadata) -> BTreeMap<String, Option<String>> {
    let resolve = metadata.resolve.as_ref().unwrap();
    resolve
        .nodes
        .iter()
        .filter(|node| metadata.workspace_members.contains(&node.id))
        .flat_map(|node| &node.dependencies)
        .filter(|id| !metadata.workspace_members.contains(id))
        .map(|id| &metadata[id])
        .map(|package| (package.name.to_string(), package.license.clone()))
        .collect()
}

/// A sentence for each crate whose licence is unknown or asks something of those who use ours.
pub(crate) fn with_unfit_licence(packages: &BTreeMap<String, Option<String>>) -> Vec<String> {
    packages
        .iter()
        .filter_map(|(name, licence)| match licence {
            None => Some(format!("{name} names no licence")),
            // One test for GPL, LGPL and AGPL.
            Some(licence) if licence.contains("GPL") => Some(format!("{name} is under {licence}")),
            Some(_) => None,
        })
        .collect()
}

/// A sentence for each of these crates that we refuse.
pub(crate) fn refused<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names
        .filter_map(|name| REFUSED.iter().find(|(refused, _)| *refused == name))
        .map(|(name, reason)| format!("{name} must not come in: {reason}"))
        .collect()
}

#[test]
fn copyleft_and_unknown_licences_are_noticed() {
    let licences = [
        ("agpl", Some("AGPL-3.0-only")),
        ("gpl", Some("GPL-3.0-or-later")),
        ("lgpl", Some("MIT OR LGPL-2.1-or-later")),
        ("mit", Some("MIT OR Apache-2.0")),
        ("none", None),
    ]
    .map(|(name, licence)| (name.to_owned(), licence.map(str::to_owned)));
    let noticed = [
        "agpl is under AGPL-3.0-only",
        "gpl is under GPL-3.0-or-later",
        "lgpl is under MIT OR LGPL-2.1-or-later",
        "none names no licence",
    ];
    assert_eq!(with_unfit_licence(&BTreeMap::from(licences)), noticed);
}

#[test]
fn a_refused_crate_is_noticed() {
    assert_eq!(refused(["serde", "libotp"].into_iter()), ["libotp must not come in: it is under the GPL"]);
}
