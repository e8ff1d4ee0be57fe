//! What one page hands the next by the browser, sealed: for a few minutes, and for one login in one browser.

use std::time::Duration;

use mfa_core::{CipherError, SecretBytes, SecretText, Timestamp, UserId};
use mfa_infra::Mfa;
use serde::{Deserialize, Serialize};

/// How long it can be read: as long as an enrolment waits for its first code.
pub(super) const LASTS: Duration = mfa_totp::ENROLMENT_LIFETIME;

/// What is handed on.
#[derive(Clone, Debug)]
pub(super) enum SealedState {
    /// The secret of an authenticator app that waits for its first code.
    Secret(SecretText),
    /// A number as it was typed, until its code comes back.
    Number {
        /// The number.
        phone: SecretText,
        /// Its country.
        country: String,
        /// When the code was sent.
        sent_at: Timestamp,
    },
    /// Recovery codes that are new.
    Codes {
        /// Whose, where an administrator made them for somebody else.
        of: Option<UserId>,
        /// Whether they came with a factor that is new.
        with_factor: bool,
        /// The codes.
        codes: Vec<SecretText>,
    },
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct SealedStateRecord {
    /// From when on it is nothing any more, in seconds since 1970.
    until: i64,
    what: What,
}

#[derive(Serialize, Deserialize)]
enum What {
    Secret(String),
    Number { phone: String, country: String, sent_at: i64 },
    Codes { of: Option<i64>, with_factor: bool, codes: Vec<String> },
}

impl SealedState {
    /// What the browser is to keep. `login` names browser and login.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: there is nothing to be kept.
    pub(super) fn seal(&self, mfa: &Mfa, login: &SecretText, now: Timestamp) -> Result<String, CipherError> {
        let text = |it: &SecretText| it.expose().to_owned();
        let what = match self {
            Self::Secret(secret) => What::Secret(text(secret)),
            Self::Number { phone, country, sent_at } => {
                What::Number { phone: text(phone), country: country.clone(), sent_at: sent_at.seconds() }
            }
            Self::Codes { of, with_factor, codes } => What::Codes {
                of: of.map(UserId::value),
                with_factor: *with_factor,
                codes: codes.iter().map(text).collect(),
            },
        };
        let written = SealedStateRecord { until: now.plus(LASTS).seconds(), what };
        // A tree of texts is always JSON.
        let bytes = serde_json::to_vec(&written).map_err(|_| CipherError::Altered)?;
        mfa.seal_for_page(&SecretBytes::new(bytes), login.expose())
    }

    /// What the browser brought; `None` where it is over, of another login, or not of ours.
    pub(super) fn unseal(sealed: &SecretText, mfa: &Mfa, login: &SecretText, now: Timestamp) -> Option<Self> {
        let bytes = mfa.unseal_for_page(sealed.expose(), login.expose()).ok()?;
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
            What::Codes { of, with_factor, codes } => Self::Codes {
                of: of.map(UserId::new),
                with_factor,
                codes: codes.into_iter().map(SecretText::new).collect(),
            },
        })
    }
}
