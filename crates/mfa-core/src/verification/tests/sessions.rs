//! The event of a verification names the token that it grants, and sessions end without losing an entry.

use super::*;
use crate::{EventToken, Jti, TokenDenylist};

const ENROL: Requirement = Requirement::Enrol { max_age: AGE };

fn jti() -> Jti {
    Jti::from_random([9; 16])
}

fn granting(attempt: FactorAttempt) -> FactorAttempt {
    FactorAttempt { new_token: Some(jti()), ..attempt }
}

fn recorded(account: &Account) -> Vec<Option<EventToken>> {
    account.events.iter().map(|event| event.token).collect()
}

fn proof(outcome: VerificationOutcome) -> VerifiedFactor {
    match outcome {
        VerificationOutcome::Verified(factor) => factor,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_event_of_a_success_names_the_token_and_a_failure_names_none() {
    let mut account = account();
    account.internal.session = 4;
    let attempt = granting(attempt("a", Stage::Pending, Requirement::SecondFactor));
    let attempt =
        FactorAttempt { token: AuthenticatedToken { session: Some(4), ..attempt.token }, ..attempt };
    let wrong = try_code(&mut account, &attempt, FactorResult::Wrong);
    assert!(matches!(wrong, VerificationOutcome::InvalidCode));
    let factor = proof(try_code(&mut account, &attempt, FactorResult::Correct));
    assert_eq!(factor.jti(), Some(&jti()));
    let token = EventToken { id: jti().token_id(), session: Some(4) };
    assert_eq!(recorded(&account), [None, Some(token)]);
}

#[test]
fn a_first_factor_names_the_token_with_the_session_number_that_it_gets() {
    let mut account = Account::new(UserId::new(1), "ada@example.com", "ada");
    let attempt = granting(attempt("a", Stage::OneFactor, ENROL));
    let factor = proof(confirm::<()>(&mut account, &attempt, |_| Ok(FactorResult::Correct)).unwrap());
    assert_eq!(factor.subject().session, 1, "the enrolment ended all earlier sessions");
    assert_eq!(recorded(&account), [Some(EventToken { id: jti().token_id(), session: Some(1) })]);
}

#[test]
fn a_success_that_grants_no_access_token_names_none() {
    let mut account = account();
    let plain = attempt("a", Stage::Pending, Requirement::SecondFactor);
    assert_eq!(proof(try_code(&mut account, &plain, FactorResult::Correct)).jti(), None);
    // The policy requires a passkey, so the user gets an enrolment token only.
    account.internal.phishing_resistant_required = true;
    let covered = granting(attempt("b", Stage::Pending, Requirement::SecondFactor));
    assert_eq!(proof(try_code(&mut account, &covered, FactorResult::Correct)).jti(), None);
    assert_eq!(recorded(&account), [None, None]);
}

#[test]
fn a_step_up_leaves_the_token_of_the_caller_valid_unless_the_new_one_replaces_it() {
    for replaces_token in [false, true] {
        let mut account = account();
        let attempt = granting(attempt("a", TWO, Requirement::SecondFactor));
        let attempt = FactorAttempt { replaces_token, ..attempt };
        // A wrong code replaces nothing.
        assert!(matches!(
            try_code(&mut account, &attempt, FactorResult::Wrong),
            VerificationOutcome::InvalidCode
        ));
        assert_eq!(account.internal.denylist.reason(&attempt.token.id), None);
        proof(try_code(&mut account, &attempt, FactorResult::Correct));
        let expected = replaces_token.then_some(DenylistReason::Spent);
        assert_eq!(account.internal.denylist.reason(&attempt.token.id), expected);
    }
}

#[test]
fn a_replaced_token_that_finds_no_room_ends_all_sessions_but_the_new_one() {
    let mut account = account();
    for n in 0..TokenDenylist::CAPACITY {
        account.deny_token(&token(&n.to_string(), TWO), DenylistReason::Revoked, NOW);
    }
    let attempt = granting(attempt("a", TWO, Requirement::SecondFactor));
    let attempt = FactorAttempt { replaces_token: true, ..attempt };
    let factor = proof(try_code(&mut account, &attempt, FactorResult::Correct));
    assert_eq!((factor.subject().session, account.internal.session), (1, 1));
    assert_eq!(recorded(&account), [Some(EventToken { id: jti().token_id(), session: Some(1) })]);
    let denied = authorize(&account, &attempt.token, Requirement::Read, NOW);
    assert_eq!(denied, Err(DenyReason::TokenRevoked));
}

#[test]
fn ending_a_session_with_a_full_list_ends_all_but_the_callers() {
    let mut account = account();
    for n in 0..TokenDenylist::CAPACITY {
        account.deny_token(&token(&n.to_string(), TWO), DenylistReason::Revoked, NOW);
    }
    let (caller, other, third) = (token("caller", TWO), token("other", TWO), token("third", TWO));
    account.end_session(&other, &caller, NOW);
    let read = |account: &Account, token| authorize(account, token, Requirement::Read, NOW);
    assert_eq!(read(&account, &caller), Ok(()));
    let listed = token("0", TWO);
    for ended in [&other, &third, &listed] {
        assert_eq!(read(&account, ended), Err(DenyReason::TokenRevoked));
    }
    // The caller's own session ends too, although it was kept before.
    account.end_session(&caller, &caller, NOW);
    assert_eq!(read(&account, &caller), Err(DenyReason::TokenRevoked));
}

#[test]
fn ending_the_callers_session_with_a_full_list_keeps_none() {
    let mut account = account();
    for n in 0..TokenDenylist::CAPACITY {
        account.deny_token(&token(&n.to_string(), TWO), DenylistReason::Revoked, NOW);
    }
    let caller = token("caller", TWO);
    account.end_session(&caller, &caller, NOW);
    assert_eq!(authorize(&account, &caller, Requirement::Read, NOW), Err(DenyReason::TokenRevoked));
}

#[test]
fn five_wrong_step_up_codes_name_the_token_that_they_revoke() {
    let mut account = account();
    let attempt = attempt("a", TWO, Requirement::SecondFactor);
    for _ in 0..5 {
        let _ = try_code(&mut account, &attempt, FactorResult::Wrong);
    }
    let revoked = account.events.iter().find(|it| it.kind == EventKind::TokenRevoked).unwrap();
    assert_eq!(revoked.token, Some(attempt.token.for_event()));
}
