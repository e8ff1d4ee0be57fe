//! Times as answers write them.

use mfa_core::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time in UTC as RFC 3339 writes it; `None` beyond the year 9999, which it cannot write.
pub(crate) fn rfc3339(at: Timestamp) -> Option<String> {
    let nanoseconds = i128::from(at.millis()).checked_mul(1_000_000)?;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_with_as_many_digits_as_they_need() {
        let text = |millis| rfc3339(Timestamp::from_millis(millis));
        assert_eq!(text(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(text(1_795_386_600_250).as_deref(), Some("2026-11-22T22:30:00.25Z"));
        assert_eq!(rfc3339(Timestamp::FAR_FUTURE).as_deref(), Some("9999-12-31T00:00:00Z"));
        assert_eq!(text(i64::MAX), None);
    }
}
