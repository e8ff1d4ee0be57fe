//! Policy that accepts only phishing-resistant factors.

use super::*;

const PASSKEY: Stage = Stage::TwoFactors(Some(FactorKind::Passkey));
const ENROL: Requirement = Requirement::Enrol { max_age: AGE };
const CHANGE: Requirement = Requirement::Change { max_age: AGE };

/// An account with an app for which an administrator requires a phishing-resistant factor.
fn covered() -> Account {
    let mut account = account();
    account.internal.phishing_resistant_required = true;
    account
}

fn with_passkey(mut account: Account) -> Account {
    account.passkeys.keys.push(crate::Passkey {
        id: "k".into(),
        name: "Key".into(),
        created_at: NOW,
        credential_id: "AQ".into(),
        credential: serde_json::json!({}),
        rest: serde_json::Map::new(),
    });
    account
}

#[test]
fn the_policy_covers_users_by_setting_and_by_flag() {
    use PhishingResistantPolicy::{Administrators, All, None};

    let (plain, flagged) = (account(), covered());
    let administrator = Account { is_superuser: true, ..account() };
    let covered = |policy: PhishingResistantPolicy| {
        [&plain, &administrator, &flagged].map(|account| policy.covers(account))
    };
    assert_eq!(covered(None), [false, false, true]);
    assert_eq!(covered(Administrators), [false, true, true]);
    assert_eq!(covered(All), [true, true, true]);
    let without = Account::new(UserId::new(1), "b", "b");
    assert!(All.requires_second_factor(&without) && !None.requires_second_factor(&without));
}

#[test]
fn a_covered_user_with_a_passkey_verifies_nothing_else_and_nothing_is_counted() {
    for stage in [Stage::Pending, TWO] {
        let mut account = with_passkey(covered());
        let before = account.clone();
        let outcome =
            verify_factor::<()>(&mut account, &attempt("a", stage, Requirement::SecondFactor), |_| {
                panic!("no code is looked at")
            });
        let denied = VerificationOutcome::Denied(DenyReason::PhishingResistantRequired);
        assert_eq!(format!("{outcome:?}"), format!("{:?}", Ok::<_, ()>(denied)));
        assert_eq!(account, before);
    }
    let mut account = covered();
    let outcome = login(&mut account, "a", FactorResult::Correct);
    assert!(matches!(outcome, VerificationOutcome::Verified(_)), "without a passkey, to register one");
}

#[test]
fn a_counted_recovery_code_is_not_spent_if_a_passkey_was_registered_meanwhile() {
    let mut account = covered();
    let attempt = attempt("a", Stage::Pending, Requirement::SecondFactor);
    let (counted, ()) = begin_attempt::<_, ()>(&mut account, &attempt, |_| Ok(())).unwrap().unwrap();
    account = with_passkey(account);
    let outcome = settle_attempt::<()>(&mut account, &attempt, counted, |_| panic!("no code is spent"));
    assert!(matches!(outcome, Ok(VerificationOutcome::Denied(DenyReason::PhishingResistantRequired))));
    assert_eq!(account.failures, 1, "it stays counted");
}

#[test]
fn a_covered_user_enrols_no_other_factor() {
    let mut account = covered();
    let enrol = attempt("a", Stage::Enrolment, ENROL);
    let outcome = confirm::<()>(&mut account, &enrol, |_| panic!("no code is looked at"));
    assert!(matches!(outcome, Ok(VerificationOutcome::Denied(DenyReason::PhishingResistantRequired))));
    let passkey = FactorAttempt { factor: FactorKind::Passkey, ..enrol };
    let outcome = confirm::<()>(&mut account, &passkey, |_| Ok(FactorResult::Correct));
    assert!(matches!(outcome, Ok(VerificationOutcome::Verified(_))));
    assert_eq!(account.internal.session, 1, "other sessions ended");
    let again = confirm::<()>(&mut account, &passkey, |_| Ok(FactorResult::Correct));
    assert!(matches!(again, Ok(VerificationOutcome::Denied(DenyReason::TokenSpent))));
}

#[test]
fn only_a_passkey_is_a_step_up_of_a_covered_user() {
    let none = PhishingResistantPolicy::None;
    let account = with_passkey(covered());
    for requirement in [ENROL, CHANGE] {
        let ask = |stage| super::super::authorize(&account, &token("t", stage), requirement, none, NOW);
        assert_eq!(ask(TWO), Err(DenyReason::StepUpRequired { max_age: AGE }));
        assert_eq!(ask(Stage::TwoFactors(None)), Err(DenyReason::StepUpRequired { max_age: AGE }));
        assert_eq!(ask(PASSKEY), Ok(()));
    }
}

#[test]
fn an_enrolment_token_enrols_and_reads_and_does_nothing_else() {
    for account in [account(), covered(), with_passkey(covered())] {
        let ask = |requirement| authorize(&account, &token("t", Stage::Enrolment), requirement, NOW);
        assert_eq!((ask(ENROL), ask(Requirement::Read)), (Ok(()), Ok(())));
        for requirement in [CHANGE, Requirement::SecondFactor] {
            assert_eq!(ask(requirement), Err(DenyReason::WrongStage));
        }
    }
    let plain = Account::new(UserId::new(1), "b", "b");
    let pending = token("t", Stage::Pending);
    let ask = |policy| super::super::authorize(&plain, &pending, ENROL, policy, NOW);
    assert_eq!(ask(PhishingResistantPolicy::All), Ok(()), "a first factor although MFA is not enforced");
    assert_eq!(ask(PhishingResistantPolicy::None), Err(DenyReason::WrongStage));
}

#[test]
fn a_lock_spends_an_enrolment_token_issued_before() {
    let mut account = account();
    let enrol = token("t", Stage::Enrolment);
    account.internal.pending_tokens_spent_until = Some(NOW);
    assert_eq!(authorize(&account, &enrol, ENROL, NOW), Err(DenyReason::TokenSpent));
}

#[test]
fn the_requirement_outlives_a_reset_and_an_erasure() {
    let mut account = with_passkey(covered());
    account.remove_all_factors(NOW);
    assert!(account.internal.phishing_resistant_required);
    account.erase(NOW);
    assert!(account.internal.phishing_resistant_required);
    let stored = serde_json::to_value(&account.internal).unwrap();
    assert_eq!(stored["phr"], true);
}
