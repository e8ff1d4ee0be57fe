//! Evaluation of licence expressions.
//!
//! Reads SPDX expressions (SPDX 2.3, annex D) and the older form of crates.io, `MIT/Apache-2.0`, where `/` means `OR`.

use std::collections::BTreeSet;

/// Returns whether these licences are enough for the expression; `None` if it is malformed.
pub(crate) fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { words: spaced.split_whitespace().collect(), allowed };
    words.words.reverse();
    let value = words.any()?;
    words.words.is_empty().then_some(value)
}

/// The words that are not read yet, the next one last.
struct Words<'a> {
    words: Vec<&'a str>,
    allowed: &'a BTreeSet<String>,
}

impl Words<'_> {
    /// `all (OR all)*`
    fn any(&mut self) -> Option<bool> {
        let mut value = self.all()?;
        while self.skip("OR") {
            value |= self.all()?;
        }
        Some(value)
    }

    /// `one (AND one)*`
    fn all(&mut self) -> Option<bool> {
        let mut value = self.one()?;
        while self.skip("AND") {
            value &= self.one()?;
        }
        Some(value)
    }

    /// `( any )`, or a licence with or without an exception. An exception only adds permissions.
    fn one(&mut self) -> Option<bool> {
        if self.skip("(") {
            let value = self.any()?;
            return self.skip(")").then_some(value);
        }
        let licence = self.words.pop().filter(|word| is_name(word))?;
        if self.skip("WITH") {
            self.words.pop().filter(|word| is_name(word))?;
        }
        Some(self.allowed.contains(licence))
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.words.last() == Some(&word);
        if found {
            self.words.pop();
        }
        found
    }
}

fn is_name(word: &str) -> bool {
    !["AND", "OR", "WITH", "(", ")"].contains(&word)
}

#[test]
fn an_expression_needs_an_allowed_licence_for_each_part_that_and_joins() {
    let allowed = BTreeSet::from(["MIT", "Apache-2.0", "ISC"].map(str::to_owned));
    for (expression, expected) in [
        ("MIT", Some(true)),
        ("GPL-3.0-only", Some(false)),
        ("MIT OR GPL-3.0-only", Some(true)),
        ("GPL-3.0-only/MIT", Some(true)),
        ("Apache-2.0 AND GPL-3.0-only", Some(false)),
        ("Apache-2.0 AND ISC", Some(true)),
        ("GPL-2.0-only OR MIT AND AGPL-3.0-only", Some(false)),
        ("(GPL-2.0-only OR MIT) AND ISC", Some(true)),
        ("Apache-2.0 WITH LLVM-exception", Some(true)),
        ("GPL-3.0-only WITH Classpath-exception-2.0", Some(false)),
    ] {
        assert_eq!(satisfied(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn a_malformed_expression_satisfies_nothing() {
    let allowed = BTreeSet::from(["MIT".to_owned()]);
    for expression in ["", "MIT OR", "OR MIT", "(MIT", "MIT)", "MIT MIT", "MIT WITH", "MIT AND AND MIT"] {
        assert_eq!(satisfied(expression, &allowed), None, "{expression}");
    }
}
