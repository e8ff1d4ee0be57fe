//! Log of sends: provider, outcome, delivery and use of the code.
//!
//! It serves the operator. No authentication decision reads it.

use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::{
    BoxFuture, DigestPurpose, Entropy, EntropyError, KeyedDigests, SmsPurpose, StoreError, Timestamp, UserId,
};

use crate::{PhoneNumber, RetryDelay};

/// Period in which the conversion rate is computed.
const CONVERSION_WINDOW: Duration = Duration::from_hours(24);
/// Minimum number of sends for a conversion rate.
const MIN_SENDS: u32 = 20;

/// Durable log of sends, one row each.
pub trait SmsSendLog: Send + Sync + fmt::Debug {
    /// Records a send as [`SendState::Sending`] before any gateway is called.
    ///
    /// If the process dies afterwards, the row remains, and the message is not sent again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the send was not recorded: send nothing.
    fn begin<'a>(&'a self, record: &'a SendRecord) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records the outcome of a send.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the outcome was not recorded: continue. The send becomes [`SendState::Unknown`] later.
    fn settle<'a>(&'a self, id: &'a SendId, state: &'a SendState) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records that the code of a send was used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the use was not recorded: continue. The code counts as unused.
    fn mark_used<'a>(&'a self, id: &'a SendId, at: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records a gateway's delivery report and returns whether a send with this message ID exists. The states
    /// delivered and failed are final.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if nothing was recorded: let the gateway repeat the report.
    fn report<'a>(
        &'a self,
        gateway: &'a str,
        message: &'a str,
        arrival: DeliveryStatus,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Returns how many of the codes sent to this prefix and this country were used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the numbers could not be read: send nothing.
    fn conversion<'a>(&'a self, query: &'a ConversionQuery) -> BoxFuture<'a, Result<Conversion, StoreError>>;

    /// Lists the prefixes and countries with a low conversion rate since this time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the numbers could not be read: report them as unknown.
    fn low(
        &self,
        rule: ConversionRule,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<LowConversion>, StoreError>>;

    /// Marks sends started before `abandoned` and never settled as [`SendState::Unknown`], and returns their number.
    /// Deletes sends from before `old`, and budgets that have been full since then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the work may be incomplete: run it again later.
    fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;
}

/// ID of a send: 32 random hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SendId(String);

impl SendId {
    /// Draws a new ID.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if there was no randomness: send nothing.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes)?;
        Ok(Self(HEXLOWER.encode(&bytes)))
    }

    /// Restores an ID that was stored with the pending code.
    pub const fn restore(text: String) -> Self {
        Self(text)
    }

    /// Returns the ID as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Record of a send before its delivery. Number and prefix are keyed digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRecord {
    /// ID of the send.
    pub id: SendId,
    /// User whose code is sent.
    pub user: UserId,
    /// Purpose of the code.
    pub purpose: SmsPurpose,
    /// Keyed digest of the number.
    pub number: String,
    /// Keyed digest of the number without its last four digits.
    pub prefix: String,
    /// ISO 3166 code of the country.
    pub country: String,
    /// Time of the send.
    pub at: Timestamp,
}

impl SendRecord {
    /// Creates the record of a send to this number.
    pub fn new(
        id: SendId,
        user: UserId,
        purpose: SmsPurpose,
        number: &PhoneNumber,
        digests: &dyn KeyedDigests,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            user,
            purpose,
            number: digest(number.e164(), digests),
            prefix: digest(number.prefix(), digests),
            country: number.country().to_owned(),
            at,
        }
    }

    /// Returns the query for the conversion rate that must be checked before this send.
    pub fn conversion_query(&self) -> ConversionQuery {
        ConversionQuery {
            prefix: self.prefix.clone(),
            country: self.country.clone(),
            since: self.at.minus(CONVERSION_WINDOW),
            nth_latest: MIN_SENDS,
        }
    }
}

pub(crate) fn digest(text: &str, digests: &dyn KeyedDigests) -> String {
    HEXLOWER.encode(&digests.digest(DigestPurpose::PhoneNumber, text.as_bytes()).bytes)
}

/// State of a send.
///
/// Exhaustive, so that each state is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendState {
    /// The send is in progress, or the process died during it.
    Sending,
    /// A gateway accepted the message.
    Accepted {
        /// Name of the gateway.
        gateway: &'static str,
        /// Message ID of the gateway.
        message: String,
    },
    /// A gateway rejected the number.
    Refused,
    /// The message may have been sent.
    Unknown {
        /// Name of the gateway, if known.
        gateway: Option<&'static str>,
    },
    /// The message was not sent.
    NotSent,
}

impl SendState {
    /// Returns the name used in rows and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Accepted { .. } => "accepted",
            Self::Refused => "refused",
            Self::Unknown { .. } => "unknown",
            Self::NotSent => "not_sent",
        }
    }
}

/// Delivery status reported by a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// In transit, or being retried.
    Pending,
    /// Delivered to the phone.
    Delivered,
    /// Not delivered.
    Failed,
}

impl DeliveryStatus {
    /// Returns the name used in rows and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// Number of codes sent and used. Messages that were certainly not sent are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeUsage {
    /// Codes that were sent or may have been sent.
    pub sent: u32,
    /// Codes that were used.
    pub used: u32,
}

/// Query for a conversion rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionQuery {
    /// Keyed digest of the prefix.
    pub prefix: String,
    /// ISO 3166 code of the country.
    pub country: String,
    /// Only sends after this time.
    pub since: Timestamp,
    /// Position of the send whose time is returned, counted from the latest, starting at 1.
    pub nth_latest: u32,
}

/// Conversion of a prefix and of a country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// Codes sent to the prefix.
    pub prefix: CodeUsage,
    /// Codes sent to the country.
    pub country: CodeUsage,
    /// Time of the prefix's send at position `nth_latest`, if there are as many.
    pub prefix_nth_latest_at: Option<Timestamp>,
    /// Time of the country's send at position `nth_latest`, if there are as many.
    pub country_nth_latest_at: Option<Timestamp>,
}

/// Minimum share of codes that must be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversionRule {
    least: f64,
}

/// Prefix or country with a low conversion rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowConversion {
    /// ISO 3166 code of the country.
    pub country: String,
    /// Keyed digest of the prefix, or `None` for the whole country.
    pub prefix: Option<String>,
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

    /// Returns whether too few codes were used.
    pub fn is_low(self, uses: CodeUsage) -> bool {
        uses.sent >= self.min_sends() && f64::from(uses.used) < self.least * f64::from(uses.sent)
    }

    /// Returns the start of the evaluated period at this time.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.minus(CONVERSION_WINDOW)
    }

    /// Returns why sending is suspended, or `None` if it is allowed.
    pub fn closed(self, conversion: &Conversion, now: Timestamp) -> Option<SendingSuspended> {
        let closed = |by, uses, nth_latest_at: Option<Timestamp>| {
            let opens_in =
                nth_latest_at.map_or(CONVERSION_WINDOW, |at| at.plus(CONVERSION_WINDOW).since(now));
            self.is_low(uses).then(|| SendingSuspended {
                by,
                uses,
                wait: RetryDelay::from_duration(opens_in),
            })
        };
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

/// Scope of a suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuspensionScope {
    /// Numbers that differ only in their last four digits.
    Prefix,
    /// A whole country.
    Country,
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::TestDigests;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    #[test]
    fn conversion_is_judged_from_the_twentieth_send_on() {
        let rule = ConversionRule::new(0.2);
        for (sent, used, low) in
            [(0, 0, false), (19, 0, false), (20, 0, true), (20, 3, true), (20, 4, false), (1_000, 199, true)]
        {
            assert_eq!(rule.is_low(CodeUsage { sent, used }), low, "{used} of {sent}");
        }
    }

    #[test]
    fn a_closed_prefix_opens_when_fewer_than_twenty_sends_are_left_in_the_window() {
        let rule = ConversionRule::new(0.2);
        let twentieth = NOW.minus(Duration::from_hours(23));
        let conversion = |used| Conversion {
            prefix: CodeUsage { sent: 25, used },
            country: CodeUsage { sent: 250, used: 100 },
            prefix_nth_latest_at: Some(twentieth),
            country_nth_latest_at: Some(NOW),
        };
        let closed = rule.closed(&conversion(4), NOW).unwrap();
        assert_eq!((closed.by, closed.wait), (SuspensionScope::Prefix, RetryDelay { seconds: 3_600 }));
        assert_eq!(rule.closed(&conversion(5), NOW), None);
    }

    #[test]
    fn a_country_whose_codes_do_not_come_back_is_closed_as_a_whole() {
        let rule = ConversionRule::new(0.5);
        let spread = |used| Conversion {
            prefix: CodeUsage { sent: 1, used: 0 },
            country: CodeUsage { sent: 500, used },
            prefix_nth_latest_at: None,
            country_nth_latest_at: Some(NOW.minus(Duration::from_hours(22))),
        };
        let closed = rule.closed(&spread(249), NOW).unwrap();
        assert_eq!((closed.by, closed.wait), (SuspensionScope::Country, RetryDelay { seconds: 7_200 }));
        assert_eq!(rule.closed(&spread(250), NOW), None);
    }

    #[test]
    fn a_record_holds_digests_and_no_number() {
        let number = PhoneNumber::parse("0612345612", "FR").unwrap();
        let id = SendId::restore("1".into());
        let record =
            SendRecord::new(id, UserId::new(7), SmsPurpose::SecondFactor, &number, &TestDigests, NOW);
        let shown = format!("{record:?}");
        assert!(!shown.contains("612345"), "{shown}");
        assert_eq!((record.number.len(), record.prefix.len(), record.country.as_str()), (64, 64, "FR"));
        assert_ne!(record.number, record.prefix);
        assert_eq!(record.conversion_query().since, NOW.minus(Duration::from_hours(24)));
    }
}
