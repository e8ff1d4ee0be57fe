//! A user with an authenticator app.

use mfa_core::{SecretBytes, Timestamp, UserId};
use mfa_totp::{Parameters, TimeStep};

use crate::Answer;

/// A user with an authenticator app.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub id: UserId,
    /// What the app holds.
    pub secret: SecretBytes,
    /// The access token of two factors that came with the enrolment; empty until it is confirmed.
    pub access: String,
}

impl Member {
    /// Takes the secret of an enrolment that was just started.
    #[track_caller]
    pub fn from_enrolment(id: UserId, started: &Answer) -> Self {
        let secret = mfa_totp::import_secret(&started.field("secret")).expect("the secret that was shown");
        Self { id, secret, access: String::new() }
    }

    /// What the app shows at this time.
    pub fn code(&self, at: Timestamp) -> String {
        let code = TimeStep::at(at).code(&self.secret, Parameters::default()).expect("a time after 1970");
        code.to_text().expose().to_owned()
    }

    /// What the app showed, or will show, that many steps from this time.
    pub fn code_at(&self, now: Timestamp, steps: i32) -> String {
        let span = mfa_totp::PERIOD.saturating_mul(steps.unsigned_abs());
        self.code(if steps < 0 { now.minus(span) } else { now.plus(span) })
    }

    /// A code that the app shows at no time within two minutes.
    pub fn wrong_code(&self, now: Timestamp) -> String {
        let near: Vec<_> = (-4..=4).map(|steps| self.code_at(now, steps)).collect();
        let mut guesses = (0..10_u8).map(|digit| digit.to_string().repeat(6));
        guesses.find(|guess| !near.contains(guess)).expect("nine codes are not ten")
    }
}
