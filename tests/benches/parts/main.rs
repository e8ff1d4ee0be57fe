//! Benchmarks of the parts of a verification: times with criterion, and runs whose instructions `scripts/count-instructions`
//! counts.
//!
//! Run the times with `cargo bench --workspace --bench parts`. Each part checks that its operation succeeded. To add one,
//! implement [`MeasuredPart`](part::MeasuredPart) in a file of its own and list it in [`visit_all`].

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the benchmark prints the names of its parts and a wrong argument"
)]
#![expect(clippy::expect_used, reason = "a failed operation ends the benchmark")]

mod counting;
mod decision;
mod part;
mod passkey;
mod sealing;
mod sqlite;
mod timing;
mod tokens;

use std::process::ExitCode;

use criterion::Criterion;
use mfa_core::Timestamp;
use mfa_jwt::SigningAlgorithm;

use counting::{PartCounter, PartList};
use decision::TotpDecision;
use part::PartVisitor;
use passkey::PasskeyAssertion;
use sealing::{CodeComparison, SecretUnsealing};
use sqlite::SqliteVerification;
use tokens::{AccessTokenSigning, PendingTokenCheck};

/// Time of every operation.
const NOW: Timestamp = nova_mfa_tests::NOON;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--parts"] => visit_all(&mut PartList),
        ["--count", part, iterations] => match PartCounter::parse(part, iterations) {
            Ok(mut counter) => {
                visit_all(&mut counter);
                return counter.finish();
            }
            Err(problem) => {
                eprintln!("{problem}");
                return ExitCode::from(2);
            }
        },
        _ => {
            let mut criterion = Criterion::default().without_plots().configure_from_args();
            visit_all(&mut criterion);
            criterion.final_summary();
        }
    }
    ExitCode::SUCCESS
}

/// Visits every part, with its name and the iterations of a count.
fn visit_all(visitor: &mut impl PartVisitor) {
    visitor.visit("pending-token", 1_000, PendingTokenCheck::open);
    visitor.visit("unseal", 1_000, SecretUnsealing::open);
    visitor.visit("totp-code", 1_000, CodeComparison::open);
    visitor.visit("decision", 1_000, TotpDecision::open);
    visitor.visit("sign-hs256", 1_000, || AccessTokenSigning::open(None));
    visitor.visit("sign-eddsa", 500, || AccessTokenSigning::open(Some(SigningAlgorithm::EdDsa)));
    visitor.visit("sign-es256", 500, || AccessTokenSigning::open(Some(SigningAlgorithm::Es256)));
    visitor.visit("passkey", 100, PasskeyAssertion::open);
    visitor.visit("sqlite", 1_000, SqliteVerification::open);
}
