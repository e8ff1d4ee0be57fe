//! The record of sends: what was handed to whom, what became of it, and whether its code came back.
//!
//! It serves the operator: nothing that lets anyone in is ever read from it.

use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::{
    BoxFuture, DigestPurpose, Entropy, EntropyError, KeyedDigests, SmsPurpose, StoreError, Timestamp, UserId,
};

use crate::{PhoneNumber, RetryDelay};

/// How far back conversion looks.
const CONVERSION_WINDOW: Duration = Duration::from_hours(24);
/// From which send on conversion is judged.
const MIN_SENDS: u32 = 20;

/// Where sends are recorded: durably, a row each.
pub trait SmsSendLog: Send + Sync + fmt::Debug {
    /// Records a send that is about to be handed over, as [`SendState::Sending`]. Before any gateway is called: a
    /// process that dies in between leaves the row behind, and nobody sends again by it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: send nothing.
    fn begin<'a>(&'a self, record: &'a SendRecord) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records what became of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: it stays as it was, and is taken for [`SendState::Unknown`] later.
    fn settle<'a>(&'a self, id: &'a SendId, state: &'a SendState) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records that its code came back.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: it counts as not used.
    fn mark_used<'a>(&'a self, id: &'a SendId, at: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Records what a gateway reports of a message of this name; answers whether there is such a send. A report that
    /// it was delivered or failed is final.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing was recorded.
    fn report<'a>(
        &'a self,
        gateway: &'a str,
        message: &'a str,
        arrival: DeliveryStatus,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// How many codes came back of those that were sent to this prefix and to this country.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: send nothing.
    fn conversion<'a>(&'a self, query: &'a ConversionQuery) -> BoxFuture<'a, Result<Conversion, StoreError>>;

    /// The prefixes and countries of which too few codes came back, since this time.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows.
    fn low(
        &self,
        rule: ConversionRule,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<LowConversion>, StoreError>>;

    /// Takes sends that were begun before `abandoned` and never settled for [`SendState::Unknown`], and forgets those
    /// from before `old`, with the budgets that have been full since then. Answers how many were abandoned.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: part of it may be done.
    fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;
}

/// The name of one send: 32 hexadecimal digits, drawn at random.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SendId(String);

impl SendId {
    /// Draws a new one.
    ///
    /// # Errors
    ///
    /// [`EntropyError`]: send nothing.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes)?;
        Ok(Self(HEXLOWER.encode(&bytes)))
    }

    /// One that was kept beside the code that it carried.
    pub const fn restore(text: String) -> Self {
        Self(text)
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A send that is about to be handed over. Number and prefix are keyed digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRecord {
    /// Its name.
    pub id: SendId,
    /// Whose code it carries.
    pub user: UserId,
    /// What the code is for.
    pub purpose: SmsPurpose,
    /// The keyed digest of the number.
    pub number: String,
    /// The keyed digest of the number without its last four digits.
    pub prefix: String,
    /// The country, by its ISO code.
    pub country: String,
    /// When.
    pub at: Timestamp,
}

impl SendRecord {
    /// A send to this number.
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

    /// What to ask of the conversion before it.
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

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendState {
    /// It is being handed over, or the process died over it.
    Sending,
    /// A gateway has taken it.
    Accepted {
        /// Whose.
        gateway: &'static str,
        /// The gateway's name for it.
        message: String,
    },
    /// A gateway refuses the number.
    Refused,
    /// It may have been sent.
    Unknown {
        /// By whom, where that is known.
        gateway: Option<&'static str>,
    },
    /// It was not sent.
    NotSent,
}

impl SendState {
    /// Its name in rows and metrics.
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

/// What a gateway reports of a message later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// It is on its way, or being tried again.
    Pending,
    /// It is on the phone.
    Delivered,
    /// It will not arrive.
    Failed,
}

impl DeliveryStatus {
    /// Its name in rows and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// How many codes were sent and how many of them came back. What certainly was not sent counts in neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeUsage {
    /// Sent, as far as anyone can tell.
    pub sent: u32,
    /// Come back.
    pub used: u32,
}

/// Whose conversion is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionQuery {
    /// The digest of a prefix.
    pub prefix: String,
    /// A country.
    pub country: String,
    /// Only sends after this.
    pub since: Timestamp,
    /// Which of the sends to date, of the prefix and of the country, counted from the latest, from 1 on.
    pub nth_latest: u32,
}

/// What came back of what was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// To the prefix.
    pub prefix: CodeUsage,
    /// To the country.
    pub country: CodeUsage,
    /// When the prefix's send asked for by `nth_latest` was, where there were so many.
    pub prefix_nth_latest_at: Option<Timestamp>,
    /// When the country's send asked for by `nth_latest` was, where there were so many.
    pub country_nth_latest_at: Option<Timestamp>,
}

/// The share of codes that must come back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversionRule {
    least: f64,
}

/// Whose codes do not come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowConversion {
    /// The country.
    pub country: String,
    /// The digest of the prefix; none for the country as a whole.
    pub prefix: Option<String>,
    /// What was sent and came back.
    pub uses: CodeUsage,
}

impl ConversionRule {
    /// At least this share of the codes must come back, judged from the twentieth send of the last 24 hours on.
    pub const fn new(least: f64) -> Self {
        Self { least }
    }

    /// From which send on conversion is judged: fewer are never too few that came back.
    pub const fn min_sends(self) -> u32 {
        MIN_SENDS
    }

    /// Whether too few came back.
    pub fn is_low(self, uses: CodeUsage) -> bool {
        uses.sent >= self.min_sends() && f64::from(uses.used) < self.least * f64::from(uses.sent)
    }

    /// From when on sends count, at this time.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.minus(CONVERSION_WINDOW)
    }

    /// What is closed, because too few codes of it came back; none where the send may go on.
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

/// Nothing is sent, because too few codes came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendingSuspended {
    /// Of what.
    pub by: SuspensionScope,
    /// What was sent and came back.
    pub uses: CodeUsage,
    /// How long it stays closed at most. It opens as soon as enough codes have come back, or as sends leave the window.
    pub wait: RetryDelay,
}

/// What is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspensionScope {
    /// Numbers that differ in their last four digits alone.
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
