//! Region of the browser, for the format of dates in English.

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};

/// Region whose dates the pages write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// Month first, and hours to twelve.
    UnitedStates,
    /// Day first, and hours to 24.
    Other,
}

impl Region {
    /// Returns the region of the first English range in `Accept-Language`.
    pub(super) fn negotiate(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(ACCEPT_LANGUAGE).filter_map(|line| line.to_str().ok());
        let mut tags = lines.flat_map(|line| line.split(',')).filter_map(|range| range.split(';').next());
        let first = tags.find_map(|tag| {
            let tag = tag.trim().to_ascii_lowercase();
            (tag == "en" || tag.starts_with("en-")).then_some(tag)
        });
        if first.is_some_and(|it| it == "en-us") { Self::UnitedStates } else { Self::Other }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn dates_are_american_only_if_the_browser_is() {
        for (line, expected) in [
            ("en-US,en;q=0.9", Region::UnitedStates),
            ("fr-FR, EN-us;q=0.5", Region::UnitedStates),
            ("en-GB,en-US;q=0.9", Region::Other),
            ("en", Region::Other),
            ("fr", Region::Other),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static(line));
            assert_eq!(Region::negotiate(&headers), expected, "{line}");
        }
    }
}
