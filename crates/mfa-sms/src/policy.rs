//! Policy for the numbers that may receive SMS.

use std::collections::BTreeSet;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType, Region};

use crate::PhoneNumber;

/// Countries whose numbers may receive SMS. An empty policy disables SMS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhonePolicy {
    countries: BTreeSet<String>,
}

/// Error for a code that is not a country with phone numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no country code of ISO 3166 that has phone numbers")]
pub struct UnknownCountry(String);

/// Reason why a valid number may not receive SMS.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneRefused {
    /// The country is not allowed.
    #[error("numbers of this country are not allowed")]
    Country,
    /// The number is not a mobile number, for example a landline, premium-rate or service number.
    #[error("numbers of this kind are not allowed")]
    Kind,
}

impl PhonePolicy {
    /// Creates a policy that allows only these countries, by ISO 3166 code (`FR`).
    ///
    /// # Errors
    ///
    /// [`UnknownCountry`] for an unknown code, so that a typing error does not silently exclude a country (`UK` is
    /// one: the code is `GB`). Reject the configuration.
    pub fn allowing<'a>(codes: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownCountry> {
        let countries = codes.into_iter().map(|code| {
            let region = Region::try_from(code).ok();
            let region = region.filter(|it| PHONE_NUMBER_UTIL.get_country_code_for_region(*it).is_some());
            region.map(|it| it.to_string()).ok_or_else(|| UnknownCountry(code.to_owned()))
        });
        Ok(Self { countries: countries.collect::<Result<_, _>>()? })
    }

    /// Returns whether no country is allowed.
    pub fn allows_none(&self) -> bool {
        self.countries.is_empty()
    }

    /// Checks whether this number may receive SMS: its country is allowed, and it may be a mobile number.
    ///
    /// # Errors
    ///
    /// [`PhoneRefused`] if it may not: send nothing and reserve nothing.
    pub fn check(&self, number: &PhoneNumber) -> Result<(), PhoneRefused> {
        if !self.countries.contains(number.country()) {
            return Err(PhoneRefused::Country);
        }
        match number.kind() {
            // North America does not distinguish mobile numbers, and a plan may lag behind its numbers.
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile | PhoneNumberType::Unknown => Ok(()),
            PhoneNumberType::FixedLine
            | PhoneNumberType::TollFree
            | PhoneNumberType::PremiumRate
            | PhoneNumberType::SharedCost
            | PhoneNumberType::VoIP
            | PhoneNumberType::PersonalNumber
            | PhoneNumberType::Pager
            | PhoneNumberType::UAN
            | PhoneNumberType::VoiceMail => Err(PhoneRefused::Kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text, "FR").unwrap()
    }

    fn everywhere() -> PhonePolicy {
        let regions: Vec<String> =
            PHONE_NUMBER_UTIL.get_supported_regions().map(|it| it.to_string()).collect();
        PhonePolicy::allowing(regions.iter().map(String::as_str)).unwrap()
    }

    /// Returns the example number of each region for a type.
    fn examples(kind: PhoneNumberType) -> Vec<PhoneNumber> {
        let regions = PHONE_NUMBER_UTIL.get_supported_regions();
        let examples =
            regions.filter_map(|it| PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(it, kind).ok());
        examples.map(|it| number(&it.to_string())).collect()
    }

    #[test]
    fn mobiles_of_allowed_countries_pass_and_others_do_not() {
        let policy = PhonePolicy::allowing(["FR", "be"]).unwrap();
        assert_eq!(policy.check(&number("0612345612")), Ok(()));
        assert_eq!(policy.check(&number("+32470123456")), Ok(()));
        assert_eq!(policy.check(&number("+41791234567")), Err(PhoneRefused::Country));
        assert_eq!(policy.check(&number("0123456789")), Err(PhoneRefused::Kind), "a landline");
        assert_eq!(policy.check(&number("0899123456")), Err(PhoneRefused::Kind), "a premium rate");
        assert_eq!(policy.check(&number("0800123456")), Err(PhoneRefused::Kind), "a free call");
    }

    #[test]
    fn neighbours_in_one_calling_code_are_told_apart() {
        let policy = PhonePolicy::allowing(["US"]).unwrap();
        assert_eq!(policy.check(&number("+12015550123")), Ok(()));
        assert_eq!(policy.check(&number("+15062345678")), Err(PhoneRefused::Country), "Canada");
        assert_eq!(policy.check(&number("+18762101234")), Err(PhoneRefused::Country), "Jamaica");
    }

    #[test]
    fn an_empty_list_allows_no_number_of_any_country() {
        let policy = PhonePolicy::allowing([]).unwrap();
        assert!(policy.allows_none());
        for number in examples(PhoneNumberType::Mobile) {
            assert_eq!(policy.check(&number), Err(PhoneRefused::Country), "{number:?}");
        }
    }

    #[test]
    fn a_code_that_is_no_country_is_refused() {
        for code in ["UK", "XX", "F", "FRA", "", "001", "France"] {
            assert_eq!(PhonePolicy::allowing(["FR", code]), Err(UnknownCountry(code.to_owned())));
        }
    }

    #[test]
    fn the_mobile_of_every_plan_passes() {
        let mobiles = examples(PhoneNumberType::Mobile);
        assert!(mobiles.len() > 200, "{}", mobiles.len());
        let policy = everywhere();
        for number in mobiles {
            assert_eq!(policy.check(&number), Ok(()), "{number:?}");
        }
    }

    #[test]
    fn every_other_kind_of_every_plan_is_refused() {
        let policy = everywhere();
        for (kind, least) in [
            (PhoneNumberType::FixedLine, 150),
            (PhoneNumberType::TollFree, 100),
            (PhoneNumberType::PremiumRate, 50),
            (PhoneNumberType::SharedCost, 30),
            (PhoneNumberType::VoIP, 30),
            (PhoneNumberType::PersonalNumber, 10),
            (PhoneNumberType::Pager, 5),
            (PhoneNumberType::UAN, 20),
            (PhoneNumberType::VoiceMail, 5),
        ] {
            let numbers = examples(kind);
            // A plan that does not distinguish landlines and mobiles may give a mobile as its landline.
            let refused = numbers.iter().filter(|it| it.kind() != PhoneNumberType::FixedLineOrMobile);
            let refused: Vec<_> = refused.map(|it| (it, policy.check(it))).collect();
            assert!(refused.len() >= least, "{kind:?}: {} of {}", refused.len(), numbers.len());
            for (number, verdict) in refused {
                assert_eq!(verdict, Err(PhoneRefused::Kind), "{kind:?} {number:?}");
            }
        }
    }
}
