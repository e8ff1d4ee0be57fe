//! Diagnosis of phone clocks that are wrong, from rejected TOTP codes.

use std::time::Duration;

use mfa_core::{Account, CipherError, EarlyCode, SealedColumn, SecretBytes, SecretCipher, Timestamp};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::{CodeCheck, Parameters, Period, TimeStep, TotpCode, check_code};

/// Drift that is searched on each side, in seconds.
const MAX_DRIFT_SECONDS: i64 = 600;

/// Time for which a code from the future is remembered, to compare the next one with it.
const EARLY_CODE_LIFETIME: Duration = Duration::from_mins(10);
/// Difference in steps allowed between two codes of one phone, because a code can be read at either end of its step.
const JITTER: u64 = 1;

/// Difference between a phone's clock and the server's, to the time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockDrift {
    steps: i64,
    period: Period,
}

impl ClockDrift {
    /// Returns the step that the phone shows at this time.
    fn step(self, now: Timestamp) -> TimeStep {
        TimeStep::with_period(now, self.period).offset(self.steps)
    }

    /// Returns the seconds by which the phone is ahead. Negative if it is behind.
    pub const fn seconds(self) -> i64 {
        self.steps.saturating_mul(self.period.seconds() as i64)
    }
}

/// Finds the drift of the phone's clock from a rejected code.
///
/// Returns the nearest step outside the window and within ten minutes that the code matches. Returns `None` if the
/// code matches the window, or no step at all.
///
/// The result explains a rejection and never accepts a code. Return it only to a user who enrols this secret. At a
/// login it would reveal to a guesser which code will be valid in a few minutes; use [`explain_refused_code`] there.
pub fn diagnose_drift(
    secret: &SecretBytes,
    code: &TotpCode,
    now: Timestamp,
    parameters: Parameters,
) -> Option<ClockDrift> {
    let period = parameters.period;
    if check_code(secret, code, now, None, parameters) != CodeCheck::Wrong {
        return None;
    }
    let middle = TimeStep::with_period(now, period);
    let most = MAX_DRIFT_SECONDS.checked_div(period.seconds().into()).unwrap_or_default();
    let farthest_first = (2..=most).rev().flat_map(|steps| [steps.saturating_neg(), steps]);
    // Compares every step, without a branch on the result, so that the time taken reveals nothing.
    let mut nearest = 0;
    for steps in farthest_first {
        let Some(candidate) = middle.offset(steps).code(secret, parameters) else { continue };
        nearest.conditional_assign(&steps, candidate.ct_eq(code));
    }
    (nearest != 0).then_some(ClockDrift { steps: nearest, period })
}

/// Explains why a code was rejected during the enrolment of its secret.
///
/// # Errors
///
/// [`CipherError`] if the secret could not be unsealed: return no explanation.
pub fn explain_refused_enrolment(
    account: &Account,
    code: &TotpCode,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<Option<ClockDrift>, CipherError> {
    let Some(waiting) = account.totp.pending.as_ref().filter(|it| now < it.expires_at) else {
        return Ok(None);
    };
    let secret = cipher.unseal(&waiting.secret, account.seal_context(SealedColumn::TotpPendingSecret))?;
    Ok(diagnose_drift(&secret, code, now, Parameters::default()))
}

/// Explains why a code was rejected at a login, if the explanation reveals nothing to a guesser.
///
/// A code of a past step is never valid again, so it is explained at once. A code of a future step will be valid. It
/// is explained only if the previously rejected code belongs to another step with the same drift. Two such codes
/// prove possession of the phone; a guesser would have to be right twice.
///
/// The account remembers the step of a code from the future. Nothing else changes. The attempt was counted before.
///
/// # Errors
///
/// [`CipherError`] if the secret could not be unsealed: return no explanation.
pub fn explain_refused_code(
    account: &mut Account,
    code: &TotpCode,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<Option<ClockDrift>, CipherError> {
    let context = account.seal_context(SealedColumn::TotpSecret);
    let mut drift = None;
    for app in account.totp_apps() {
        let secret = cipher.unseal(app.secret, context)?;
        drift = drift.or(diagnose_drift(&secret, code, now, app.parameters));
    }
    let ahead = drift.filter(|it| it.steps > 0);
    let before = account.internal.early_code;
    account.internal.early_code = ahead.map(|it| EarlyCode { step: it.step(now).number(), at: now });
    Ok(match (ahead, before) {
        (None, _) => drift,
        (Some(it), Some(before)) if agrees(it, before, now) => Some(it),
        (Some(_), _) => None,
    })
}

fn agrees(drift: ClockDrift, before: EarlyCode, now: Timestamp) -> bool {
    let drift_before = before.step.saturating_sub(TimeStep::with_period(before.at, drift.period).number());
    let same_code = before.step == drift.step(now).number();
    !same_code && drift.steps.abs_diff(drift_before) <= JITTER && now.since(before.at) <= EARLY_CODE_LIFETIME
}

#[cfg(test)]
mod tests {
    use mfa_core::UserId;
    use mfa_core::testing::TestCipher;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_010);

    fn diagnosed(offset: i64) -> Option<i64> {
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        let code = TimeStep::at(NOW).offset(offset).code(&secret, Parameters::default()).unwrap();
        diagnose_drift(&secret, &code, NOW, Parameters::default()).map(ClockDrift::seconds)
    }

    #[test]
    fn a_clock_that_is_off_by_up_to_ten_minutes_is_recognised_with_its_sign() {
        assert_eq!(diagnosed(2), Some(60));
        assert_eq!(diagnosed(-2), Some(-60));
        assert_eq!(diagnosed(20), Some(600));
        assert_eq!(diagnosed(-20), Some(-600));
    }

    #[test]
    fn a_code_of_the_window_or_from_farther_away_is_not_drift() {
        for offset in [-21, -1, 0, 1, 21] {
            assert_eq!(diagnosed(offset), None, "{offset}");
        }
    }

    /// A user's account and secret.
    struct Phone {
        account: Account,
        secret: SecretBytes,
    }

    impl Phone {
        fn enrolled() -> Self {
            let secret = SecretBytes::new(b"12345678901234567890".to_vec());
            let mut account = Account::new(UserId::new(7), "ada@example.com", "ada");
            let place = account.seal_context(SealedColumn::TotpSecret);
            account.totp.secret = Some(TestCipher.seal(&secret, place).unwrap());
            account.totp.enabled = true;
            Self { account, secret }
        }

        fn code(&self, step: TimeStep) -> TotpCode {
            step.code(&self.secret, Parameters::default()).unwrap()
        }

        fn explained(&mut self, step: TimeStep, now: Timestamp) -> Option<i64> {
            let code = self.code(step);
            let drift = explain_refused_code(&mut self.account, &code, now, &TestCipher).unwrap();
            drift.map(ClockDrift::seconds)
        }
    }

    fn later(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_login_code_that_has_passed_is_explained_at_once() {
        let mut phone = Phone::enrolled();
        assert_eq!(phone.explained(TimeStep::at(NOW).offset(-3), NOW), Some(-90));
        assert_eq!(phone.account.internal.early_code, None);
    }

    #[test]
    fn a_login_code_to_come_is_explained_only_after_another_one_as_far_ahead() {
        let mut phone = Phone::enrolled();
        assert_eq!(phone.explained(TimeStep::at(NOW).offset(3), NOW), None);
        assert_eq!(phone.explained(TimeStep::at(later(30)).offset(3), later(30)), Some(90));
    }

    #[test]
    fn the_same_code_again_another_distance_or_a_long_wait_explains_nothing() {
        let first = TimeStep::at(NOW).offset(4);
        for (step, now) in [
            (first, NOW),
            (first, later(30)),
            (TimeStep::at(later(30)).offset(7), later(30)),
            (TimeStep::at(later(631)).offset(4), later(631)),
        ] {
            let mut phone = Phone::enrolled();
            assert_eq!(phone.explained(first, NOW), None);
            assert_eq!(phone.explained(step, now), None, "{step:?} {now:?}");
        }
    }

    #[test]
    fn a_wrong_code_in_between_makes_the_next_one_the_first_again() {
        let mut phone = Phone::enrolled();
        assert_eq!(phone.explained(TimeStep::at(NOW).offset(4), NOW), None);
        assert_eq!(phone.explained(TimeStep::at(NOW).offset(100), NOW), None);
        assert_eq!(phone.account.internal.early_code, None);
        assert_eq!(phone.explained(TimeStep::at(later(30)).offset(4), later(30)), None);
    }

    #[test]
    fn drift_is_reported_at_once_during_an_enrolment() {
        let mut phone = Phone::enrolled();
        let secret = phone.secret.clone();
        let ahead = phone.code(TimeStep::at(NOW).offset(3));
        let explained = |account: &Account, now| {
            let drift = explain_refused_enrolment(account, &ahead, now, &TestCipher).unwrap();
            drift.map(ClockDrift::seconds)
        };
        assert_eq!(explained(&phone.account, NOW), None);
        crate::begin_enrolment(&mut phone.account, &secret, NOW, &TestCipher).unwrap();
        assert_eq!(explained(&phone.account, NOW), Some(90));
        assert_eq!(explained(&phone.account, later(601)), None);
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let secret = SecretBytes::new(vec![1; 20]);
        let code = TotpCode::parse("123456").unwrap();
        for millis in [i64::MIN, 0, i64::MAX] {
            assert_eq!(
                diagnose_drift(&secret, &code, Timestamp::from_millis(millis), Parameters::default()),
                None,
                "{millis}"
            );
        }
    }
}
