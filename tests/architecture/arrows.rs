//! Rule: crates depend on each other only as the map allows.

use cargo_metadata::{DependencyKind, Metadata};

/// The crates that hold rules and do no I/O.
const DOMAIN: [&str; 8] =
    ["mfa-core", "mfa-totp", "mfa-passkey", "mfa-sms", "mfa-recovery", "mfa-jwt", "mfa-mail", "mfa-flows"];

/// The crates that may use actix-web: the HTTP layer, the pages, the applications, and the tests that drive them.
const MEETS_HTTP: [&str; 6] =
    ["mfa-http", "mfa-pages", "mfa-server", "mfa-admin", "nova-mfa-examples", "nova-mfa-tests"];

/// The crates that only tests use, so that they may list the in-memory adapters.
const FOR_TESTS: [&str; 2] = ["mfa-contracts", "nova-mfa-tests"];

/// Runtimes, networks, databases, files and logs, by the first word of the crate's name (`tokio` is `tokio-util` too).
const OUTSIDE: [&str; 17] = [
    "actix",
    "async",
    "config",
    "deadpool",
    "diesel",
    "dotenvy",
    "hyper",
    "libsqlite3",
    "mio",
    "pq",
    "r2d2",
    "redis",
    "reqwest",
    "slog",
    "sqlx",
    "tokio",
    "ureq",
];

/// A crate of the workspace and what it lists.
pub(crate) struct Member {
    name: String,
    listed: Vec<Listed>,
}

/// One line of a crate's dependencies.
struct Listed {
    name: String,
    for_tests: bool,
    features: Vec<String>,
}

/// The crates of the workspace, as cargo read them.
pub(crate) fn members(metadata: &Metadata) -> Vec<Member> {
    let listed = |dependency: &cargo_metadata::Dependency| Listed {
        name: dependency.name.clone(),
        for_tests: dependency.kind == DependencyKind::Development,
        features: dependency.features.clone(),
    };
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| Member {
            name: package.name.to_string(),
            listed: package.dependencies.iter().map(listed).collect(),
        })
        .collect()
}

/// A sentence for each dependency that breaks the map.
pub(crate) fn forbidden(members: &[Member]) -> Vec<String> {
    let is_member = |name: &str| members.iter().any(|member| member.name == name);
    let mut sentences = Vec::new();
    for member in members {
        let name = member.name.as_str();
        let Some(below) = below(name) else {
            sentences.push(format!(
                "{name} has no place in the map: give it one here and in docs/architecture.md"
            ));
            continue;
        };
        for listed in &member.listed {
            let target = listed.name.as_str();
            // Tests may use what they like, but an arrow upwards would be a circle even for them.
            if is_member(target) && !below.contains(&target) {
                sentences.push(format!("{name} must not depend on {target}: arrows point down only"));
            }
            if is_of(target, "actix") && !MEETS_HTTP.contains(&name) {
                sentences
                    .push(format!("{name} must not depend on {target}: HTTP belongs to mfa-http and above"));
            }
            if listed.for_tests {
                continue;
            }
            if DOMAIN.contains(&name) && OUTSIDE.iter().any(|family| is_of(target, family)) {
                sentences.push(format!("{name} must not depend on {target}: the domain does no I/O"));
            }
            if target == "mfa-core"
                && listed.features.iter().any(|feature| feature == "testing")
                && !FOR_TESTS.contains(&name)
            {
                sentences.push(format!("{name} must not ship mfa-core's feature `testing`"));
            }
        }
    }
    sentences
}

/// Returns the crates that a crate may depend on; `None` for a crate that the map does not have.
fn below(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "mfa-core" => &[],
        "mfa-totp" | "mfa-passkey" | "mfa-sms" | "mfa-recovery" | "mfa-jwt" | "mfa-mail" => &["mfa-core"],
        "mfa-flows" => &["mfa-core", "mfa-totp", "mfa-passkey", "mfa-sms", "mfa-recovery", "mfa-jwt"],
        // The ports and nothing that implements them.
        "mfa-contracts" => &["mfa-core", "mfa-sms"],
        "mfa-infra" => &DOMAIN,
        "mfa-http" | "mfa-admin" => &[
            "mfa-core",
            "mfa-totp",
            "mfa-passkey",
            "mfa-sms",
            "mfa-recovery",
            "mfa-jwt",
            "mfa-flows",
            "mfa-infra",
        ],
        "mfa-pages" => &[
            "mfa-core",
            "mfa-totp",
            "mfa-passkey",
            "mfa-sms",
            "mfa-recovery",
            "mfa-jwt",
            "mfa-flows",
            "mfa-infra",
            "mfa-http",
        ],
        "mfa-server" => &["mfa-core", "mfa-infra", "mfa-http", "mfa-pages"],
        "nova-mfa-examples" => &[
            "mfa-core",
            "mfa-totp",
            "mfa-passkey",
            "mfa-sms",
            "mfa-recovery",
            "mfa-jwt",
            "mfa-flows",
            "mfa-contracts",
            "mfa-infra",
            "mfa-http",
            "mfa-pages",
        ],
        "nova-mfa-tests" => &[
            "mfa-core",
            "mfa-totp",
            "mfa-passkey",
            "mfa-sms",
            "mfa-recovery",
            "mfa-jwt",
            "mfa-mail",
            "mfa-flows",
            "mfa-contracts",
            "mfa-infra",
            "mfa-http",
            "mfa-pages",
            "mfa-server",
            "mfa-admin",
        ],
        _ => return None,
    })
}

fn is_of(name: &str, family: &str) -> bool {
    name.split(['-', '_']).next() == Some(family)
}

fn member(name: &str, listed: &[&str]) -> Member {
    let listed =
        listed.iter().map(|name| Listed { name: (*name).to_owned(), for_tests: false, features: vec![] });
    Member { name: name.to_owned(), listed: listed.collect() }
}

fn for_tests(mut member: Member) -> Member {
    for listed in &mut member.listed {
        listed.for_tests = true;
    }
    member
}

/// Returns the violations after `user` is added to a workspace that follows the map.
fn violations_with(user: Member) -> Vec<String> {
    let mut members: Vec<_> = MEETS_HTTP
        .iter()
        .chain(&DOMAIN)
        .chain(&["mfa-infra", "mfa-contracts"])
        .filter(|name| **name != user.name)
        .map(|name| member(name, &[]))
        .collect();
    members.push(user);
    forbidden(&members)
}

#[test]
fn arrows_down_the_map_are_free() {
    for allowed in [
        member("mfa-core", &["serde", "subtle"]),
        member("mfa-flows", &["mfa-core", "mfa-jwt"]),
        member("mfa-infra", &["mfa-flows", "mfa-sms", "diesel", "tokio", "slog-json"]),
        member("mfa-http", &["mfa-infra", "mfa-flows", "actix-web", "tokio"]),
        member("mfa-pages", &["mfa-http", "mfa-infra", "actix-web", "maud"]),
        member("mfa-server", &["mfa-http", "mfa-pages", "tokio"]),
        member("mfa-contracts", &["mfa-core", "mfa-sms", "tokio"]),
        member("nova-mfa-tests", &["mfa-server", "mfa-admin", "mfa-contracts", "ureq"]),
    ] {
        assert_eq!(violations_with(allowed), [""; 0]);
    }
}

#[test]
fn arrows_up_or_across_the_map_are_refused() {
    for (from, to) in [
        ("mfa-core", "mfa-totp"),
        ("mfa-totp", "mfa-jwt"),
        ("mfa-passkey", "mfa-totp"),
        ("mfa-sms", "mfa-flows"),
        ("mfa-mail", "mfa-sms"),
        ("mfa-flows", "mfa-mail"),
        ("mfa-flows", "mfa-infra"),
        ("mfa-infra", "mfa-http"),
        ("mfa-infra", "mfa-contracts"),
        ("mfa-contracts", "mfa-infra"),
        ("mfa-contracts", "mfa-flows"),
        ("mfa-http", "mfa-pages"),
        ("mfa-pages", "mfa-server"),
        ("mfa-server", "mfa-flows"),
        ("mfa-admin", "mfa-server"),
        ("mfa-server", "mfa-admin"),
        ("mfa-server", "nova-mfa-tests"),
    ] {
        let sentence = format!("{from} must not depend on {to}: arrows point down only");
        assert_eq!(violations_with(member(from, &[to])), [sentence.as_str()]);
        assert_eq!(violations_with(for_tests(member(from, &[to]))), [sentence.as_str()]);
    }
}

#[test]
fn a_domain_crate_that_lists_io_is_refused_unless_for_its_tests() {
    for name in DOMAIN {
        for io in [
            "tokio",
            "tokio-util",
            "diesel_migrations",
            "r2d2",
            "redis",
            "deadpool-redis",
            "ureq",
            "config",
            "slog",
        ] {
            let sentence = format!("{name} must not depend on {io}: the domain does no I/O");
            assert_eq!(violations_with(member(name, &[io])), [sentence]);
            assert_eq!(violations_with(for_tests(member(name, &[io]))), [""; 0]);
        }
    }
}

#[test]
fn only_the_applications_meet_http() {
    let sentence = "mfa-infra must not depend on actix-web: HTTP belongs to mfa-http and above";
    assert_eq!(violations_with(member("mfa-infra", &["actix-web"])), [sentence]);
    assert_eq!(violations_with(for_tests(member("mfa-infra", &["actix-web"]))), [sentence]);
}

#[test]
fn the_in_memory_adapters_are_not_shipped() {
    let mut infra = member("mfa-infra", &["mfa-core"]);
    infra.listed[0].features.push("testing".to_owned());
    let mut contracts = member("mfa-contracts", &["mfa-core"]);
    contracts.listed[0].features.push("testing".to_owned());
    assert_eq!(violations_with(contracts), [""; 0]);
    assert_eq!(violations_with(for_tests(member("mfa-infra", &["mfa-core"]))), [""; 0]);
    assert_eq!(violations_with(infra), ["mfa-infra must not ship mfa-core's feature `testing`"]);
}

#[test]
fn a_crate_without_a_place_in_the_map_is_refused() {
    let sentence = "mfa-utils has no place in the map: give it one here and in docs/architecture.md";
    assert_eq!(violations_with(member("mfa-utils", &[])), [sentence]);
}
