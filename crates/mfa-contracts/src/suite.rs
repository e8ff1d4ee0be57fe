//! Runner of the suites.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime::Runtime;

/// Fixture of one rule, with a Tokio runtime of its own.
///
/// Create it outside of asynchronous code: it blocks on the futures of the adapter.
#[derive(Debug)]
pub struct Subject<F> {
    // Dropped before the runtime, which the adapter may use.
    fixture: F,
    runtime: Runtime,
}

impl<F> Subject<F> {
    /// Makes a fixture on a new runtime.
    pub fn new(make: impl FnOnce(&Runtime) -> F) -> Self {
        let runtime = Runtime::new().expect("the system starts threads");
        Self { fixture: make(&runtime), runtime }
    }

    pub(crate) const fn fixture(&self) -> &F {
        &self.fixture
    }

    pub(crate) const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Name of a rule and the function that checks it.
pub(crate) type Rule<F> = (&'static str, fn(&Subject<F>));

/// Checks each rule on a fixture of its own and panics with the names of those that are broken.
pub(crate) fn verify<F>(port: &str, rules: &[Rule<F>], make: impl Fn(&Runtime) -> F) {
    let broken: Vec<_> = rules
        .iter()
        .filter_map(|(name, rule)| {
            let checked = catch_unwind(AssertUnwindSafe(|| rule(&Subject::new(&make))));
            checked.err().map(|panic| format!("{name}: {}", message(panic.as_ref())))
        })
        .collect();
    let (count, all) = (broken.len(), rules.len());
    assert!(broken.is_empty(), "{port}: {count} of {all} rules are broken\n{}", broken.join("\n"));
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}

/// Defines what every suite has: the names of its rules, `verify`, the guard of its fixture, and the macro that makes
/// one test of each rule. `$d` is a dollar sign, for the macro inside.
macro_rules! suite {
    ($d:tt $port:ident, $module:ident, $fixture:ident, $tests:ident: $($rule:ident,)+) => {
        /// Names of the rules, in the order in which [`verify`] checks them.
        pub const RULES: &[&str] = &[$(stringify!($rule)),+];

        #[doc = concat!(
            "Checks every rule of `", stringify!($port), "`, each on a new and empty adapter that `make` makes."
        )]
        ///
        /// # Panics
        ///
        /// If a rule is broken, after all were checked. The message names each broken rule.
        pub fn verify(make: impl Fn(&::tokio::runtime::Runtime) -> $fixture) {
            let rules: &[$crate::suite::Rule<$fixture>] = &[$((stringify!($rule), $rule)),+];
            $crate::suite::verify(stringify!($port), rules, make);
        }

        impl $fixture {
            /// Keeps a resource of the adapter until its rule is checked, for example a temporary database. It is
            /// dropped after the adapter.
            #[must_use]
            pub fn with_guard(mut self, resource: impl ::std::any::Any) -> Self {
                self.guard.keep(resource);
                self
            }
        }

        #[doc = concat!(
            "Defines one `#[test]` for each rule of [`", stringify!($port), "`](crate::", stringify!($module), ").\n\n",
            "Takes what [`verify`](crate::", stringify!($module), "::verify) takes. Call it in a module of its own for ",
            "each adapter: `mod mine { mfa_contracts::", stringify!($tests), "!(super::empty_store); }`."
        )]
        #[macro_export]
        macro_rules! $tests {
            ($d make:expr) => {
                $(
                    #[test]
                    fn $rule() {
                        $crate::$module::$rule(&$crate::Subject::new($d make));
                    }
                )+
            };
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::{accounts, audit_log, rate_limiter, sms_budgets, sms_send_log, statistics, users};

    #[test]
    fn every_rule_is_in_the_suite_of_its_module() {
        for (source, rules) in [
            (include_str!("accounts.rs"), accounts::RULES),
            (include_str!("audit_log.rs"), audit_log::RULES),
            (include_str!("rate_limiter.rs"), rate_limiter::RULES),
            (include_str!("sms_budgets.rs"), sms_budgets::RULES),
            (include_str!("sms_send_log.rs"), sms_send_log::RULES),
            (include_str!("statistics.rs"), statistics::RULES),
            (include_str!("users.rs"), users::RULES),
        ] {
            let written: Vec<_> = source
                .lines()
                .filter_map(|line| line.strip_prefix("pub fn ")?.split_once('('))
                .map(|(name, _)| name)
                .collect();
            assert_eq!(written, rules);
        }
    }
}
