//! Acceptance window of TOTP codes and detection of replays.

use mfa_core::{SecretBytes, Timestamp};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::{Parameters, TimeStep, TotpCode};

/// One step each way, the most that RFC 6238 §5.2 recommends.
const WINDOW: [i64; 3] = [-1, 0, 1];

/// Result of comparing a code with the window.
///
/// Exhaustive, so that each result is counted and recorded.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCheck {
    /// The code of this step, which is newer than the last one used. Store the step before reporting success.
    Match(TimeStep),
    /// The code of a used step, or of one older than a used step.
    Replayed,
    /// No step of the window matches.
    Wrong,
}

/// Compares a code with the steps within one step of `now`.
///
/// If it matches several steps (about once in a million), the newest counts. Otherwise an older one could turn a
/// valid code into a replay, or be accepted after the newest was used. `last_step` is the number of the newest used
/// step. Every step up to it is spent, whether its own code was used or not.
pub fn check_code(
    secret: &SecretBytes,
    code: &TotpCode,
    now: Timestamp,
    last_step: Option<i64>,
    parameters: Parameters,
) -> CodeCheck {
    match newest_match(secret, code, now, parameters) {
        Some(step) if last_step.is_none_or(|last| step.number() > last) => CodeCheck::Match(step),
        Some(_) => CodeCheck::Replayed,
        None => CodeCheck::Wrong,
    }
}

/// Returns the newest step of the window that the code matches.
///
/// Computes and compares every step without an early exit, so that the time taken does not reveal which one matches.
fn newest_match(
    secret: &SecretBytes,
    code: &TotpCode,
    now: Timestamp,
    parameters: Parameters,
) -> Option<TimeStep> {
    let middle = TimeStep::with_period(now, parameters.period);
    let mut newest = i64::MIN;
    let mut found = Choice::from(0);
    for step in WINDOW.map(|steps| middle.offset(steps)) {
        let Some(candidate) = step.code(secret, parameters) else { continue };
        let fits = candidate.ct_eq(code);
        newest.conditional_assign(&step.number(), fits);
        found |= fits;
    }
    bool::from(found).then_some(TimeStep::from_number(newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 4226 appendix D.
    fn secret() -> SecretBytes {
        SecretBytes::new(b"12345678901234567890".to_vec())
    }

    fn code_of(step: i64) -> TotpCode {
        TimeStep::from_number(step).code(&secret(), Parameters::default()).unwrap()
    }

    fn in_step(step: i64) -> Timestamp {
        Timestamp::from_seconds(step.saturating_mul(30).saturating_add(15))
    }

    fn check(code: &TotpCode, step: i64, last: Option<i64>) -> CodeCheck {
        check_code(&secret(), code, in_step(step), last, Parameters::default())
    }

    #[test]
    fn the_window_is_one_step_each_way() {
        for offset in -3..=3 {
            let expected = if (-1..=1).contains(&offset) {
                CodeCheck::Match(TimeStep::from_number(1000 + offset))
            } else {
                CodeCheck::Wrong
            };
            assert_eq!(check(&code_of(1000 + offset), 1000, None), expected, "{offset}");
        }
    }

    #[test]
    fn the_window_moves_exactly_at_the_change_of_the_step() {
        let code = code_of(1001);
        for (millis, fits) in
            [(29_999_999, false), (30_000_000, true), (30_089_999, true), (30_090_000, false)]
        {
            let now = Timestamp::from_millis(millis);
            let found = check_code(&secret(), &code, now, None, Parameters::default());
            assert_eq!(found == CodeCheck::Match(TimeStep::from_number(1001)), fits, "{millis}");
        }
    }

    #[test]
    fn a_step_up_to_the_last_one_is_a_replay_whether_its_code_was_used_or_not() {
        assert_eq!(check(&code_of(1000), 1000, Some(1000)), CodeCheck::Replayed);
        assert_eq!(check(&code_of(999), 1000, Some(1000)), CodeCheck::Replayed);
        assert_eq!(check(&code_of(1001), 1000, Some(1000)), CodeCheck::Match(TimeStep::from_number(1001)));
        assert_eq!(check(&code_of(1000), 1000, Some(i64::MAX)), CodeCheck::Replayed);
    }

    #[test]
    fn a_code_that_fits_two_steps_counts_for_the_newest() {
        // Steps 910737 and 910738 of this secret share a code, and so do 153567 and 153569.
        for (older, newer, now) in [(910_737, 910_738, 910_737), (153_567, 153_569, 153_568)] {
            let code = code_of(older);
            assert_eq!(code, code_of(newer));
            assert_eq!(check(&code, now, None), CodeCheck::Match(TimeStep::from_number(newer)));
            assert_eq!(check(&code, now, Some(older)), CodeCheck::Match(TimeStep::from_number(newer)));
            assert_eq!(check(&code, now, Some(newer)), CodeCheck::Replayed);
        }
    }

    #[test]
    fn a_code_of_another_length_never_fits() {
        let eight = Parameters { digits: crate::Digits::Eight, ..Parameters::default() };
        let code = TimeStep::from_number(1000).code(&secret(), eight).unwrap();
        assert_eq!(check(&code, 1000, None), CodeCheck::Wrong);
    }

    #[test]
    fn a_clock_before_the_epoch_or_at_the_ends_of_time_finds_nothing_and_does_not_panic() {
        for millis in [i64::MIN, -30_001, i64::MAX] {
            let now = Timestamp::from_millis(millis);
            let found = check_code(&secret(), &code_of(0), now, None, Parameters::default());
            assert_eq!(found, CodeCheck::Wrong, "{millis}");
        }
        let last_before = Timestamp::from_millis(-1);
        let found = check_code(&secret(), &code_of(0), last_before, None, Parameters::default());
        assert_eq!(
            found,
            CodeCheck::Match(TimeStep::from_number(0)),
            "one second early is inside the window"
        );
    }
}
