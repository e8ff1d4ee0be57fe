//! Tests of attempts with a passkey.

use super::*;
use crate::Sealed;

fn passkey(name: &str, stage: Stage) -> PasskeyAttempt {
    PasskeyAttempt {
        attempt: FactorAttempt {
            factor: FactorKind::Passkey,
            ..attempt(name, stage, Requirement::SecondFactor)
        },
        challenge: TokenId::from_jti("challenge"),
        challenge_expires_at: NOW.plus(Duration::from_mins(5)),
    }
}

fn verify(account: &mut Account, passkey: &PasskeyAttempt, result: FactorResult) -> VerificationOutcome {
    verify_passkey::<()>(account, passkey, |_| Ok(result)).unwrap()
}

fn locked() -> Account {
    let mut account = account();
    account.failures = 9;
    assert!(matches!(login(&mut account, "thief", FactorResult::Wrong), VerificationOutcome::InvalidCode));
    assert!(account.lock(NOW).is_some() && account.is_policy_lock(NOW));
    account
}

#[test]
fn a_failure_is_recorded_and_counts_nothing() {
    let mut account = account();
    for stage in [Stage::Pending, TWO] {
        for result in [FactorResult::Wrong, FactorResult::Replayed] {
            let outcome = verify(&mut account, &passkey("a", stage), result);
            assert!(matches!(outcome, VerificationOutcome::InvalidCode));
        }
    }
    assert_eq!((account.failures, account.internal.strikes.at(NOW)), (0, 0));
    assert_eq!(kinds(&account), ["passkey_verify"; 4]);
    assert!(account.internal.denylist.reason(&TokenId::from_jti("a")).is_none());
}

#[test]
fn a_success_clears_the_count_and_spends_the_token_or_the_challenge() {
    let mut account = account();
    account.failures = 3;
    let verified = verify(&mut account, &passkey("a", Stage::Pending), FactorResult::Correct);
    assert!(matches!(verified, VerificationOutcome::Verified(_)));
    assert_eq!((account.failures, account.last_method), (0, Some(FactorKind::Passkey)));
    let again = verify(&mut account, &passkey("a", Stage::Pending), FactorResult::Correct);
    assert!(matches!(again, VerificationOutcome::Denied(DenyReason::TokenSpent)));

    let step_up = passkey("b", TWO);
    assert!(matches!(
        verify(&mut account, &step_up, FactorResult::Correct),
        VerificationOutcome::Verified(_)
    ));
    let again = verify_passkey::<()>(&mut account, &step_up, |_| panic!("not looked at")).unwrap();
    assert!(matches!(again, VerificationOutcome::InvalidCode));
}

#[test]
fn a_success_during_a_lock_of_the_policy_leaves_count_and_lock() {
    let mut account = locked();
    let (failures, lock) = (account.failures, account.lock_until);
    let verified = verify(&mut account, &passkey("a", Stage::Pending), FactorResult::Correct);
    assert!(matches!(verified, VerificationOutcome::Verified(_)));
    assert_eq!((account.failures, account.lock_until), (failures, lock));
    assert!(account.is_policy_lock(NOW), "the next login by passkey works too");
}

#[test]
fn no_other_lock_admits_a_passkey() {
    let later = NOW.plus(Duration::from_hours(9));
    for lock in [later, Timestamp::FAR_FUTURE] {
        for mut account in [account(), locked()] {
            account.totp.secret = Some(Sealed::from_column("sealed".into()));
            account.lock_until = Some(lock);
            let denied = verify(&mut account, &passkey("a", Stage::Pending), FactorResult::Correct);
            assert!(matches!(denied, VerificationOutcome::Denied(DenyReason::Locked(_))));
        }
    }
    let mut disabled = account();
    disabled.is_active = false;
    let denied = verify(&mut disabled, &passkey("a", Stage::Pending), FactorResult::Correct);
    assert!(matches!(denied, VerificationOutcome::Denied(DenyReason::Disabled)));
}
