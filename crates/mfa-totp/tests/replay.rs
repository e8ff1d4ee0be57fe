//! Tests of replay protection: over any sequence of times and codes, the accepted steps strictly increase.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use mfa_core::testing::TestCipher;
use mfa_core::{Account, FactorResult, SealedColumn, SecretBytes, SecretCipher, Timestamp, UserId};
use mfa_totp::{Parameters, TimeStep, TotpCode, verify};
use proptest::prelude::*;

const START: i64 = 1_700_000_000;

fn secret() -> SecretBytes {
    SecretBytes::new(b"12345678901234567890".to_vec())
}

fn enrolled() -> Account {
    let mut account = Account::new(UserId::new(1), "alice@example.com", "alice");
    account.totp.enabled = true;
    let place = account.seal_context(SealedColumn::TotpSecret);
    account.totp.secret = Some(TestCipher.seal(&secret(), place).unwrap());
    account
}

fn code_at(seconds: i64) -> TotpCode {
    TimeStep::at(Timestamp::from_seconds(seconds)).code(&secret(), Parameters::default()).unwrap()
}

#[test]
fn a_code_used_once_is_refused_the_second_time() {
    let mut account = enrolled();
    let now = Timestamp::from_seconds(START);
    assert_eq!(verify(&mut account, &code_at(START), now, &TestCipher), Ok(FactorResult::Correct));
    assert_eq!(verify(&mut account, &code_at(START), now, &TestCipher), Ok(FactorResult::Replayed));
}

#[test]
fn a_wrong_or_replayed_code_changes_nothing() {
    let mut account = enrolled();
    let now = Timestamp::from_seconds(START);
    assert_eq!(verify(&mut account, &code_at(START), now, &TestCipher), Ok(FactorResult::Correct));
    let before = account.clone();
    for seconds in [START, START - 30, START - 3000] {
        assert_ne!(verify(&mut account, &code_at(seconds), now, &TestCipher), Ok(FactorResult::Correct));
        assert_eq!(account, before);
    }
}

proptest! {
    #[test]
    fn accepted_steps_strictly_rise_however_times_and_codes_come(
        tries in prop::collection::vec((-120_i64..=120, -90_i64..=90), 1..60),
    ) {
        let mut account = enrolled();
        let mut accepted: Vec<TimeStep> = Vec::new();
        let mut clock = START;
        for (moved, skew) in tries {
            clock = clock.saturating_add(moved);
            let shown = clock.saturating_add(skew);
            let (now, step) = (Timestamp::from_seconds(clock), TimeStep::at(Timestamp::from_seconds(shown)));
            let in_window = step.number().abs_diff(TimeStep::at(now).number()) <= 1;
            let is_newer = accepted.last().is_none_or(|last| step > *last);
            let expected = match (in_window, is_newer) {
                (true, true) => FactorResult::Correct,
                (true, false) => FactorResult::Replayed,
                (false, _) => FactorResult::Wrong,
            };
            let check = verify(&mut account, &code_at(shown), now, &TestCipher).unwrap();
            prop_assert_eq!(check, expected);
            if check == FactorResult::Correct {
                accepted.push(step);
            }
            prop_assert_eq!(account.totp.last_step, accepted.last().map(|it| it.number()));
        }
        prop_assert!(accepted.is_sorted_by(|earlier, later| earlier < later));
    }
}
