//! State for the next pages, encrypted in a cookie of one browser and session, for ten minutes.

use std::time::Duration;

use mfa_core::{CipherError, SecretBytes, SecretText, Timestamp, UserId};
use mfa_infra::Mfa;
use serde::{Deserialize, Serialize};

/// Lifetime of the state: that of an enrolment that waits for its first code.
pub(super) const LASTS: Duration = mfa_totp::ENROLMENT_LIFETIME;

/// State that the next pages need.
#[derive(Clone, Debug)]
pub(super) enum SealedState {
    /// The TOTP secret of an enrolment that waits for its first code.
    Secret(SecretText),
    /// A phone number as it was typed, until its code is entered.
    Number {
        /// The number as typed.
        phone: SecretText,
        /// The country (ISO 3166-1).
        country: String,
        /// The time when the code was sent.
        sent_at: Timestamp,
    },
    /// Result of a change of many users, for the administrator who made it.
    BulkResult(BulkSummary),
    /// A new access pass, for its issuer.
    AccessPass {
        /// The user who may use it.
        of: UserId,
        /// The pass in plain text.
        pass: SecretText,
        /// The time when it expires.
        expires_at: Timestamp,
    },
    /// New recovery codes.
    Codes {
        /// The user, if an administrator generated them for someone else.
        of: Option<UserId>,
        /// True if they were generated with a new factor.
        with_factor: bool,
        /// The codes in plain text.
        codes: Vec<SecretText>,
    },
}

/// Result of a change of many users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BulkSummary {
    /// The name of the action.
    pub(super) action: String,
    /// The users by result.
    pub(super) groups: Vec<BulkGroup>,
}

/// Users with the same result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BulkGroup {
    /// The name of the result.
    pub(super) outcome: String,
    /// The number of users.
    pub(super) count: usize,
    /// The ids of the users, as far as they fit into the cookie.
    pub(super) users: Vec<i64>,
}

/// The serialised form.
#[derive(Serialize, Deserialize)]
struct SealedStateRecord {
    /// The end of validity, in seconds since 1970.
    until: i64,
    what: What,
}

#[derive(Serialize, Deserialize)]
enum What {
    Secret(String),
    Number { phone: String, country: String, sent_at: i64 },
    BulkResult(BulkSummary),
    AccessPass { of: i64, pass: String, expires_at: i64 },
    Codes { of: Option<i64>, with_factor: bool, codes: Vec<String> },
}

impl SealedState {
    /// Encrypts the state for a cookie. `login` identifies browser and session.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`] if the operating system has no randomness.
    pub(super) fn seal(&self, mfa: &Mfa, login: &SecretText, now: Timestamp) -> Result<String, CipherError> {
        let text = |it: &SecretText| it.expose().to_owned();
        let what = match self {
            Self::Secret(secret) => What::Secret(text(secret)),
            Self::Number { phone, country, sent_at } => {
                What::Number { phone: text(phone), country: country.clone(), sent_at: sent_at.seconds() }
            }
            Self::BulkResult(summary) => What::BulkResult(summary.clone()),
            Self::AccessPass { of, pass, expires_at } => {
                What::AccessPass { of: of.value(), pass: text(pass), expires_at: expires_at.millis() }
            }
            Self::Codes { of, with_factor, codes } => What::Codes {
                of: of.map(UserId::value),
                with_factor: *with_factor,
                codes: codes.iter().map(text).collect(),
            },
        };
        let written = SealedStateRecord { until: now.plus(LASTS).seconds(), what };
        // Strings and numbers always serialise.
        let bytes = serde_json::to_vec(&written).map_err(|_| CipherError::Altered)?;
        mfa.page_cipher().seal(&SecretBytes::new(bytes), login.expose())
    }

    /// Decrypts a cookie; `None` if it has expired, belongs to another session or was altered.
    pub(super) fn unseal(sealed: &SecretText, mfa: &Mfa, login: &SecretText, now: Timestamp) -> Option<Self> {
        let bytes = mfa.page_cipher().unseal(sealed.expose(), login.expose()).ok()?;
        let SealedStateRecord { until, what } = serde_json::from_slice(bytes.expose()).ok()?;
        if until <= now.seconds() {
            return None;
        }
        Some(match what {
            What::Secret(secret) => Self::Secret(SecretText::new(secret)),
            What::Number { phone, country, sent_at } => Self::Number {
                phone: SecretText::new(phone),
                country,
                sent_at: Timestamp::from_seconds(sent_at),
            },
            What::BulkResult(summary) => Self::BulkResult(summary),
            What::AccessPass { of, pass, expires_at } => Self::AccessPass {
                of: UserId::new(of),
                pass: SecretText::new(pass),
                expires_at: Timestamp::from_millis(expires_at),
            },
            What::Codes { of, with_factor, codes } => Self::Codes {
                of: of.map(UserId::new),
                with_factor,
                codes: codes.into_iter().map(SecretText::new).collect(),
            },
        })
    }
}
