//! Record of a send before its delivery, and its ID.

use data_encoding::HEXLOWER;
use mfa_core::{DigestPurpose, Entropy, EntropyError, KeyedDigests, SmsPurpose, Timestamp, UserId};

use crate::PhoneNumber;

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
}

fn digest(text: &str, digests: &dyn KeyedDigests) -> String {
    HEXLOWER.encode(&digests.digest(DigestPurpose::PhoneNumber, text.as_bytes()).bytes)
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::TestDigests;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

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
    }
}
