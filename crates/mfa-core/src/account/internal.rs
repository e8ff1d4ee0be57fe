//! What only we read of a row: one small JSON document.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::denylist::TokenDenylist;
use crate::{Timestamp, TokenId};

/// Time after which one strike fades.
const STRIKE_LIFETIME: Duration = Duration::from_hours(12);

/// The column `mfa_internal`: written with each change, kept under about two kilobytes.
///
/// Fields that this version does not know are kept as they are, so that two versions can run side by side during an
/// update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InternalState {
    /// The session number: a token that carries another one is revoked.
    #[serde(rename = "sv", skip_serializing_if = "is_default")]
    pub session: u64,
    /// When the session number last rose, for tokens that carry none.
    #[serde(rename = "sv_at", skip_serializing_if = "is_default")]
    pub sessions_revoked_at: Option<Timestamp>,
    /// The one token that outlives the last rise of the session number.
    #[serde(rename = "kept", skip_serializing_if = "is_default")]
    pub exempt_token: Option<ExemptToken>,
    /// Pending tokens issued up to this time are spent (set by a lock).
    #[serde(rename = "pend", skip_serializing_if = "is_default")]
    pub pending_tokens_spent_until: Option<Timestamp>,
    /// Spent and revoked tokens.
    #[serde(rename = "tok", skip_serializing_if = "is_default")]
    pub denylist: TokenDenylist,
    /// Wrong codes for the enrolment that is running.
    #[serde(rename = "enr", skip_serializing_if = "is_default")]
    pub enrolment_failures: u8,
    /// Wrong step-up codes under one access token.
    #[serde(rename = "up", skip_serializing_if = "is_default")]
    pub step_up_failures: Option<StepUpFailures>,
    /// A refused code that a phone ahead of us may have shown.
    #[serde(rename = "ahead", skip_serializing_if = "is_default")]
    pub early_code: Option<EarlyCode>,
    /// Wrong answers over days.
    #[serde(rename = "strikes", skip_serializing_if = "is_default")]
    pub strikes: Strikes,
    /// The code by SMS that is awaited, and the last sends.
    #[serde(rename = "sms", skip_serializing_if = "is_default")]
    pub sms: SmsState,
    /// The end of the user's chain of events.
    #[serde(rename = "chain", skip_serializing_if = "is_default")]
    pub chain: ChainHead,
    /// What other versions keep here, carried along untouched.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The token that the last rise of the session number left alive, because the answer had no fresh one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExemptToken {
    /// Which.
    #[serde(rename = "id")]
    pub token: TokenId,
    /// Until when at the most.
    #[serde(rename = "exp")]
    pub expires_at: Timestamp,
}

/// Wrong step-up codes under one access token; the fifth revokes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUpFailures {
    /// Under which token.
    #[serde(rename = "id")]
    pub token: TokenId,
    /// How many.
    #[serde(rename = "n")]
    pub count: u8,
}

/// A code that was refused because its time step lies ahead. Alone it explains nothing to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyCode {
    /// The number of its time step.
    #[serde(rename = "s")]
    pub step: i64,
    /// When it was refused.
    pub at: Timestamp,
}

/// Wrong answers over days: each fades after twelve hours, and no success clears them.
///
/// So a patient thief of a password does not gain nine guesses by every login of the owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strikes {
    /// How many there were at `since`.
    #[serde(rename = "n")]
    pub count: u32,
    /// From when on the next one fades.
    #[serde(rename = "at")]
    pub since: Option<Timestamp>,
}

impl Strikes {
    /// The strikes that have not faded at `now`.
    pub fn at(&self, now: Timestamp) -> u32 {
        self.faded(now).count
    }

    /// Adds one, and answers how many there are now.
    pub fn add(&mut self, now: Timestamp) -> u32 {
        let mut faded = self.faded(now);
        faded.count = faded.count.saturating_add(1);
        faded.since = faded.since.or(Some(now));
        *self = faded;
        self.count
    }

    /// Takes the latest one back: the try that it stood for was right.
    pub(crate) fn remove_last(&mut self, now: Timestamp) {
        let mut faded = self.faded(now);
        faded.count = faded.count.saturating_sub(1);
        *self = if faded.count == 0 { Self::default() } else { faded };
    }

    fn faded(&self, now: Timestamp) -> Self {
        let Some(since) = self.since else { return Self::default() };
        let steps = now.since(since).as_secs().checked_div(STRIKE_LIFETIME.as_secs()).unwrap_or(0);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let count = self.count.saturating_sub(steps);
        if count == 0 {
            return Self::default();
        }
        Self { count, since: Some(since.plus(STRIKE_LIFETIME.saturating_mul(steps))) }
    }
}

/// The end of a user's chain of events: the number and the MAC of the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The number of the newest event; 0 where there is none.
    #[serde(rename = "n")]
    pub seq: u64,
    /// Its MAC, in lower-case hexadecimal; empty where there is none.
    #[serde(rename = "mac")]
    pub mac: String,
}

/// The code by SMS that is awaited, and the times of the last sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmsState {
    /// The newest code that was sent; a newer one replaces it.
    #[serde(rename = "code", skip_serializing_if = "is_default")]
    pub challenge: Option<SmsChallenge>,
    /// When the last codes were sent, for the user's own budget; oldest first.
    #[serde(rename = "at", skip_serializing_if = "Vec::is_empty")]
    pub sent_at: Vec<Timestamp>,
    /// Whether a provider has refused the number in force; nothing is taken away by it.
    #[serde(rename = "u", skip_serializing_if = "std::ops::Not::not")]
    pub unreachable: bool,
}

impl SmsState {
    /// The name of the send that carries the awaited code.
    pub fn send(&self) -> Option<&str> {
        self.challenge.as_ref().map(|it| it.send.as_str()).filter(|it| !it.is_empty())
    }
}

/// A code that was sent by SMS and has not come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsChallenge {
    /// The keyed digest of user, purpose, destination, token and code, in lower-case hexadecimal; never the code.
    #[serde(rename = "d")]
    pub digest: String,
    /// The name of the digest's key.
    #[serde(rename = "k")]
    pub key: String,
    /// What the code is for.
    #[serde(rename = "p")]
    pub purpose: SmsPurpose,
    /// Wrong tries so far.
    #[serde(rename = "n")]
    pub tries: u8,
    /// From when on it is forgotten.
    #[serde(rename = "exp")]
    pub expires_at: Timestamp,
    /// The name of the send that carries it; empty where it was sent before sends were recorded.
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub send: String,
}

/// What a code by SMS is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SmsPurpose {
    /// A second factor.
    #[serde(rename = "l")]
    SecondFactor,
    /// The confirmation of a new number.
    #[serde(rename = "c")]
    Confirmation,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn strikes_fade_one_by_one_every_twelve_hours() {
        let mut strikes = Strikes::default();
        for _ in 0..3 {
            strikes.add(NOW);
        }
        let hours = |h: u64| NOW.plus(Duration::from_secs(h * 3600));
        assert_eq!((strikes.at(hours(11)), strikes.at(hours(12)), strikes.at(hours(36))), (3, 2, 0));
        assert_eq!(strikes.add(hours(18)), 3, "one of three has faded, one was added");
        assert_eq!(strikes.at(hours(24)), 2, "adding one does not delay the fading of the others");
    }

    #[test]
    fn a_clock_that_jumps_back_fades_nothing() {
        let mut strikes = Strikes::default();
        strikes.add(NOW);
        assert_eq!(strikes.at(Timestamp::from_seconds(0)), 1);
    }

    #[test]
    fn what_another_version_wrote_is_kept() {
        let row = r#"{"sv":3,"later":{"x":[1,2]}}"#;
        let internal: InternalState = serde_json::from_str(row).unwrap();
        assert_eq!(internal.session, 3);
        assert_eq!(serde_json::to_string(&internal).unwrap(), row);
    }

    #[test]
    fn a_new_account_writes_an_empty_document() {
        assert_eq!(serde_json::to_string(&InternalState::default()).unwrap(), "{}");
    }
}
