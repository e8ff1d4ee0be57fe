//! Statistics and the printed tables.

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

/// Prints the head of a table.
pub(crate) fn head(title: &str, columns: &[&str]) {
    println!("\n### {title}\n");
    println!("| {} |", columns.join(" | "));
    println!("| {} |", vec!["---"; columns.len()].join(" | "));
}

/// Columns of [`line`].
pub(crate) const COLUMNS: [&str; 6] =
    ["what", "connections", "verifications/s", "p50 / p99 in ms", "CPU of the server in ms", "beside"];

/// Prints the medians of the rounds of one subject. `beside` is what the rate is compared with.
pub(crate) fn line(what: &str, connections: usize, rounds: &[Measured], beside: &str) {
    let of = |value: fn(&Measured) -> f64| median(rounds.iter().map(value));
    println!(
        "| {what} | {connections} | {:.0} | {:.1} / {:.1} | {:.3} | {beside} |",
        of(|it| it.rate),
        of(|it| it.percentile(50)),
        of(|it| it.percentile(99)),
        of(|it| it.cpu_ms),
    );
}

/// Returns the median rate.
pub(crate) fn rate(rounds: &[Measured]) -> f64 {
    median(rounds.iter().map(|it| it.rate))
}
