//! SMS text in one segment of the GSM alphabet, so that it costs one SMS and arrives whole.

use mfa_core::SecretText;

use crate::SmsCode;

/// Septets in one segment (3GPP TS 23.038 §6.1.2.1.1).
const SEGMENT_SEPTETS: usize = 160;
/// Maximum length of a domain, which leaves room for the text and part of the issuer's name.
const MAX_DOMAIN_CHARS: usize = 64;
/// Basic GSM 7-bit alphabet without control characters (3GPP TS 23.038 §6.2.1), one septet each. Characters of the
/// extension table, such as `€`, take two and are not used.
const GSM: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                   ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Language of a message.
///
/// Exhaustive, so that each message is available in each language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmsLanguage {
    /// French.
    #[default]
    French,
    /// English.
    English,
}

/// Template of the messages of a deployment: the issuer's name, and the domain whose pages may read the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageTemplate {
    issuer: String,
    domain: Option<String>,
}

/// Error for a text that is not a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a domain is 1 to 64 lower-case letters, digits, dots and dashes")]
pub struct DomainError;

impl MessageTemplate {
    /// Creates a template without a domain. See [`MessageTemplate::new`].
    pub fn without_domain(issuer: &str) -> Self {
        let issuer: String = issuer.chars().filter(|it| GSM.contains(*it)).collect();
        Self { issuer: issuer.trim().to_owned(), domain: None }
    }

    /// Creates a template. Characters of the issuer's name that the GSM alphabet lacks are dropped.
    ///
    /// With a domain, the message ends with the line by which browsers fill in the code on that domain only (WebOTP,
    /// "Origin-bound one-time codes delivered via SMS").
    ///
    /// # Errors
    ///
    /// [`DomainError`] for an invalid or too long domain: reject the configuration.
    pub fn new(issuer: &str, domain: Option<&str>) -> Result<Self, DomainError> {
        if domain.is_some_and(|it| !is_domain(it)) {
            return Err(DomainError);
        }
        Ok(Self { domain: domain.map(str::to_owned), ..Self::without_domain(issuer) })
    }

    /// Returns the message with this code, of at most 160 septets. A long issuer's name is truncated. The text names
    /// no user.
    pub fn text(&self, code: &SmsCode, language: SmsLanguage) -> SecretText {
        let code = code.to_text();
        let code = code.expose();
        let (colon, rest) = match language {
            SmsLanguage::French => (" : ", " est votre code, valable 5 minutes. Ne le donnez à personne."),
            SmsLanguage::English => {
                (": ", " is your code, valid for 5 minutes. Do not share it with anyone.")
            }
        };
        // Final capacity from the start: a growing string leaves copies of the code in memory.
        let mut text = String::with_capacity(SEGMENT_SEPTETS.saturating_mul(2));
        let bound = self.domain.as_ref().map(|domain| ["\n@", domain.as_str(), " #", code]);
        let bound_length = bound.iter().flatten().map(|it| length(it)).sum();
        let taken = [colon, code, rest].iter().map(|it| length(it)).fold(bound_length, usize::saturating_add);
        let issuer: String = self.issuer.chars().take(SEGMENT_SEPTETS.saturating_sub(taken)).collect();
        let issuer = issuer.trim_end();
        let lead = if issuer.is_empty() { ["", ""] } else { [issuer, colon] };
        for part in lead.into_iter().chain([code, rest]).chain(bound.into_iter().flatten()) {
            text.push_str(part);
        }
        SecretText::new(text)
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= MAX_DOMAIN_CHARS && text.split('.').all(label)
}

/// Returns the septets of a text of the basic alphabet.
fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::CODE_LIFETIME;

    fn text(issuer: &str, domain: Option<&str>, language: SmsLanguage) -> String {
        let code = SmsCode::parse("012345").unwrap();
        MessageTemplate::new(issuer, domain).unwrap().text(&code, language).expose().to_owned()
    }

    #[test]
    fn both_languages_say_whose_code_it_is_and_how_long_it_lives() {
        assert_eq!(
            text("NOVA", None, SmsLanguage::French),
            "NOVA : 012345 est votre code, valable 5 minutes. Ne le donnez à personne."
        );
        assert_eq!(
            text("NOVA", None, SmsLanguage::English),
            "NOVA: 012345 is your code, valid for 5 minutes. Do not share it with anyone."
        );
        assert_eq!(CODE_LIFETIME.as_secs(), 5 * 60, "the texts say so");
    }

    #[test]
    fn the_last_line_binds_the_code_to_its_domain() {
        let text = text("NOVA", Some("mfa.example.com"), SmsLanguage::French);
        assert_eq!(text.lines().last(), Some("@mfa.example.com #012345"));
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn the_alphabet_has_no_character_twice_and_all_but_the_controls() {
        let mut characters: Vec<char> = GSM.chars().collect();
        characters.sort_unstable();
        characters.dedup();
        assert_eq!(characters.len(), GSM.chars().count());
        assert_eq!(characters.len(), 128 - 3, "without line feed, carriage return and escape");
    }

    #[test]
    fn a_name_outside_the_alphabet_does_not_double_the_price() {
        assert_eq!(text("Nova €😀\n™", None, SmsLanguage::English), text("Nova", None, SmsLanguage::English));
        assert!(text("日本", None, SmsLanguage::French).starts_with("012345 est"));
    }

    #[test]
    fn a_domain_that_no_page_has_is_refused() {
        for bad in [
            "",
            ".",
            "a..b",
            "-a.fr",
            "a-.fr",
            "Example.com",
            "a b",
            "a.fr/x",
            "é.fr",
            "a.fr\n",
            &"a".repeat(65),
        ] {
            assert_eq!(MessageTemplate::new("NOVA", Some(bad)), Err(DomainError), "{bad:?}");
        }
        for good in ["localhost", "mfa.example.com", "xn--9ca.fr", &"a".repeat(64)] {
            assert!(MessageTemplate::new("NOVA", Some(good)).is_ok(), "{good}");
        }
    }

    proptest! {
        #[test]
        fn every_message_is_one_segment_and_whole_but_for_the_name(
            issuer in r"\PC{0,200}|[a-zé ]{0,200}",
            domain in prop::option::of("[a-z]{1,30}(\\.[a-z]{1,30})?"),
        ) {
            for language in [SmsLanguage::French, SmsLanguage::English] {
                let text = text(&issuer, domain.as_deref(), language);
                prop_assert!(text.chars().count() <= SEGMENT_SEPTETS, "{}", text);
                prop_assert!(text.chars().all(|it| it == '\n' || GSM.contains(it)), "{}", text);
                prop_assert!(text.contains("012345 est votre code") || text.contains("012345 is your code"));
                match &domain {
                    Some(domain) => {
                        let last = format!("@{domain} #012345");
                        prop_assert_eq!(text.lines().last(), Some(last.as_str()));
                    }
                    None => prop_assert!(!text.contains('\n')),
                }
            }
        }
    }
}
