//! RFC 3339 times.

use mfa_core::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Formats a time in UTC (RFC 3339). Returns `None` after the year 9999, which the format cannot express.
pub fn rfc3339(at: Timestamp) -> Option<String> {
    let nanoseconds = i128::from(at.millis()).checked_mul(1_000_000)?;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?.format(&Rfc3339).ok()
}

/// Parses an RFC 3339 time with any offset.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let nanoseconds = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    i64::try_from(nanoseconds.checked_div_euclid(1_000_000)?).ok().map(Timestamp::from_millis)
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

    #[test]
    fn a_time_reads_back_whatever_its_offset() {
        let millis = |text| parse_rfc3339(text).map(Timestamp::millis);
        assert_eq!(millis("2026-11-22T22:30:00.25Z"), Some(1_795_386_600_250));
        assert_eq!(millis("2026-11-22T23:30:00.25+01:00"), Some(1_795_386_600_250));
        for bad in ["", "2026-11-22", "2026-11-22T22:30:00", "1795386600", "2026-13-22T22:30:00Z"] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }
}
