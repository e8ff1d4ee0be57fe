//! How long things take, and waiting for what comes by itself.

use std::thread;
use std::time::{Duration, Instant};

/// What a call answers, and how long it took.
#[expect(clippy::disallowed_methods, reason = "how long a call takes is what is tested")]
pub fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let answer = call();
    (answer, start.elapsed())
}

/// Whether this holds, or does so within ten seconds: for what other threads and processes do in their own time.
pub fn eventually(holds: impl Fn() -> bool) -> bool {
    (0..500).any(|_| {
        let now = holds();
        if !now {
            thread::sleep(Duration::from_millis(20));
        }
        now
    })
}
