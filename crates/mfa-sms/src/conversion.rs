//! Conversion rate: the share of SMS codes that are used. A low one is a sign of toll fraud.
//!
//! Confirmations of new numbers and logins are judged apart: anyone may ask for a confirmation to any number, but a
//! login code goes to the verified number of its account. One user adds little to the rate of a prefix or country, so
//! that nobody suspends the numbers of others.

use std::time::Duration;

use mfa_core::{SmsPurpose, Timestamp, UserId};

use crate::{RetryDelay, SendRecord};

/// Period in which the conversion rate is computed.
const CONVERSION_WINDOW: Duration = Duration::from_hours(24);
/// Minimum number of sends for a conversion rate.
const MIN_SENDS: u32 = 20;
/// Number of sends of one user, the latest, that count for a prefix or a country. A rate needs at least seven users.
const MAX_PER_USER: u32 = 3;

/// Number of codes sent and used. Messages that were certainly not sent are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeUsage {
    /// Codes that were sent or may have been sent.
    pub sent: u32,
    /// Codes that were used.
    pub used: u32,
}

/// Query for the conversion rates that are checked before a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionQuery {
    /// User who requests the send.
    pub user: UserId,
    /// Purpose of the codes that count.
    pub purpose: SmsPurpose,
    /// Keyed digest of the number.
    pub number: String,
    /// Keyed digest of the prefix.
    pub prefix: String,
    /// ISO 3166 code of the country.
    pub country: String,
    /// Only sends after this time.
    pub since: Timestamp,
    /// Position of the send whose time is returned, counted from the latest, starting at 1.
    pub nth_latest: u32,
    /// Number of sends of one user, the latest, that count for the prefix and the country.
    pub most_per_user: u32,
}

impl ConversionQuery {
    /// Creates the query for a send that is to be recorded.
    pub fn for_send(record: &SendRecord) -> Self {
        Self {
            user: record.user,
            purpose: record.purpose,
            number: record.number.clone(),
            prefix: record.prefix.clone(),
            country: record.country.clone(),
            since: record.at.minus(CONVERSION_WINDOW),
            nth_latest: MIN_SENDS,
            most_per_user: MAX_PER_USER,
        }
    }
}

/// Conversion of a prefix, a country and a user, for one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// Codes sent to the prefix.
    pub prefix: CodeUsage,
    /// Codes sent to the country.
    pub country: CodeUsage,
    /// Codes that the user requested, all of them.
    pub user: CodeUsage,
    /// Time of the prefix's send at position `nth_latest`, if as many count.
    pub prefix_nth_latest_at: Option<Timestamp>,
    /// Time of the country's send at position `nth_latest`, if as many count.
    pub country_nth_latest_at: Option<Timestamp>,
    /// Time of the user's send at position `nth_latest`, if there are as many.
    pub user_nth_latest_at: Option<Timestamp>,
    /// Whether a code sent to this number was ever used, as far back as the log of sends reaches.
    pub number_has_converted: bool,
}

/// Minimum share of codes that must be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversionRule {
    least: f64,
}

/// Prefix, country or user with a low conversion rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowConversion {
    /// ISO 3166 code of the country.
    pub country: String,
    /// Keyed digest of the prefix, or `None` for the whole country or a user.
    pub prefix: Option<String>,
    /// User whose sends are suspended, or `None` for a prefix or a country.
    pub user: Option<UserId>,
    /// Purpose of the codes.
    pub purpose: SmsPurpose,
    /// Codes sent and used.
    pub uses: CodeUsage,
}

impl ConversionRule {
    /// Creates a rule that requires this share of codes to be used, evaluated from the twentieth send in 24 hours.
    pub const fn new(least: f64) -> Self {
        Self { least }
    }

    /// Returns the minimum number of sends. With fewer, the rate is never low.
    pub const fn min_sends(self) -> u32 {
        MIN_SENDS
    }

    /// Returns the number of sends of one user, the latest, that count for a prefix or a country.
    pub const fn max_per_user(self) -> u32 {
        MAX_PER_USER
    }

    /// Returns whether too few codes were used.
    pub fn is_low(self, uses: CodeUsage) -> bool {
        uses.sent >= self.min_sends() && f64::from(uses.used) < self.least * f64::from(uses.sent)
    }

    /// Returns the start of the evaluated period at this time.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.minus(CONVERSION_WINDOW)
    }

    /// Returns why sending is suspended, or `None` if it is allowed.
    ///
    /// A user whose confirmations convert too rarely gets no more of them. Prefix and country suspend only numbers that
    /// have never converted: a code came back from the others, so they are no numbers of a fraudster's block.
    pub fn closed(
        self,
        purpose: SmsPurpose,
        conversion: &Conversion,
        now: Timestamp,
    ) -> Option<SendingSuspended> {
        let closed = |by, uses, nth_latest_at: Option<Timestamp>| {
            let opens_in =
                nth_latest_at.map_or(CONVERSION_WINDOW, |at| at.plus(CONVERSION_WINDOW).since(now));
            self.is_low(uses).then(|| SendingSuspended {
                by,
                uses,
                wait: RetryDelay::from_duration(opens_in),
            })
        };
        let by_user = match purpose {
            SmsPurpose::Confirmation => {
                closed(SuspensionScope::User, conversion.user, conversion.user_nth_latest_at)
            }
            SmsPurpose::SecondFactor => None,
        };
        if by_user.is_some() || conversion.number_has_converted {
            return by_user;
        }
        closed(SuspensionScope::Country, conversion.country, conversion.country_nth_latest_at)
            .or_else(|| closed(SuspensionScope::Prefix, conversion.prefix, conversion.prefix_nth_latest_at))
    }
}

/// Suspension of sending after too few codes were used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendingSuspended {
    /// Scope of the suspension.
    pub by: SuspensionScope,
    /// Codes sent and used.
    pub uses: CodeUsage,
    /// Maximum duration of the suspension. It ends earlier if enough codes are used or older sends leave the window.
    pub wait: RetryDelay,
}

impl SendingSuspended {
    /// Returns the low conversion that suspends this send.
    pub fn to_low_conversion(&self, send: &SendRecord) -> LowConversion {
        LowConversion {
            country: send.country.clone(),
            prefix: (self.by == SuspensionScope::Prefix).then(|| send.prefix.clone()),
            user: (self.by == SuspensionScope::User).then_some(send.user),
            purpose: send.purpose,
            uses: self.uses,
        }
    }
}

/// Scope of a suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuspensionScope {
    /// Numbers that differ only in their last four digits.
    Prefix,
    /// A whole country.
    Country,
    /// Confirmations that one user requests.
    User,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const RULE: ConversionRule = ConversionRule::new(0.2);

    #[test]
    fn conversion_is_judged_from_the_twentieth_send_on() {
        for (sent, used, low) in
            [(0, 0, false), (19, 0, false), (20, 0, true), (20, 3, true), (20, 4, false), (1_000, 199, true)]
        {
            assert_eq!(RULE.is_low(CodeUsage { sent, used }), low, "{used} of {sent}");
        }
    }

    #[test]
    fn a_closed_prefix_opens_when_fewer_than_twenty_sends_are_left_in_the_window() {
        let twentieth = NOW.minus(Duration::from_hours(23));
        let conversion = |used| Conversion {
            prefix: CodeUsage { sent: 25, used },
            country: CodeUsage { sent: 250, used: 100 },
            prefix_nth_latest_at: Some(twentieth),
            country_nth_latest_at: Some(NOW),
            ..Conversion::default()
        };
        for purpose in [SmsPurpose::SecondFactor, SmsPurpose::Confirmation] {
            let closed = RULE.closed(purpose, &conversion(4), NOW).unwrap();
            assert_eq!((closed.by, closed.wait), (SuspensionScope::Prefix, RetryDelay { seconds: 3_600 }));
            assert_eq!(RULE.closed(purpose, &conversion(5), NOW), None);
        }
    }

    #[test]
    fn a_country_whose_codes_do_not_come_back_is_closed_as_a_whole() {
        let rule = ConversionRule::new(0.5);
        let spread = |used| Conversion {
            prefix: CodeUsage { sent: 1, used: 0 },
            country: CodeUsage { sent: 500, used },
            country_nth_latest_at: Some(NOW.minus(Duration::from_hours(22))),
            ..Conversion::default()
        };
        let closed = rule.closed(SmsPurpose::SecondFactor, &spread(249), NOW).unwrap();
        assert_eq!((closed.by, closed.wait), (SuspensionScope::Country, RetryDelay { seconds: 7_200 }));
        assert_eq!(rule.closed(SmsPurpose::SecondFactor, &spread(250), NOW), None);
    }

    #[test]
    fn a_number_that_has_converted_is_open_whatever_its_neighbours_do() {
        let none = CodeUsage { sent: 500, used: 0 };
        let conversion = |number_has_converted| Conversion {
            prefix: none,
            country: none,
            number_has_converted,
            ..Conversion::default()
        };
        for purpose in [SmsPurpose::SecondFactor, SmsPurpose::Confirmation] {
            assert!(RULE.closed(purpose, &conversion(false), NOW).is_some());
            assert_eq!(RULE.closed(purpose, &conversion(true), NOW), None);
        }
    }

    #[test]
    fn a_user_who_confirms_nothing_gets_no_more_confirmations_and_logs_in_all_the_same() {
        let conversion = |sent, number_has_converted| Conversion {
            user: CodeUsage { sent, used: 0 },
            user_nth_latest_at: Some(NOW.minus(Duration::from_hours(23))),
            number_has_converted,
            ..Conversion::default()
        };
        for has_converted in [false, true] {
            let closed = RULE.closed(SmsPurpose::Confirmation, &conversion(20, has_converted), NOW).unwrap();
            assert_eq!((closed.by, closed.wait), (SuspensionScope::User, RetryDelay { seconds: 3_600 }));
            assert_eq!(RULE.closed(SmsPurpose::Confirmation, &conversion(19, has_converted), NOW), None);
            assert_eq!(RULE.closed(SmsPurpose::SecondFactor, &conversion(20, has_converted), NOW), None);
        }
    }
}
