//! Phone numbers in E.164.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType, Region};

/// Maximum length of the input in characters: room for a separator after every digit.
const MAX_INPUT_CHARS: usize = 64;
/// Regions of the French numbering plan. Each dials the numbers of the others with ten digits, without a country code.
const FRENCH_PLAN: [Region; 9] = [
    Region::FR,
    Region::GP,
    Region::MQ,
    Region::GF,
    Region::RE,
    Region::YT,
    Region::PM,
    Region::BL,
    Region::MF,
];
/// National numbers of nine digits, which are dialled with ten.
const NINE_DIGITS: std::ops::RangeInclusive<u64> = 100_000_000..=999_999_999;
/// Digits at the end that the masked form shows.
const VISIBLE_DIGITS: usize = 2;
/// Digits at the end that are not part of the prefix.
const LINE_DIGITS: usize = 4;

/// Valid phone number in E.164, according to the numbering plans.
///
/// Personal data: `Debug` shows the masked form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    e164: String,
    country: String,
    calling_code: String,
    kind: PhoneNumberType,
}

/// Error for a text that is not a phone number. It does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// No numbering plan has such a number, or it has an extension.
    #[error("this is not a phone number")]
    NotANumber,
}

impl PhoneNumber {
    /// Parses a number in international form, or in the national form of `country` (ISO 3166 code such as `FR`).
    ///
    /// Separators, blanks of any width, direction marks, digits of other scripts and the prefix `tel:` are accepted.
    /// Letters are not: neither vanity numbers nor extensions, which no SMS can reach. With an unknown country, only the
    /// international form is accepted. Numbers of the French overseas regions are read as they are dialled in France.
    ///
    /// # Errors
    ///
    /// [`PhoneError::NotANumber`] for anything but a valid number: report a malformed field.
    pub fn parse(text: &str, country: &str) -> Result<Self, PhoneError> {
        if text.chars().nth(MAX_INPUT_CHARS).is_some() {
            return Err(PhoneError::NotANumber);
        }
        let text = plain(text);
        if text.chars().any(char::is_alphabetic) {
            return Err(PhoneError::NotANumber);
        }
        let region = Region::try_from(country).ok();
        let parsed = PHONE_NUMBER_UTIL.parse(&text, region).map_err(|_| PhoneError::NotANumber)?;
        if parsed.extension.is_some() {
            return Err(PhoneError::NotANumber);
        }
        if parsed.is_valid() {
            return Ok(Self::from_parsed(&parsed));
        }
        let is_french = region.is_some_and(|it| FRENCH_PLAN.contains(&it));
        if !is_french || !NINE_DIGITS.contains(&parsed.national_number) {
            return Err(PhoneError::NotANumber);
        }
        let elsewhere = FRENCH_PLAN.iter().filter_map(|it| PHONE_NUMBER_UTIL.parse(&text, Some(*it)).ok());
        let found = elsewhere.into_iter().find(Parsed::is_valid);
        found.map(|it| Self::from_parsed(&it)).ok_or(PhoneError::NotANumber)
    }

    /// Reads a stored number. Numbering plans change, so a number that was valid when it was stored must stay
    /// readable.
    ///
    /// # Errors
    ///
    /// [`PhoneError::NotANumber`] if the text is not in the form of E.164: treat it as altered.
    pub(crate) fn restore(e164: &str) -> Result<Self, PhoneError> {
        let parsed = PHONE_NUMBER_UTIL.parse(e164, None).map_err(|_| PhoneError::NotANumber)?;
        let number = Self::from_parsed(&parsed);
        if number.e164 == e164 { Ok(number) } else { Err(PhoneError::NotANumber) }
    }

    fn from_parsed(parsed: &Parsed) -> Self {
        let plan = || PHONE_NUMBER_UTIL.get_region_for_country_code(parsed.country_code);
        let country = parsed.get_region_code().or_else(plan).unwrap_or(Region::World);
        Self {
            e164: parsed.format_as(PhoneNumberFormat::E164).into_owned(),
            country: country.to_string(),
            calling_code: parsed.country_code.to_string(),
            kind: parsed.get_type(),
        }
    }

    /// Returns the full number in E.164, such as `+33612345612`. The name makes each use visible in a review.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// Returns the full number in groups, such as `+33 6 12 34 56 12`: for the person who has just typed it.
    pub fn international(&self) -> String {
        let parsed = PHONE_NUMBER_UTIL.parse(&self.e164, None);
        parsed.map_or_else(
            |_| self.e164.clone(),
            |it| it.format_as(PhoneNumberFormat::International).into_owned(),
        )
    }

    /// Returns what a mobile number of this country (ISO 3166 code) looks like as it is dialled there: an example of the
    /// numbering plan, which belongs to nobody.
    pub fn example(country: &str) -> Option<String> {
        let region = Region::try_from(country).ok()?;
        let example =
            PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, PhoneNumberType::Mobile).ok()?;
        Some(example.format_as(PhoneNumberFormat::National).into_owned())
    }

    /// Returns the masked form for display and logs: `+33•••••••12`, one bullet for each hidden digit.
    pub fn masked(&self) -> String {
        let national = self.e164.len().saturating_sub(self.calling_code.len()).saturating_sub(1);
        let hidden = national.saturating_sub(VISIBLE_DIGITS);
        let end = self.e164.get(self.e164.len().saturating_sub(VISIBLE_DIGITS)..).unwrap_or_default();
        format!("+{}{}{end}", self.calling_code, "•".repeat(hidden))
    }

    /// Returns the ISO 3166 code of the number's country, or `001` for numbers of no country.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Returns the number in E.164 without its last four digits, which numbers bought in a block have in common.
    pub fn prefix(&self) -> &str {
        self.e164.get(..self.e164.len().saturating_sub(LINE_DIGITS)).unwrap_or_default()
    }

    /// Returns whether the text names this number in international form, with `+`, `00` or only the calling code.
    /// Otherwise the assumed country decided which number it is.
    pub fn is_international_in(&self, text: &str) -> bool {
        let text = plain(text);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let with_plus = format!("+{}", digits.strip_prefix("00").unwrap_or(&digits));
        [text.as_str(), &with_plus].iter().any(|it| Self::parse(it, "").as_ref() == Ok(self))
    }

    /// Returns the number that the national form of this one is in another country, if it is one.
    pub fn read_in(&self, country: &str) -> Option<Self> {
        let parsed = PHONE_NUMBER_UTIL.parse(&self.e164, None).ok()?;
        Self::parse(&parsed.format_as(PhoneNumberFormat::National), country).ok()
    }

    /// Returns the name of the line's type, such as `mobile` or `fixed_line`.
    pub const fn line_type(&self) -> &'static str {
        match self.kind {
            PhoneNumberType::Mobile => "mobile",
            PhoneNumberType::FixedLine => "fixed_line",
            PhoneNumberType::FixedLineOrMobile => "fixed_line_or_mobile",
            PhoneNumberType::TollFree => "toll_free",
            PhoneNumberType::PremiumRate => "premium_rate",
            PhoneNumberType::SharedCost => "shared_cost",
            PhoneNumberType::VoIP => "voip",
            PhoneNumberType::PersonalNumber => "personal_number",
            PhoneNumberType::Pager => "pager",
            PhoneNumberType::UAN => "company_number",
            PhoneNumberType::VoiceMail => "voicemail",
            PhoneNumberType::Unknown => "unknown",
        }
    }

    /// Returns the type of line according to the numbering plan.
    pub(crate) const fn kind(&self) -> PhoneNumberType {
        self.kind
    }
}

/// Returns the text without its scheme `tel:` (RFC 3966) and without invisible characters, with plain spaces.
fn plain(text: &str) -> String {
    let visible = text.chars().filter_map(|c| match c {
        '\0'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => None,
        c if c.is_whitespace() && !c.is_control() => Some(' '),
        c => Some(c),
    });
    let visible: String = visible.collect();
    let plain = visible.trim();
    let scheme = plain.get(..4).filter(|it| it.eq_ignore_ascii_case("tel:"));
    let number = scheme.and_then(|it| plain.get(it.len()..)).unwrap_or(plain).trim_start();
    with_context(number).unwrap_or_else(|| number.to_owned())
}

/// Returns the international form of a local number that names its calling code: `0612345612;phone-context=+33`
/// (RFC 3966 §5.1.5).
fn with_context(number: &str) -> Option<String> {
    const PARAMETER: &str = "phone-context=+";
    let (local, parameter) = number.split_once(';')?;
    let name = parameter.get(..PARAMETER.len()).filter(|it| it.eq_ignore_ascii_case(PARAMETER))?;
    let code = parameter.get(name.len()..)?;
    let is_code = (1..=3).contains(&code.len()) && code.bytes().all(|it| it.is_ascii_digit());
    let is_global = local.starts_with('+');
    is_code.then(|| if is_global { local.to_owned() } else { format!("+{code}{local}") })
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn e164(text: &str, country: &str) -> Option<String> {
        PhoneNumber::parse(text, country).ok().map(|it| it.e164().to_owned())
    }

    #[test]
    fn spellings_of_one_number_are_one_number() {
        for text in [
            "0612345612",
            "06 12 34 56 12",
            "06.12.34.56.12",
            "06-12-34-56-12",
            "+33612345612",
            "+33 (0)6 12 34 56 12",
            "0033 6 12 34 56 12",
            " ０６１２３４５６１２ ",
            "٠٦١٢٣٤٥٦١٢",
            "tel:+33-6-12-34-56-12",
            " TEL: 06 12 34 56 12",
            "06\u{202f}12\u{202f}34\u{202f}56\u{202f}12",
            "06\u{2009}12\u{2007}34\u{a0}56\u{3000}12",
            "\u{202a}+33 6 12 34 56 12\u{202c}",
            "\u{2066}\u{200e}06\u{200b}12345612\u{2069}\u{feff}",
            "\u{202d}tel:+33612345612\u{202c}",
            "tel:0612345612;phone-context=+33",
            "tel:+33612345612;phone-context=+33",
            "0612345612;Phone-Context=+33",
            "06\u{2011}12\u{2011}34\u{2011}56\u{2011}12",
            "(+33) 6 12 34 56 12",
            "612345612",
            "33612345612",
        ] {
            assert_eq!(e164(text, "FR").as_deref(), Some("+33612345612"), "{text}");
        }
        assert_eq!(e164("0612345612", "fr").as_deref(), Some("+33612345612"));
    }

    #[test]
    fn the_national_form_is_read_by_its_country() {
        assert_eq!(e164("0470 12 34 56", "BE").as_deref(), Some("+32470123456"));
        assert_eq!(e164("079 123 45 67", "CH").as_deref(), Some("+41791234567"));
        assert_eq!(e164("+41 79 123 45 67", "FR").as_deref(), Some("+41791234567"));
        for country in ["", "XX", "France", "001"] {
            assert_eq!(e164("0612345612", country), None, "{country}");
            assert_eq!(e164("+33612345612", country).as_deref(), Some("+33612345612"), "{country}");
        }
    }

    #[test]
    fn a_number_is_international_unless_the_assumed_country_decided() {
        for text in [
            "+33612345612",
            "tel:+33-6-12-34-56-12",
            "+33 (0)6 12 34 56 12",
            "0033 6 12 34 56 12",
            "33612345612",
            "+33\u{202f}6 12 34 56 12",
        ] {
            assert!(PhoneNumber::parse(text, "FR").unwrap().is_international_in(text), "{text}");
        }
        for (text, country) in [
            ("06 12 34 56 12", "FR"),
            ("612345612", "FR"),
            ("079 123 45 67", "FR"),
            ("079 123 45 67", "CH"),
            ("0692 12 34 56", "FR"),
            ("0470 12 34 56", "BE"),
        ] {
            assert!(!PhoneNumber::parse(text, country).unwrap().is_international_in(text), "{text}");
        }
    }

    #[test]
    fn a_national_number_is_read_again_in_the_country_that_is_stated_later() {
        let guessed = PhoneNumber::parse("079 123 45 67", "FR").unwrap();
        assert_eq!(guessed.e164(), "+33791234567");
        assert_eq!(guessed.read_in("CH").unwrap().e164(), "+41791234567");
        assert_eq!(guessed.read_in("FR"), Some(guessed.clone()));
        assert_eq!(guessed.read_in("LI"), None);
        assert_eq!(guessed.line_type(), "mobile");
        assert_eq!(PhoneNumber::parse("0123456789", "FR").unwrap().line_type(), "fixed_line");
    }

    #[test]
    fn overseas_numbers_are_read_as_they_are_dialled_in_france() {
        for (text, country, expected, place) in [
            ("0692 12 34 56", "FR", "+262692123456", "RE"),
            ("0639 69 12 34", "FR", "+262639691234", "YT"),
            ("0690 12 34 56", "FR", "+590690123456", "GP"),
            ("0694 12 34 56", "FR", "+594694123456", "GF"),
            ("0696 12 34 56", "FR", "+596696123456", "MQ"),
            ("0262 20 12 34", "FR", "+262262201234", "RE"),
            ("06\u{202f}92\u{202f}12\u{202f}34\u{202f}56", "FR", "+262692123456", "RE"),
            ("692123456", "FR", "+262692123456", "RE"),
            ("0612345612", "RE", "+33612345612", "FR"),
            ("0692 12 34 56", "GP", "+262692123456", "RE"),
        ] {
            let number = PhoneNumber::parse(text, country).unwrap();
            assert_eq!((number.e164(), number.country()), (expected, place), "{text} {country}");
        }
        for (text, country) in
            [("+33692123456", "FR"), ("0033692123456", "FR"), ("0692123456", "BE"), ("069212345", "FR")]
        {
            assert_eq!(e164(text, country), None, "{text} {country}");
        }
    }

    #[test]
    fn a_number_is_shown_in_groups_and_a_country_has_an_example_that_is_one() {
        let number = PhoneNumber::parse("0612345612", "FR").unwrap();
        assert_eq!(number.international(), "+33 6 12 34 56 12");
        for country in ["FR", "BE", "CH", "LU", "MC", "DE", "US"] {
            let example = PhoneNumber::example(country).unwrap();
            assert_eq!(PhoneNumber::parse(&example, country).unwrap().country(), country, "{example}");
        }
        assert_eq!(PhoneNumber::example("FR").as_deref(), Some("06 12 34 56 78"));
        assert_eq!(PhoneNumber::example("XX"), None);
    }

    #[test]
    fn any_other_text_is_no_number() {
        for text in [
            "",
            "+",
            "12",
            "061234561",
            "06123456123",
            "+33012345678",
            "+999612345612",
            "0612345612 ext. 5",
            "0612345612x5",
            "0612345612#5",
            "tel:+33612345612;ext=5",
            "tel:0612345612;phone-context=example.com",
            "tel:0612345612;phone-context=+33;ext=5",
            "tel:",
            "tel:tel:+33612345612",
            "mailto:0612345612",
            "0800 FLEURS",
            "0612345612\nBcc: all",
            &"0".repeat(65),
            &"6".repeat(1 << 16),
        ] {
            assert_eq!(PhoneNumber::parse(text, "FR"), Err(PhoneError::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn a_masked_number_shows_its_country_its_length_and_two_digits() {
        for (text, masked) in [
            ("+33612345612", "+33•••••••12"),
            ("+12015550123", "+1••••••••23"),
            ("+352628123456", "+352•••••••56"),
            ("+390236618300", "+39••••••••00"),
        ] {
            let number = PhoneNumber::parse(text, "").unwrap();
            assert_eq!(number.masked(), masked);
            assert_eq!(format!("{number:?}"), format!("PhoneNumber({masked})"));
        }
    }

    #[test]
    fn numbers_know_their_country_and_their_prefix() {
        for (text, country, prefix) in [
            ("+33612345612", "FR", "+3361234"),
            ("+12015550123", "US", "+1201555"),
            ("+15062345678", "CA", "+1506234"),
            ("+38343201234", "XK", "+3834320"),
            ("+37799123456", "MC", "+3779912"),
            ("+80012345678", "001", "+8001234"),
        ] {
            let number = PhoneNumber::parse(text, "").unwrap();
            assert_eq!((number.country(), number.prefix()), (country, prefix), "{text}");
        }
    }

    #[test]
    fn a_stored_number_is_read_although_its_plan_has_changed() {
        let number = PhoneNumber::restore("+33012345678").unwrap();
        assert_eq!((number.e164(), number.country()), ("+33012345678", "FR"));
        for text in ["", "0612345612", "33612345612", "+33 6 12 34 56 12", "+33612345612x5"] {
            assert_eq!(PhoneNumber::restore(text), Err(PhoneError::NotANumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_read_again_as_itself(text in r"\PC{0,20}|[+0-9 ().-]{5,20}") {
            if let Ok(number) = PhoneNumber::parse(&text, "FR") {
                prop_assert_eq!(PhoneNumber::parse(number.e164(), ""), Ok(number.clone()));
                prop_assert_eq!(PhoneNumber::restore(number.e164()), Ok(number));
            }
        }
    }
}
