//! Languages of responses, and their negotiation.

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};

/// Language of texts.
///
/// Exhaustive, so that each text is available in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl From<Language> for mfa_sms::SmsLanguage {
    fn from(language: Language) -> Self {
        match language {
            Language::French => Self::French,
            Language::English => Self::English,
        }
    }
}

impl From<Language> for mfa_core::PreferredLanguage {
    fn from(language: Language) -> Self {
        match language {
            Language::French => Self::French,
            Language::English => Self::English,
        }
    }
}

impl Language {
    /// Returns the language tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// Returns the preferred language of the request (`Accept-Language`, RFC 9110 §12.5.4), or `fallback` if the request
    /// accepts neither language, or any.
    pub fn negotiate(headers: &HeaderMap, fallback: Self) -> Self {
        let ranges = headers.get_all(ACCEPT_LANGUAGE).filter_map(|line| line.to_str().ok());
        let ranges = ranges.flat_map(|line| line.split(',')).take(MAX_RANGES);
        let mut best = (0, fallback);
        for (weight, language) in ranges.filter_map(|range| weighted(range, fallback)) {
            // Strictly greater: the first of equal weights wins.
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    /// Returns the language of a tag or range such as `fr-CA`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or(tag);
        [Self::French, Self::English].into_iter().find(|it| it.tag().eq_ignore_ascii_case(primary))
    }
}

/// Maximum number of ranges that are read: more than any browser sends.
const MAX_RANGES: usize = 32;

fn weighted(range: &str, fallback: Language) -> Option<(u16, Language)> {
    let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
    let tag = tag.trim();
    let language = if tag == "*" { fallback } else { Language::from_tag(tag)? };
    Some((thousandths(weight)?, language))
}

/// Returns the weight of `q=0.8` in thousandths, or `None` if it is not valid.
fn thousandths(weight: &str) -> Option<u16> {
    let (name, value) = weight.trim().split_once('=')?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|it| it.is_ascii_digit());
    if !name.eq_ignore_ascii_case("q") || !digits {
        return None;
    }
    match whole {
        "0" => format!("{fraction:0<3}").parse().ok(),
        "1" if fraction.bytes().all(|it| it == b'0') => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn asked(lines: &[&'static str]) -> Language {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static(line));
        }
        Language::negotiate(&headers, Language::French)
    }

    #[test]
    fn the_language_with_the_greatest_weight_is_spoken() {
        assert_eq!(asked(&["en"]), Language::English);
        assert_eq!(asked(&["fr;q=0.3, en;q=0.8"]), Language::English);
        assert_eq!(asked(&["de, en-GB;q=0.7, fr;q=0.9"]), Language::French);
        assert_eq!(asked(&["EN-us"]), Language::English);
        assert_eq!(asked(&["fr;q=0.5", "en;q=0.51"]), Language::English);
    }

    #[test]
    fn of_equals_the_first_one_named_is_spoken() {
        assert_eq!(asked(&["en, fr"]), Language::English);
        assert_eq!(asked(&["fr, en"]), Language::French);
        assert_eq!(asked(&["en;q=1, *"]), Language::English);
    }

    #[test]
    fn the_fallback_is_spoken_where_none_of_ours_is_negotiate() {
        for lines in
            [&[][..], &["de"], &["*"], &["en;q=0"], &["en;q=2"], &["en;q=x"], &["en;q=0.1234"], &[",;,="]]
        {
            assert_eq!(asked(lines), Language::French, "{lines:?}");
        }
    }
}
