//! Internal state of an account: one small JSON document in the column `mfa_internal`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::access_pass::{AccessPass, PassEnrolment};
use super::denylist::TokenDenylist;
use super::passkeys::AuthenticatorUse;
use super::step_up::StepUpFailures;
use crate::{Timestamp, TokenId};

/// Time after which one strike fades.
const STRIKE_LIFETIME: Duration = Duration::from_hours(12);

/// Content of the column `mfa_internal`, written with each change and kept under about two kilobytes.
///
/// Unknown fields are preserved, so that two versions of the service can run during an update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InternalState {
    /// Session number. A token with another number is revoked.
    #[serde(rename = "sv", skip_serializing_if = "is_default")]
    pub session: u64,
    /// Time when the session number last increased, for tokens without one.
    #[serde(rename = "sv_at", skip_serializing_if = "is_default")]
    pub sessions_revoked_at: Option<Timestamp>,
    /// Token that stays valid although the session number increased.
    #[serde(rename = "kept", skip_serializing_if = "is_default")]
    pub exempt_token: Option<ExemptToken>,
    /// Pending tokens issued up to this time are spent. Set by a lock.
    #[serde(rename = "pend", skip_serializing_if = "is_default")]
    pub pending_tokens_spent_until: Option<Timestamp>,
    /// Spent and revoked tokens.
    #[serde(rename = "tok", skip_serializing_if = "is_default")]
    pub denylist: TokenDenylist,
    /// Wrong codes in the current enrolment.
    #[serde(rename = "enr", skip_serializing_if = "is_default")]
    pub enrolment_failures: u8,
    /// Wrong step-up codes of each access token, in the fields `up` and `ups`.
    #[serde(flatten)]
    pub step_up_failures: StepUpFailures,
    /// Rejected code of a later time step, for the diagnosis of a phone clock that is ahead.
    #[serde(rename = "ahead", skip_serializing_if = "is_default")]
    pub early_code: Option<EarlyCode>,
    /// Failures over days, which a success does not clear.
    #[serde(rename = "strikes", skip_serializing_if = "is_default")]
    pub strikes: Strikes,
    /// Pending SMS code and the times of recent sends.
    #[serde(rename = "sms", skip_serializing_if = "is_default")]
    pub sms: SmsState,
    /// Head of the user's event chain.
    #[serde(rename = "chain", skip_serializing_if = "is_default")]
    pub chain: ChainHead,
    /// Changes of factors by other programs whose events are not recorded yet.
    #[serde(rename = "foreign", skip_serializing_if = "is_default")]
    pub foreign_changes: ForeignChanges,
    /// Time when the user's data was last erased.
    #[serde(rename = "erased", skip_serializing_if = "is_default")]
    pub erased_at: Option<Timestamp>,
    /// Lock that an import of another system's accounts set.
    #[serde(rename = "imp_lock", skip_serializing_if = "is_default")]
    pub import_lock: Option<ImportLock>,
    /// Whether an import has taken over the MFA requirement, the failures and the lock of another system.
    #[serde(rename = "imp", skip_serializing_if = "is_default")]
    pub state_imported: bool,
    /// Last use and counter of each authenticator, by its ID.
    #[serde(rename = "auth", skip_serializing_if = "is_default")]
    pub authenticators: BTreeMap<String, AuthenticatorUse>,
    /// End of the lock that the lockout policy set last. A passkey is accepted during this lock, and during no other one.
    #[serde(rename = "pol", skip_serializing_if = "is_default")]
    pub policy_lock_until: Option<Timestamp>,
    /// Whether an administrator requires a phishing-resistant factor of this user.
    #[serde(rename = "phr", skip_serializing_if = "is_default")]
    pub phishing_resistant_required: bool,
    /// Access pass that was issued and is not used yet.
    #[serde(rename = "pass", skip_serializing_if = "is_default")]
    pub access_pass: Option<AccessPass>,
    /// Enrolment that a used access pass allows.
    #[serde(rename = "pass_enr", skip_serializing_if = "is_default")]
    pub pass_enrolment: Option<PassEnrolment>,
    /// Time of the last lock that a mail was queued for.
    #[serde(rename = "lm", skip_serializing_if = "is_default")]
    pub lock_mailed_at: Option<Timestamp>,
    /// Whether the row was inserted and no decision has looked for earlier events of its id. A trigger sets it.
    #[serde(rename = "ins", skip_serializing_if = "is_default")]
    pub inserted: bool,
    /// Fields written by other versions, preserved unchanged.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Token of the current session, kept valid when all other sessions are revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExemptToken {
    /// ID of the token.
    #[serde(rename = "id")]
    pub token: TokenId,
    /// Time when the token expires.
    #[serde(rename = "exp")]
    pub expires_at: Timestamp,
}

/// Lock of an account whose only factor an import could not read: a password alone would have been enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLock {
    /// Failures at the time of the lock. While it is in force, nothing is counted.
    #[serde(rename = "f")]
    pub failures: u32,
    /// End of the lock that was in force before.
    #[serde(rename = "u")]
    pub before: Option<Timestamp>,
}

/// Times at which other programs changed a factor. The guard trigger of the database sets them, because it cannot compute
/// the MAC of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForeignChanges {
    /// The TOTP secret changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<Timestamp>,
    /// The phone number changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<Timestamp>,
    /// Recovery codes were added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Timestamp>,
}

/// Code that was rejected because its time step lies in the future. A single one proves no clock drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyCode {
    /// Number of its time step.
    #[serde(rename = "s")]
    pub step: i64,
    /// Time of the rejection.
    pub at: Timestamp,
}

/// Long-term count of wrong codes, decreasing by one every twelve hours. A success does not reset it.
///
/// They prevent an attacker who has the password from gaining nine guesses with every login of the owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strikes {
    /// Number of strikes at `since`.
    #[serde(rename = "n")]
    pub count: u32,
    /// Start of the twelve hours after which the next strike fades.
    #[serde(rename = "at")]
    pub since: Option<Timestamp>,
}

impl Strikes {
    /// Returns the number of strikes that have not faded at `now`.
    pub fn at(&self, now: Timestamp) -> u32 {
        self.faded(now).count
    }

    /// Adds a strike and returns the new number.
    pub fn add(&mut self, now: Timestamp) -> u32 {
        let mut faded = self.faded(now);
        faded.count = faded.count.saturating_add(1);
        faded.since = faded.since.or(Some(now));
        *self = faded;
        self.count
    }

    /// Removes the latest strike, whose attempt proved to be correct.
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

/// Head of a user's event chain: number and MAC of the newest event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// Number of the newest event, or 0 if there is none.
    #[serde(rename = "n")]
    pub seq: u64,
    /// MAC of the newest event in lower-case hexadecimal, or empty if there is none.
    #[serde(rename = "mac")]
    pub mac: String,
}

/// Pending SMS code and the times of recent sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmsState {
    /// The pending code. A newer code replaces it.
    #[serde(rename = "code", skip_serializing_if = "is_default")]
    pub challenge: Option<SmsChallenge>,
    /// Times of recent sends, oldest first, for the user's rate limit.
    #[serde(rename = "at", skip_serializing_if = "Vec::is_empty")]
    pub sent_at: Vec<Timestamp>,
    /// Whether a provider rejected the active number. The number stays a factor.
    #[serde(rename = "u", skip_serializing_if = "std::ops::Not::not")]
    pub unreachable: bool,
    /// Whether the active number was imported in a national form whose country nobody stated. No SMS is sent to it.
    #[serde(rename = "g", skip_serializing_if = "std::ops::Not::not")]
    pub country_guessed: bool,
}

impl SmsState {
    /// Returns the ID of the send that carried the pending code.
    pub fn send(&self) -> Option<&str> {
        self.challenge.as_ref().map(|it| it.send.as_str()).filter(|it| !it.is_empty())
    }
}

/// SMS code that was sent and not yet used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsChallenge {
    /// Keyed digest of user, purpose, destination, token and code, in lower-case hexadecimal. Never the code itself.
    #[serde(rename = "d")]
    pub digest: String,
    /// ID of the digest's key.
    #[serde(rename = "k")]
    pub key: String,
    /// Purpose of the code.
    #[serde(rename = "p")]
    pub purpose: SmsPurpose,
    /// Number of wrong attempts.
    #[serde(rename = "n")]
    pub tries: u8,
    /// Time when the code expires.
    #[serde(rename = "exp")]
    pub expires_at: Timestamp,
    /// ID of the send that carried the code. Empty if the code was sent by a version that did not record sends.
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub send: String,
}

/// Purpose of an SMS code.
///
/// Exhaustive, so that each purpose has a message and a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SmsPurpose {
    /// Verification of a second factor.
    #[serde(rename = "l")]
    SecondFactor,
    /// Confirmation of a new number.
    #[serde(rename = "c")]
    Confirmation,
}

impl SmsPurpose {
    /// Returns the name used in the log of sends and in log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::Confirmation => "confirmation",
        }
    }
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
