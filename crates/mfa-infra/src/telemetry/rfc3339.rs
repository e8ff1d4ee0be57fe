//! How a time is written in the log.

use std::fmt;

use mfa_core::Timestamp;
use time::OffsetDateTime;

/// Shows a time as `2026-11-22T08:05:09.042Z`: RFC 3339, UTC, always three decimals, so that lines sort as text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rfc3339(pub(super) Timestamp);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0.millis()).saturating_mul(1_000_000);
        // Out of the years that have four digits there is nothing to write; such a time comes from a broken clock.
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos)
            .ok()
            .filter(|at| (0..=9999).contains(&at.year()))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        write!(f, "{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())?;
        write!(f, "T{:02}:{:02}:{:02}.{:03}Z", at.hour(), at.minute(), at.second(), at.millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_three_decimals() {
        let text = |millis| Rfc3339(Timestamp::from_millis(millis)).to_string();
        assert_eq!(text(1_700_000_000_042), "2023-11-14T22:13:20.042Z");
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(Rfc3339(Timestamp::FAR_FUTURE).to_string(), "9999-12-31T00:00:00.000Z");
        assert_eq!(text(i64::MAX), text(0), "a broken clock breaks no line");
    }
}
