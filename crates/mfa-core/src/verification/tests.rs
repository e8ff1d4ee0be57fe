mod access_pass;
mod passkey;
mod phishing_resistance;
mod sessions;

use std::time::Duration;

use super::*;
use crate::{
    Account, AuthenticatedToken, DenylistReason, EventKind, FactorKind, Lock, LockoutPolicy, Origin, Outcome,
    PendingTotp, PhishingResistantPolicy, PhoneState, Sealed, Stage, Timestamp, TokenId, UserId,
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const AGE: Duration = Duration::from_mins(10);

fn account() -> Account {
    let mut account = Account::new(UserId::new(1), "ada@example.com", "ada");
    account.totp.enabled = true;
    account.totp.secret = Some(Sealed::from_column("sealed".into()));
    account
}

fn token(name: &str, stage: Stage) -> AuthenticatedToken {
    AuthenticatedToken {
        user: UserId::new(1),
        id: TokenId::from_jti(name),
        stage,
        session: Some(0),
        issued_at: NOW.minus(Duration::from_secs(1)),
        expires_at: NOW.plus(Duration::from_mins(5)),
        auth_time: matches!(stage, Stage::TwoFactors(_)).then_some(NOW),
        is_superuser: false,
    }
}

const TWO: Stage = Stage::TwoFactors(Some(FactorKind::Totp));

/// [`super::authorize`] without a policy.
fn authorize(
    account: &Account,
    token: &AuthenticatedToken,
    requirement: Requirement,
    now: Timestamp,
) -> Result<(), DenyReason> {
    super::authorize(account, token, requirement, PhishingResistantPolicy::None, now)
}

fn attempt(name: &str, stage: Stage, requirement: Requirement) -> FactorAttempt {
    FactorAttempt {
        token: token(name, stage),
        factor: FactorKind::Totp,
        requirement,
        at: NOW,
        origin: Origin::default(),
        lockout: LockoutPolicy::default(),
        phishing_resistant: PhishingResistantPolicy::None,
        new_token: None,
        replaces_token: false,
    }
}

fn try_code(account: &mut Account, attempt: &FactorAttempt, check: FactorResult) -> VerificationOutcome {
    verify_factor::<()>(account, attempt, |_| Ok(check)).unwrap()
}

fn login(account: &mut Account, name: &str, check: FactorResult) -> VerificationOutcome {
    try_code(account, &attempt(name, Stage::Pending, Requirement::SecondFactor), check)
}

fn kinds(account: &Account) -> Vec<&'static str> {
    account.events.iter().map(|event| event.kind.as_str()).collect()
}

#[test]
fn a_right_answer_clears_the_count_and_spends_the_token() {
    let mut account = account();
    account.failures = 7;
    let VerificationOutcome::Verified(verified) = login(&mut account, "a", FactorResult::Correct) else {
        panic!("not verified")
    };
    assert_eq!((verified.factor(), verified.subject().user), (FactorKind::Totp, UserId::new(1)));
    assert_eq!((account.failures, account.last_success_at), (0, Some(NOW)));
    assert!(matches!(
        login(&mut account, "a", FactorResult::Correct),
        VerificationOutcome::Denied(DenyReason::TokenSpent)
    ));
    assert_eq!(kinds(&account), ["totp_verify"]);
}

#[test]
fn the_tenth_wrong_answer_locks_and_a_right_one_is_then_not_looked_at() {
    let mut account = account();
    for n in 0..10 {
        assert!(
            matches!(
                login(&mut account, &n.to_string(), FactorResult::Wrong),
                VerificationOutcome::InvalidCode
            ),
            "try {n}"
        );
    }
    let verdict =
        verify_factor::<()>(&mut account, &attempt("b", Stage::Pending, Requirement::SecondFactor), |_| {
            panic!("a locked account looks at no code")
        });
    let end = NOW.plus(Duration::from_mins(15));
    assert!(
        matches!(verdict.unwrap(), VerificationOutcome::Denied(DenyReason::Locked(Lock::Until(it))) if it == end)
    );
    assert_eq!(account.failures, 10);
    assert_eq!(account.events.last().map(|it| it.kind), Some(EventKind::AccountLocked));
}

#[test]
fn a_pending_token_from_before_a_lock_is_spent_once_it_ends_and_a_later_one_is_not() {
    let mut account = account();
    for n in 0..10 {
        let _ = login(&mut account, &n.to_string(), FactorResult::Wrong);
    }
    let old = token("old", Stage::Pending);
    assert_eq!(
        authorize(&account, &old, Requirement::Read, NOW),
        Ok(()),
        "reading is allowed while it is in force"
    );
    account.unlock();
    assert_eq!(authorize(&account, &old, Requirement::Read, NOW), Err(DenyReason::TokenSpent));
    assert!(matches!(
        login(&mut account, "old", FactorResult::Correct),
        VerificationOutcome::Denied(DenyReason::TokenSpent)
    ));
    let mut later = attempt("new", Stage::Pending, Requirement::SecondFactor);
    later.token.issued_at = NOW.plus(Duration::from_millis(1));
    assert!(matches!(
        try_code(&mut account, &later, FactorResult::Correct),
        VerificationOutcome::Verified(_)
    ));
}

#[test]
fn a_replay_counts_like_a_wrong_code_and_is_told_apart_only_in_the_audit() {
    let mut account = account();
    assert!(matches!(login(&mut account, "a", FactorResult::Replayed), VerificationOutcome::InvalidCode));
    assert_eq!(account.failures, 1);
    assert_eq!(kinds(&account), ["otp_replay"]);
}

#[test]
fn a_factor_that_cannot_look_counts_nothing_and_spends_nothing() {
    let mut account = account();
    let before = account.clone();
    let outcome =
        verify_factor(&mut account, &attempt("a", Stage::Pending, Requirement::SecondFactor), |_| {
            Err("no key")
        });
    assert!(matches!(outcome, Err("no key")));
    assert_eq!(account, before);
}

#[test]
fn strikes_outlive_the_logins_of_the_owner_and_lengthen_the_next_lock() {
    let mut account = account();
    for round in 0..4 {
        for n in 0..9 {
            let _ = login(&mut account, &format!("{round} {n}"), FactorResult::Wrong);
        }
        assert!(matches!(
            login(&mut account, &format!("owner {round}"), FactorResult::Correct),
            VerificationOutcome::Verified(_)
        ));
    }
    assert!(account.events.iter().any(|it| it.kind == EventKind::GuessingSuspected));
    for n in 0..10 {
        let _ = login(&mut account, &format!("last {n}"), FactorResult::Wrong);
    }
    assert_eq!(account.lock(NOW), Some(Lock::Until(NOW.plus(Duration::from_hours(2)))), "46 strikes");
}

#[test]
fn a_hundred_strikes_lock_until_an_administrator_who_clears_them() {
    let mut account = account();
    for n in 0..100 {
        if n % 9 == 8 {
            account.failures = 0;
        }
        let _ = login(&mut account, &n.to_string(), FactorResult::Wrong);
        account.internal.pending_tokens_spent_until = None;
    }
    assert_eq!(account.lock(NOW), Some(Lock::UntilAdministrator));
    account.unlock();
    assert_eq!(account.lock(NOW), None);
    assert_eq!(account.internal.strikes.at(NOW), 0);
}

#[test]
fn five_wrong_step_ups_revoke_the_access_token_they_came_with() {
    let mut account = account();
    let change = attempt("access", TWO, Requirement::Change { max_age: AGE });
    for _ in 0..5 {
        assert!(matches!(
            try_code(&mut account, &change, FactorResult::Wrong),
            VerificationOutcome::InvalidCode
        ));
    }
    assert!(matches!(
        try_code(&mut account, &change, FactorResult::Correct),
        VerificationOutcome::Denied(DenyReason::TokenRevoked)
    ));
    assert_eq!(account.failures, 5);
}

#[test]
fn five_wrong_step_ups_revoke_each_of_two_alternating_tokens() {
    let change = Requirement::Change { max_age: AGE };
    let mut account = account();
    for n in 0..5 {
        for name in ["one", "two"] {
            let verdict = try_code(&mut account, &attempt(name, TWO, change), FactorResult::Wrong);
            assert!(matches!(verdict, VerificationOutcome::InvalidCode), "{name} {n}");
            account.failures = 0;
        }
    }
    for name in ["one", "two"] {
        assert_eq!(
            authorize(&account, &token(name, TWO), Requirement::Read, NOW),
            Err(DenyReason::TokenRevoked),
            "{name}"
        );
    }
    assert_eq!(kinds(&account).iter().filter(|it| **it == "token_revoked").count(), 2);
}

#[test]
fn a_success_clears_the_wrong_step_ups_of_its_own_token_only() {
    let mut account = account();
    let step_up = |name| attempt(name, TWO, Requirement::SecondFactor);
    for name in ["thief", "owner"] {
        for _ in 0..4 {
            let _ = try_code(&mut account, &step_up(name), FactorResult::Wrong);
        }
    }
    let _ = try_code(&mut account, &step_up("owner"), FactorResult::Correct);
    let _ = login(&mut account, "login", FactorResult::Correct);
    for name in ["thief", "owner"] {
        let _ = try_code(&mut account, &step_up(name), FactorResult::Wrong);
    }
    let read = |name| authorize(&account, &token(name, TWO), Requirement::Read, NOW);
    assert_eq!((read("thief"), read("owner")), (Err(DenyReason::TokenRevoked), Ok(())));
}

#[test]
fn a_right_answer_to_a_change_does_not_clear_the_count() {
    let mut account = account();
    account.failures = 3;
    let change = attempt("access", TWO, Requirement::Change { max_age: AGE });
    assert!(matches!(
        try_code(&mut account, &change, FactorResult::Correct),
        VerificationOutcome::Verified(_)
    ));
    assert_eq!(account.failures, 3);
}

#[test]
fn what_each_stage_of_token_may_do() {
    let enrol = Requirement::Enrol { max_age: AGE };
    let change = Requirement::Change { max_age: AGE };
    let with_factor = account();
    let plain = Account::new(UserId::new(1), "b", "b");
    let enforced = Account { mfa_enforced: true, ..plain.clone() };
    let ask = |account, stage, requirement| authorize(account, &token("t", stage), requirement, NOW);
    let wrong = Err(DenyReason::WrongStage);
    for (account, stage, requirement, expected) in [
        (&with_factor, Stage::Pending, Requirement::SecondFactor, Ok(())),
        (&with_factor, Stage::OneFactor, Requirement::SecondFactor, wrong),
        (&with_factor, TWO, Requirement::SecondFactor, Ok(())),
        (&with_factor, Stage::Pending, enrol, wrong),
        (&with_factor, Stage::OneFactor, enrol, wrong),
        (&with_factor, TWO, enrol, Ok(())),
        (&plain, Stage::Pending, enrol, wrong),
        (&plain, Stage::OneFactor, enrol, Ok(())),
        (&enforced, Stage::Pending, enrol, Ok(())),
        (&enforced, Stage::OneFactor, enrol, Ok(())),
        (&with_factor, Stage::Pending, change, wrong),
        (&with_factor, Stage::OneFactor, change, wrong),
        (&with_factor, TWO, change, Ok(())),
    ] {
        assert_eq!(ask(account, stage, requirement), expected, "{stage:?} {requirement:?}");
    }
}

#[test]
fn a_second_factor_shown_too_long_ago_must_be_shown_again_where_there_is_one() {
    let later = NOW.plus(AGE).plus(Duration::from_millis(1));
    let change = Requirement::Change { max_age: AGE };
    let step_up = Err(DenyReason::StepUpRequired { max_age: AGE });
    assert_eq!(authorize(&account(), &token("t", TWO), change, later), step_up);
    let mut without = token("t", TWO);
    without.auth_time = None;
    assert_eq!(authorize(&account(), &without, change, NOW), step_up);
    let plain = Account::new(UserId::new(1), "b", "b");
    assert_eq!(authorize(&plain, &without, change, later), Ok(()));
}

#[test]
fn a_disabled_user_is_told_so_before_anything_else_and_a_locked_one_may_still_read() {
    let mut account = account();
    account.lock_until = Some(NOW.plus(AGE));
    assert_eq!(authorize(&account, &token("t", TWO), Requirement::Read, NOW), Ok(()));
    assert!(matches!(
        authorize(&account, &token("t", TWO), Requirement::SecondFactor, NOW),
        Err(DenyReason::Locked(_))
    ));
    account.is_active = false;
    assert_eq!(authorize(&account, &token("t", TWO), Requirement::Read, NOW), Err(DenyReason::Disabled));
}

#[test]
fn ending_sessions_refuses_all_tokens_but_the_survivor() {
    let mut account = account();
    let (mine, other) = (token("mine", TWO), token("other", TWO));
    account.revoke_sessions(NOW, Some(&mine));
    assert_eq!(authorize(&account, &mine, Requirement::Read, NOW), Ok(()));
    assert_eq!(authorize(&account, &other, Requirement::Read, NOW), Err(DenyReason::TokenRevoked));
    let legacy = AuthenticatedToken { session: None, ..token("legacy", TWO) };
    assert_eq!(authorize(&account, &legacy, Requirement::Read, NOW), Err(DenyReason::TokenRevoked));
    account.deny_token(&mine, DenylistReason::Revoked, NOW);
    assert_eq!(authorize(&account, &mine, Requirement::Read, NOW), Err(DenyReason::TokenRevoked));
}

#[test]
fn a_survivor_that_was_revoked_stays_so_when_the_list_of_marks_overflows() {
    let mut account = account();
    let mine = token("mine", TWO);
    account.revoke_sessions(NOW, Some(&mine));
    account.deny_token(&mine, DenylistReason::Revoked, NOW);
    for n in 0..70 {
        account.deny_token(&token(&n.to_string(), TWO), DenylistReason::Revoked, NOW);
    }
    assert_eq!(authorize(&account, &mine, Requirement::Read, NOW), Err(DenyReason::TokenRevoked));
    assert_eq!(authorize(&account, &token("3", TWO), Requirement::Read, NOW), Err(DenyReason::TokenRevoked));
}

#[test]
fn a_first_enrolment_is_a_second_factor_and_its_wrong_codes_have_tries_of_their_own() {
    let mut account = Account::new(UserId::new(1), "b", "b");
    account.failures = 2;
    account.totp.pending = Some(PendingTotp {
        secret: Sealed::from_column("sealed".into()),
        expires_at: NOW.plus(AGE),
        added_as: None,
        name: None,
    });
    let enrol = attempt("access", Stage::OneFactor, Requirement::Enrol { max_age: AGE });
    for n in 1..5 {
        assert!(matches!(
            confirm::<()>(&mut account, &enrol, |_| Ok(FactorResult::Wrong)),
            Ok(VerificationOutcome::InvalidCode)
        ));
        assert_eq!((account.internal.enrolment_failures, account.failures), (n, 2));
    }
    assert!(account.totp.pending.is_some());
    let mut lucky = account.clone();
    let _ = confirm::<()>(&mut account, &enrol, |_| Ok(FactorResult::Wrong));
    assert!(account.totp.pending.is_none(), "the fifth wrong code ends the enrolment");

    let Ok(VerificationOutcome::Verified(verified)) =
        confirm::<()>(&mut lucky, &enrol, |_| Ok(FactorResult::Correct))
    else {
        panic!("not verified")
    };
    assert_eq!(verified.subject().session, 1, "the fresh token belongs to the new session");
    assert_eq!(lucky.failures, 2);
    assert_eq!(authorize(&lucky, &enrol.token, Requirement::Read, NOW), Err(DenyReason::TokenRevoked));
}

#[test]
fn recovery_codes_alone_are_no_factor_and_die_with_the_last_one() {
    let mut account = account();
    account.recovery.generated_at = Some(NOW);
    account.phone = PhoneState {
        number: Some(Sealed::from_column("sealed".into())),
        is_verified: true,
        ..PhoneState::default()
    };
    account.backup_method = crate::BackupMethod::Sms;
    account.remove_totp_app("totp");
    assert!(account.has_factor() && account.recovery.generated_at.is_some());
    account.backup_method = crate::BackupMethod::None;
    account.forget_authenticator("sms");
    assert!(!account.has_factor() && account.recovery.generated_at.is_none());
}

fn slow(account: &mut Account, attempt: &FactorAttempt) -> UnsettledAttempt {
    let counted = begin_attempt::<(), ()>(account, attempt, |_| Ok(())).unwrap();
    counted.expect("admitted").0
}

#[test]
fn a_slow_try_has_cost_before_it_is_settled_and_a_right_one_gets_it_back() {
    let mut account = account();
    account.failures = 4;
    let attempt = attempt("a", Stage::Pending, Requirement::SecondFactor);
    let counted = slow(&mut account, &attempt);
    assert_eq!((account.failures, account.internal.strikes.at(NOW)), (5, 1));
    assert!(account.events.is_empty());
    let verdict = settle_attempt::<()>(&mut account, &attempt, counted, |_| Ok(FactorResult::Correct));
    assert!(matches!(verdict, Ok(VerificationOutcome::Verified(_))));
    assert_eq!((account.failures, account.internal.strikes.at(NOW)), (0, 0));
}

#[test]
fn a_right_slow_try_that_was_the_tenth_takes_its_lock_back_and_a_wrong_one_keeps_it() {
    let mut account = account();
    account.failures = 9;
    let attempt = attempt("a", Stage::Pending, Requirement::SecondFactor);
    let counted = slow(&mut account, &attempt);
    assert!(account.lock(NOW).is_some(), "no other call is permitted meanwhile");
    let mut wrong = account.clone();
    let verdict = settle_attempt::<()>(&mut account, &attempt, counted, |_| Ok(FactorResult::Correct));
    assert!(matches!(verdict, Ok(VerificationOutcome::Verified(_))));
    assert_eq!((account.lock(NOW), account.failures), (None, 0));
    assert_eq!(kinds(&account), ["account_locked", "totp_verify", "account_unlocked"]);
    let verdict = settle_attempt::<()>(&mut wrong, &attempt, counted, |_| Ok(FactorResult::Wrong));
    assert!(matches!(verdict, Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(wrong.failures, 10);
    assert!(wrong.lock(NOW).is_some());
    assert_eq!(kinds(&wrong), ["account_locked", "totp_verify"]);
    let lock_events = wrong.events.iter().map(|it| it.outcome).collect::<Vec<_>>();
    assert_eq!(lock_events, [Outcome::Failure, Outcome::Failure]);
}

#[test]
fn a_right_slow_try_does_not_revive_pending_tokens_from_before_the_lock() {
    for (failures, thief_locks) in [(9, false), (8, true)] {
        let mut account = account();
        account.failures = failures;
        let mine = attempt("mine", TWO, Requirement::SecondFactor);
        let counted = slow(&mut account, &mine);
        if thief_locks {
            let _ = login(&mut account, "thief", FactorResult::Wrong);
        }
        assert!(account.lock(NOW).is_some());
        let verdict = settle_attempt::<()>(&mut account, &mine, counted, |_| Ok(FactorResult::Correct));
        assert!(matches!(verdict, Ok(VerificationOutcome::Verified(_))));
        assert_eq!(account.lock(NOW), None);
        assert!(matches!(
            login(&mut account, "old", FactorResult::Correct),
            VerificationOutcome::Denied(DenyReason::TokenSpent)
        ));
        account.unlock();
        assert!(matches!(
            login(&mut account, "old", FactorResult::Correct),
            VerificationOutcome::Denied(DenyReason::TokenSpent)
        ));
    }
}

#[test]
fn a_lock_by_an_attempt_that_started_earlier_revives_no_pending_token() {
    let mut account = account();
    let locked_at = NOW.plus(Duration::from_secs(3));
    account.internal.pending_tokens_spent_until = Some(locked_at);
    account.failures = 9;
    let mut wrong = attempt("a", Stage::Pending, Requirement::SecondFactor);
    wrong.token.issued_at = locked_at.plus(Duration::from_secs(1));
    assert!(matches!(try_code(&mut account, &wrong, FactorResult::Wrong), VerificationOutcome::InvalidCode));
    assert!(account.lock(NOW).is_some());
    assert_eq!(account.internal.pending_tokens_spent_until, Some(locked_at));
}

#[test]
fn a_slow_try_whose_settlement_never_comes_leaves_its_lock_explained() {
    let mut account = account();
    account.failures = 9;
    let _ = slow(&mut account, &attempt("a", Stage::Pending, Requirement::SecondFactor));
    assert!(account.lock(NOW).is_some());
    assert_eq!(kinds(&account), ["account_locked"]);
}

#[test]
fn a_refused_settlement_records_the_failure_and_charges_no_step_up() {
    type Change = fn(&mut Account);
    let changes: [(Change, DenyReason); 3] = [
        (|it| it.is_active = false, DenyReason::Disabled),
        (|it| it.revoke_sessions(NOW, None), DenyReason::TokenRevoked),
        (
            |it| {
                let token = attempt("a", TWO, Requirement::SecondFactor).token;
                it.deny_token(&token, DenylistReason::Revoked, NOW);
            },
            DenyReason::TokenRevoked,
        ),
    ];
    for (change, expected) in changes {
        let mut account = account();
        account.failures = 9;
        let attempt = attempt("a", TWO, Requirement::SecondFactor);
        let counted = slow(&mut account, &attempt);
        change(&mut account);
        let verdict = settle_attempt::<()>(&mut account, &attempt, counted, |_| panic!("not looked at"));
        assert!(
            matches!(verdict, Ok(VerificationOutcome::Denied(reason)) if reason == expected),
            "{expected:?}"
        );
        assert_eq!(account.failures, 10, "{expected:?}");
        assert_eq!(kinds(&account), ["account_locked", "totp_verify"], "{expected:?}");
        assert_eq!(account.events[1].outcome, Outcome::Failure, "{expected:?}");
        assert_eq!(account.internal.step_up_failures.count(&attempt.token.id), 0, "{expected:?}");
    }
}

#[test]
fn a_slow_try_that_nobody_can_check_is_recorded() {
    let mut account = account();
    for _ in 0..19 {
        account.internal.strikes.add(NOW);
    }
    let attempt = attempt("a", Stage::Pending, Requirement::SecondFactor);
    let counted = slow(&mut account, &attempt);
    abandon_attempt(&mut account, &attempt, counted);
    assert_eq!((account.failures, account.internal.strikes.at(NOW)), (1, 20));
    assert_eq!(kinds(&account), ["totp_verify", "guessing_suspected"]);
}

#[test]
fn a_right_slow_try_ends_a_lock_of_the_meantime_but_not_one_that_waits_for_an_administrator() {
    let mut account = account();
    account.failures = 8;
    let mine = attempt("mine", TWO, Requirement::SecondFactor);
    let counted = slow(&mut account, &mine);
    assert!(matches!(login(&mut account, "thief", FactorResult::Wrong), VerificationOutcome::InvalidCode));
    let mut suspended = account.clone();
    suspended.lock_until = Some(Timestamp::FAR_FUTURE);
    for (account, still_locked) in [(&mut account, false), (&mut suspended, true)] {
        assert!(account.lock(NOW).is_some());
        let verdict = settle_attempt::<()>(account, &mine, counted, |_| Ok(FactorResult::Correct));
        assert!(matches!(verdict, Ok(VerificationOutcome::Verified(_))));
        assert_eq!(account.lock(NOW).is_some(), still_locked);
    }
}

#[test]
fn a_slow_try_is_refused_where_its_token_was_spent_or_ended_meanwhile() {
    let mut account = account();
    let pending = attempt("a", Stage::Pending, Requirement::SecondFactor);
    let counted = slow(&mut account, &pending);
    assert!(matches!(login(&mut account, "a", FactorResult::Correct), VerificationOutcome::Verified(_)));
    let verdict = settle_attempt::<()>(&mut account, &pending, counted, |_| panic!("not looked at"));
    assert!(matches!(verdict, Ok(VerificationOutcome::Denied(DenyReason::TokenSpent))));
    assert_eq!(account.events.last().map(|it| it.outcome), Some(Outcome::Failure));
}
