//! Times and countdowns. Without scripts, times are in UTC and countdowns do not move.

use maud::{Markup, html};
use mfa_core::Timestamp;
use time::OffsetDateTime;

use crate::request::PageRequest;

/// Renders a time in the reader's language; a script converts it to the reader's time zone.
pub(crate) fn moment(request: &PageRequest, at: Timestamp) -> Markup {
    let parts = OffsetDateTime::from_unix_timestamp(at.seconds()).ok();
    let Some((parts, machine)) = parts.zip(Timestamp::from_seconds(at.seconds()).to_rfc3339()) else {
        return html! { "–" };
    };
    let month = request.translate(&format!("month-{}", u8::from(parts.month())));
    let name = if request.format_tag() == "en-US" { "moment.us" } else { "moment" };
    let text = request.translate_with(
        name,
        &[
            ("day", parts.day().to_string().into()),
            ("month", month.into()),
            ("year", parts.year().to_string().into()),
            ("time", format!("{:02}:{:02}", parts.hour(), parts.minute()).into()),
        ],
    );
    html! { time.moment datetime=(machine) { (text) } }
}

/// Formats the day of a time in the reader's language, for a sheet of paper.
pub(crate) fn day(request: &PageRequest, at: Timestamp) -> String {
    let Ok(parts) = OffsetDateTime::from_unix_timestamp(at.seconds()) else { return String::new() };
    let month = request.translate(&format!("month-{}", u8::from(parts.month())));
    let name = if request.format_tag() == "en-US" { "day.us" } else { "day" };
    request.translate_with(
        name,
        &[
            ("day", parts.day().to_string().into()),
            ("month", month.into()),
            ("year", parts.year().to_string().into()),
        ],
    )
}

/// Renders a countdown, which a script updates.
pub(crate) fn countdown(request: &PageRequest, seconds: u64) -> Markup {
    html! {
        strong.countdown role="timer" data-seconds=(seconds) data-over=(request.translate("wait-over")) {
            (span_of_time(seconds))
        }
    }
}

/// Formats a duration in units that both languages share; `clock.js` formats it the same way.
fn span_of_time(seconds: u64) -> String {
    let (minutes, rest) = (seconds.div_euclid(60), seconds.rem_euclid(60));
    let (hours, minutes_of_hour) = (minutes.div_euclid(60), minutes.rem_euclid(60));
    match (hours, minutes) {
        (0, 0) => format!("{rest}\u{a0}s"),
        (0, _) => format!("{minutes}\u{a0}min {rest:02}\u{a0}s"),
        _ => format!("{hours}\u{a0}h {minutes_of_hour:02}\u{a0}min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_the_two_units_that_matter() {
        let spans = [0, 59, 60, 899, 3600, 86_399].map(span_of_time);
        let spaced = spans.map(|it| it.replace('\u{a0}', " "));
        assert_eq!(spaced, ["0 s", "59 s", "1 min 00 s", "14 min 59 s", "1 h 00 min", "23 h 59 min"]);
    }
}
