//! Statistics and the printed tables.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Result of one measurement.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Good responses a second.
    pub(crate) rate: f64,
    /// Latencies of good responses in microseconds, sorted.
    pub(crate) latencies: Vec<u32>,
    /// Responses that asked to come back later (503 with `Retry-After`).
    pub(crate) refused: usize,
    /// Processor time of the server for each good response, in milliseconds.
    pub(crate) cpu_ms: f64,
}

impl Measured {
    /// Creates a result from the latencies of the good responses.
    pub(crate) fn new(mut latencies: Vec<u32>, refused: usize, took: Duration, cpu: Duration) -> Self {
        latencies.sort_unstable();
        let good = latencies.len().max(1) as f64;
        Self {
            rate: latencies.len() as f64 / took.as_secs_f64(),
            latencies,
            refused,
            cpu_ms: cpu.as_secs_f64() * 1_000.0 / good,
        }
    }

    /// Returns a percentile of the latency in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let found = self.latencies.get(last * percent / 100).copied().unwrap_or_default();
        f64::from(found) / 1_000.0
    }
}

/// Returns the median.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Columns of [`Table::line`].
pub(crate) const COLUMNS: [&str; 6] =
    ["what", "connections", "verifications/s", "p50 / p99 in ms", "CPU of the server in ms", "beside"];

/// Table of one row of the benchmark, printed line by line.
#[derive(Debug)]
pub(crate) struct Table {
    text: String,
}

impl Table {
    /// Prints the title and the head.
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        println!("\n### {title}\n");
        let mut table = Self { text: String::new() };
        table.print(&format!("| {} |", columns.join(" | ")));
        table.print(&format!("| {} |", vec!["---"; columns.len()].join(" | ")));
        table
    }

    /// Prints a line, given as the text between the outer bars.
    pub(crate) fn cells(&mut self, cells: &str) {
        self.print(&format!("| {cells} |"));
    }

    /// Prints the medians of the rounds of one subject. `beside` is what the rate is compared with.
    pub(crate) fn line(&mut self, what: &str, connections: usize, rounds: &[Measured], beside: &str) {
        let of = |value: fn(&Measured) -> f64| median(rounds.iter().map(value));
        let (rate, cpu) = (of(|it| it.rate), of(|it| it.cpu_ms));
        let (p50, p99) = (of(|it| it.percentile(50)), of(|it| it.percentile(99)));
        self.cells(&format!(
            "{what} | {connections} | {rate:.0} | {p50:.1} / {p99:.1} | {cpu:.3} | {beside}"
        ));
    }

    fn print(&mut self, line: &str) {
        println!("{line}");
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Replaces the table of this row in a document: what stands between `<!-- bench ROW -->` and `<!-- end -->`.
    pub(crate) fn write(&self, document: &Path, row: &str) {
        let old = fs::read_to_string(document).expect("the document is a text file");
        let begin = format!("<!-- bench {row} -->\n");
        let Some((before, rest)) = old.split_once(&begin) else {
            println!("{} has no table of the row {row}: not written", document.display());
            return;
        };
        let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{begin} does not end"));
        let new = format!("{before}{begin}\n{}\n<!-- end -->{after}", self.text);
        fs::write(document, new).expect("the document takes a new table");
    }
}

/// Returns the median rate.
pub(crate) fn rate(rounds: &[Measured]) -> f64 {
    median(rounds.iter().map(|it| it.rate))
}
