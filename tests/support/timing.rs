//! Measurement of durations, and waiting for conditions.

use std::thread;
use std::time::{Duration, Instant};

/// Returns the result of a call and its duration.
#[expect(clippy::disallowed_methods, reason = "the duration of a call is tested")]
pub fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let answer = call();
    (answer, start.elapsed())
}

/// Whether the condition becomes true within ten seconds, for changes made by other threads and processes.
pub fn eventually(holds: impl Fn() -> bool) -> bool {
    (0..500).any(|_| {
        let now = holds();
        if !now {
            thread::sleep(Duration::from_millis(20));
        }
        now
    })
}
