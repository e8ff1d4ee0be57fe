//! User with an authenticator app.

use mfa_core::{SecretBytes, Timestamp, UserId};
use mfa_totp::{Parameters, TimeStep};

use crate::Answer;

/// User with an authenticator app.
#[derive(Clone, Debug)]
pub struct Member {
    /// User id.
    pub id: UserId,
    /// TOTP secret of the app.
    pub secret: SecretBytes,
    /// Two-factor access token returned by the enrolment; empty until it is confirmed.
    pub access: String,
}

impl Member {
    /// Reads the secret from the response to `totp/enroll/start`.
    #[track_caller]
    pub fn from_enrolment(id: UserId, started: &Answer) -> Self {
        let secret = mfa_totp::import_secret(&started.field("secret")).expect("the secret that was shown");
        Self { id, secret, access: String::new() }
    }

    /// Returns the code at this time.
    pub fn code(&self, at: Timestamp) -> String {
        let code = TimeStep::at(at).code(&self.secret, Parameters::default()).expect("a time after 1970");
        code.to_text().expose().to_owned()
    }

    /// Returns the code this many steps from this time, in the past or the future.
    pub fn code_at(&self, now: Timestamp, steps: i32) -> String {
        let span = mfa_totp::PERIOD.saturating_mul(steps.unsigned_abs());
        self.code(if steps < 0 { now.minus(span) } else { now.plus(span) })
    }

    /// Returns a code that is wrong for two minutes before and after this time.
    pub fn wrong_code(&self, now: Timestamp) -> String {
        let near: Vec<_> = (-4..=4).map(|steps| self.code_at(now, steps)).collect();
        let mut guesses = (0..10_u8).map(|digit| digit.to_string().repeat(6));
        guesses.find(|guess| !near.contains(guess)).expect("nine codes instead of ten")
    }
}
