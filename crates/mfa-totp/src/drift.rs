//! Why good codes are refused: a phone whose clock is wrong.

use mfa_core::{SecretBytes, Timestamp};
use subtle::ConstantTimeEq;

use crate::step::seconds_of;
use crate::{CodeCheck, Parameters, Step, TotpCode, check_code};

/// Steps looked at on each side: ten minutes.
const FARTHEST: i64 = 20;

/// How far a phone's clock is off, to the half minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift(i64);

impl Drift {
    /// Seconds that the phone is ahead of us; negative where it is behind.
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

/// Says how far the phone's clock is off, where a code that was refused fits a step outside the window and within ten
/// minutes; the nearest such step, where there are several. `None` where the code fits the window, or nothing at all.
///
/// It explains a refusal and never accepts anything. Tell the answer only to one who is enrolling this very secret, or
/// to nobody but the log: at a login it would tell a guesser which code will be right in a few minutes.
pub fn diagnose_drift(secret: &SecretBytes, code: &TotpCode, now: Timestamp) -> Option<Drift> {
    let parameters = Parameters::default();
    if check_code(secret, code, now, None, parameters) != CodeCheck::Wrong {
        return None;
    }
    let middle = Step::at(now);
    let fits = |steps: &i64| {
        let candidate = middle.offset(*steps).code(secret, parameters);
        candidate.is_some_and(|candidate| candidate.ct_eq(code).into())
    };
    let nearest_first = (2..=FARTHEST).flat_map(|steps| [steps, steps.saturating_neg()]);
    nearest_first.filter(fits).map(|steps| Drift(seconds_of(steps))).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_010);

    fn diagnosed(offset: i64) -> Option<i64> {
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        let code = Step::at(NOW).offset(offset).code(&secret, Parameters::default()).unwrap();
        diagnose_drift(&secret, &code, NOW).map(Drift::seconds)
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

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let secret = SecretBytes::new(vec![1; 20]);
        let code = TotpCode::parse("123456").unwrap();
        for millis in [i64::MIN, 0, i64::MAX] {
            assert_eq!(diagnose_drift(&secret, &code, Timestamp::from_millis(millis)), None, "{millis}");
        }
    }
}
