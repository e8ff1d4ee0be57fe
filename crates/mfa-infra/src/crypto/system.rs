//! Clock and randomness of the operating system. No other module reads them.

use std::time::{Duration, SystemTime};

use mfa_core::{Clock, Entropy, EntropyError, Timestamp};

/// Clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that reads the system's clock")]
    fn now(&self) -> Timestamp {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => millis(before.duration()).saturating_neg(),
        })
    }
}

/// Randomness of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that reads the system's randomness")]
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(buffer).map_err(|_| EntropyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_a_time_of_this_century() {
        let now = SystemClock.now();
        assert!(now > Timestamp::from_seconds(1_700_000_000), "{now}");
        assert!(now < Timestamp::from_seconds(4_102_444_800), "{now}");
    }

    #[test]
    fn two_draws_of_randomness_differ() {
        let (mut one, mut other) = ([0_u8; 32], [0_u8; 32]);
        OsEntropy.fill(&mut one).unwrap();
        OsEntropy.fill(&mut other).unwrap();
        assert_ne!(one, other);
        assert_ne!(one, [0; 32]);
    }
}
