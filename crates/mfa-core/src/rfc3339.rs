//! RFC 3339 text of a [`Timestamp`]: formatting and parsing.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Timestamp;

impl Timestamp {
    /// Returns the time in UTC as RFC 3339, such as `2026-11-22T22:30:00.25Z`, with as many decimals as it needs.
    ///
    /// `None` outside the years 0 to 9999, which RFC 3339 cannot express.
    pub fn to_rfc3339(self) -> Option<String> {
        utc(self)?.format(&Rfc3339).ok()
    }

    /// Formats the time in UTC as RFC 3339 with exactly three decimals, such as `2026-11-22T22:30:00.250Z`.
    ///
    /// Texts of this form sort like the times. A time outside the years 0 to 9999, which only a broken clock produces,
    /// is shown as 1970-01-01.
    pub const fn rfc3339_millis(self) -> Rfc3339Millis {
        Rfc3339Millis(self)
    }

    /// Parses an RFC 3339 time with any UTC offset; fractions of a millisecond are cut off.
    ///
    /// `None` if the text is not an RFC 3339 date and time with an offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let nanoseconds = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
        i64::try_from(nanoseconds.checked_div_euclid(1_000_000)?).ok().map(Self::from_millis)
    }
}

/// Formatter for a time as RFC 3339 in UTC with three decimals; see [`Timestamp::rfc3339_millis`].
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339Millis(Timestamp);

impl fmt::Display for Rfc3339Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at =
            utc(self.0).filter(|at| (0..=9999).contains(&at.year())).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        write!(f, "{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())?;
        write!(f, "T{:02}:{:02}:{:02}.{:03}Z", at.hour(), at.minute(), at.second(), at.millisecond())
    }
}

fn utc(at: Timestamp) -> Option<OffsetDateTime> {
    let nanoseconds = i128::from(at.millis()).checked_mul(1_000_000)?;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_three_decimals() {
        let text = |millis| Timestamp::from_millis(millis).rfc3339_millis().to_string();
        assert_eq!(text(1_700_000_000_042), "2023-11-14T22:13:20.042Z");
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::FAR_FUTURE.rfc3339_millis().to_string(), "9999-12-31T00:00:00.000Z");
        assert_eq!(text(i64::MAX), text(0), "a wrong clock does not break a line");
    }

    #[test]
    fn times_are_in_utc_with_as_many_digits_as_they_need() {
        let text = |millis| Timestamp::from_millis(millis).to_rfc3339();
        assert_eq!(text(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(text(1_795_386_600_250).as_deref(), Some("2026-11-22T22:30:00.25Z"));
        assert_eq!(Timestamp::FAR_FUTURE.to_rfc3339().as_deref(), Some("9999-12-31T00:00:00Z"));
        assert_eq!(text(i64::MAX), None);
    }

    #[test]
    fn a_time_reads_back_whatever_its_offset() {
        let millis = |text| Timestamp::parse_rfc3339(text).map(Timestamp::millis);
        assert_eq!(millis("2026-11-22T22:30:00.25Z"), Some(1_795_386_600_250));
        assert_eq!(millis("2026-11-22T23:30:00.25+01:00"), Some(1_795_386_600_250));
        for bad in ["", "2026-11-22", "2026-11-22T22:30:00", "1795386600", "2026-13-22T22:30:00Z"] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }
}
