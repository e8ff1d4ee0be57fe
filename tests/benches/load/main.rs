//! Load test of the release build: rate, latency and processor time of verifications, beside the limit of the bare database.
//!
//! Run it with `scripts/bench`, which builds both programs. Server, database and load generator share the machine, so only
//! ratios within a run carry over to another one.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the benchmark prints a table and its progress"
)]
#![expect(clippy::expect_used, clippy::panic, reason = "a failed step ends the benchmark")]
#![expect(clippy::arithmetic_side_effects, reason = "counts of a benchmark are small")]
#![expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures times and reads its environment")]

mod bare;
mod generator;
mod population;
mod scenario;
mod server;
mod slow;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Options of the command line.
#[derive(Debug)]
struct Options {
    seconds: Duration,
    rounds: usize,
    users: usize,
    baseline: Option<PathBuf>,
    write: Option<PathBuf>,
    rows: Vec<String>,
}

fn main() -> ExitCode {
    let options = match read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("scripts/bench: {problem}; see scripts/bench --help");
            return ExitCode::from(2);
        }
    };
    for row in &options.rows {
        let table = match row.as_str() {
            "postgres" => scenario::postgres(&options),
            "sqlite" => scenario::sqlite(&options),
            "redis" => scenario::redis(&options),
            "million" => scenario::million(&options),
            "passkeys" => slow::passkeys(&options),
            "passwords" => slow::passwords(&options),
            "overload" => scenario::overload(&options),
            _ => scenario::memory(&options),
        };
        if let Some(document) = &options.write {
            table.write(document, row);
        }
    }
    ExitCode::SUCCESS
}

/// Reads the command line, which `scripts/bench` explains.
fn read(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    const ROWS: [&str; 8] =
        ["postgres", "sqlite", "redis", "million", "passkeys", "passwords", "overload", "memory"];
    let mut options = Options {
        seconds: Duration::from_secs(6),
        rounds: 3,
        users: 200_000,
        baseline: None,
        write: None,
        rows: Vec::new(),
    };
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            value.parse::<usize>().ok().filter(|it| *it > 0).ok_or_else(|| format!("{value} is no number"))
        };
        match word.as_str() {
            // `cargo bench` passes it.
            "--bench" => {}
            "--seconds" => options.seconds = Duration::from_secs(number()? as u64),
            "--rounds" => options.rounds = number()?,
            "--users" => options.users = number()?,
            "--baseline" => options.baseline = Some(file(&word, words.next())?),
            "--write" => options.write = Some(file(&word, words.next())?),
            row if ROWS.contains(&row) => options.rows.push(word),
            _ => return Err(format!("unknown argument {word}")),
        }
    }
    if options.rows.is_empty() {
        options.rows = ROWS.into_iter().filter(|it| *it != "million").map(str::to_owned).collect();
    }
    Ok(options)
}

/// Returns the absolute path of an existing file.
fn file(option: &str, value: Option<String>) -> Result<PathBuf, String> {
    let path = PathBuf::from(value.ok_or_else(|| format!("{option} needs a file"))?);
    path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))
}
