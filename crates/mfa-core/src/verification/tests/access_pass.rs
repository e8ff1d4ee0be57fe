//! Access passes, and the enrolment by one.

use super::*;
use crate::{AccessPass, PassEnrolment, Role};

const ENROL: Requirement = Requirement::Enrol { max_age: AGE };

/// An account with an app and an outstanding pass of the helpdesk.
fn with_pass() -> Account {
    let mut account = account();
    let expires_at = NOW.plus(Duration::from_hours(1));
    let pass = AccessPass { digest: "d".into(), key: "k".into(), expires_at, issuer: Role::Helpdesk };
    account.set_access_pass(pass, NOW);
    account
}

fn enrolment() -> PassEnrolment {
    PassEnrolment { token: TokenId::from_jti("new"), expires_at: NOW.plus(Duration::from_mins(15)) }
}

fn redeem(account: &mut Account, name: &str, stage: Stage, is_right: bool) -> AccessPassOutcome {
    let attempt = attempt(name, stage, Requirement::SecondFactor);
    verify_access_pass(account, &attempt, Role::None, &enrolment(), |_| is_right)
}

fn is_accepted(outcome: &AccessPassOutcome) -> bool {
    matches!(outcome, AccessPassOutcome::Accepted(_))
}

#[test]
fn a_right_pass_is_used_once_and_spends_the_token() {
    let mut account = with_pass();
    assert!(is_accepted(&redeem(&mut account, "a", Stage::Pending, true)));
    let again = redeem(&mut account, "a", Stage::Pending, true);
    assert!(matches!(again, AccessPassOutcome::Denied(DenyReason::TokenSpent)));
    assert!(matches!(redeem(&mut account, "b", Stage::Pending, true), AccessPassOutcome::InvalidCode));
    assert_eq!((account.failures, account.last_success_at), (1, None), "a pass is no factor");
    assert_eq!(kinds(&account), ["access_pass_use", "access_pass_use"]);
    assert!(account.events.iter().all(|event| event.method.is_none()));
}

#[test]
fn a_wrong_pass_counts_and_locks_and_other_stages_are_denied() {
    let mut account = with_pass();
    for stage in [TWO, Stage::OneFactor, Stage::Enrolment] {
        let denied = redeem(&mut account, "s", stage, true);
        assert!(matches!(denied, AccessPassOutcome::Denied(DenyReason::WrongStage)), "{stage:?}");
    }
    for n in 0..10 {
        let outcome = redeem(&mut account, &n.to_string(), Stage::Pending, false);
        assert!(matches!(outcome, AccessPassOutcome::InvalidCode));
    }
    let locked = redeem(&mut account, "c", Stage::Pending, true);
    assert!(matches!(locked, AccessPassOutcome::Denied(DenyReason::Locked(Lock::Until(_)))));
    assert_eq!(account.events.last().unwrap().kind, EventKind::AccountLocked);
    assert!(account.internal.access_pass.is_some(), "it is still outstanding");
}

#[test]
fn a_pass_is_void_for_an_administrator_whatever_was_read_before() {
    let mut account = Account { is_superuser: true, ..with_pass() };
    assert!(matches!(redeem(&mut account, "a", Stage::Pending, true), AccessPassOutcome::InvalidCode));
}

#[test]
fn what_a_pass_enrols_replaces_the_factors_once_its_code_is_right() {
    let mut account = with_pass();
    account.failures = 4;
    account.totp.pending = None;
    assert!(is_accepted(&redeem(&mut account, "a", Stage::Pending, true)));
    account.events.clear();
    let confirming = FactorAttempt { factor: FactorKind::Sms, ..attempt("new", Stage::Enrolment, ENROL) };
    let check = |result: FactorResult| {
        move |account: &mut Account| {
            if result == FactorResult::Correct {
                assert!(!account.has_factor(), "the others are gone");
                account.phone = PhoneState {
                    number: Some(Sealed::from_column("n".into())),
                    is_verified: true,
                    ..PhoneState::default()
                };
                account.backup_method = crate::BackupMethod::Sms;
            }
            Ok::<_, ()>(result)
        }
    };
    let wrong = confirm(&mut account, &confirming, check(FactorResult::Wrong)).unwrap();
    assert!(matches!(wrong, VerificationOutcome::InvalidCode) && account.has_totp());
    let session = account.internal.session;
    let right = confirm(&mut account, &confirming, check(FactorResult::Correct)).unwrap();
    assert!(matches!(right, VerificationOutcome::Verified(_)));
    assert!(account.has_sms() && !account.has_totp());
    assert_eq!((account.failures, account.internal.session), (0, session + 1));
    assert_eq!(account.internal.pass_enrolment, None);
    let again = confirm(&mut account, &confirming, check(FactorResult::Correct)).unwrap();
    assert!(matches!(again, VerificationOutcome::Denied(_)));
}

#[test]
fn an_enrolment_token_of_the_policy_leaves_the_factors() {
    let mut account = with_pass();
    assert!(is_accepted(&redeem(&mut account, "a", Stage::Pending, true)));
    let stolen = FactorAttempt { factor: FactorKind::Passkey, ..attempt("policy", Stage::Enrolment, ENROL) };
    let added = confirm(&mut account, &stolen, |_| Ok::<_, ()>(FactorResult::Correct)).unwrap();
    assert!(matches!(added, VerificationOutcome::Verified(_)) && account.has_totp());
}

#[test]
fn a_restored_row_has_no_pass() {
    let mut account = with_pass();
    account.continue_chain(crate::ChainHead { seq: 9, mac: "m".into() }, NOW);
    assert_eq!(account.internal.access_pass, None);
    let mut account = with_pass();
    account.remove_all_factors(NOW);
    assert_eq!(account.internal.access_pass, None);
}
