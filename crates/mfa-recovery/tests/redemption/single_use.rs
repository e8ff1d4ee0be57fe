//! Tests of single use: one code gives one success, also with other decisions in between.

use std::time::Duration;

use futures::executor::block_on;
use futures::future::join_all;
use mfa_core::testing::{MemoryAccounts, SeededEntropy, TestDigests};
use mfa_core::{
    Account, Accounts, AuthenticatedToken, FactorAttempt, FactorKind, FactorResult, LockoutPolicy, Origin,
    Phase, PhishingResistantPolicy, RecoveryState, Requirement, Stage, TokenId, VerificationOutcome,
    verify_factor,
};
use mfa_recovery::{HashComparison, MatchedCode, RecoveryCodeInput, look_up_code, spend};
use proptest::prelude::*;

use crate::support::{ALICE, CountingHasher, NOW, set, shown};

fn tried(state: &RecoveryState, typed: &str, hasher: &CountingHasher) -> HashComparison {
    let typed = RecoveryCodeInput::parse(typed).unwrap();
    block_on(look_up_code(state, ALICE, &typed, &TestDigests).check(hasher)).unwrap()
}

fn fit(state: &RecoveryState, typed: &str, hasher: &CountingHasher) -> MatchedCode {
    let HashComparison::Match(fit) = tried(state, typed, hasher) else { panic!("{typed} does not fit") };
    fit
}

#[test]
fn a_code_used_once_is_refused_the_second_time_and_the_others_still_work() {
    let hasher = CountingHasher::default();
    let (plain, mut state) = set(ALICE, &SeededEntropy::default(), &hasher);
    let codes = shown(&plain);
    let first = fit(&state, &codes[0], &hasher);
    assert_eq!(spend(&mut state, &first, NOW), FactorResult::Correct);
    assert_eq!((state.left(), state.codes[0].used_at), (9, Some(NOW)));

    let before = state.clone();
    let later = NOW.plus(Duration::from_secs(1));
    assert_eq!(spend(&mut state, &first, later), FactorResult::Wrong, "checked before, spent after");
    assert_eq!(tried(&state, &codes[0], &hasher), HashComparison::NoMatch);
    assert_eq!(state, before, "the time of the first use stays");

    let second = fit(&state, &codes[1], &hasher);
    assert_eq!(spend(&mut state, &second, later), FactorResult::Correct);
}

#[test]
fn a_new_set_kills_every_older_code_also_one_that_was_just_checked() {
    let (hasher, entropy) = (CountingHasher::default(), SeededEntropy::default());
    let (old, state) = set(ALICE, &entropy, &hasher);
    let checked = fit(&state, &shown(&old)[0], &hasher);
    let (_, mut state) = set(ALICE, &entropy, &hasher);
    assert_eq!(spend(&mut state, &checked, NOW), FactorResult::Wrong);
    for code in shown(&old) {
        assert_eq!(tried(&state, &code, &hasher), HashComparison::NoMatch);
    }
    assert_eq!(state.left(), 10);
}

#[test]
fn fifty_who_had_one_code_checked_at_once_get_one_success() {
    let hasher = CountingHasher::default();
    let (plain, state) = set(ALICE, &SeededEntropy::default(), &hasher);
    let checked = fit(&state, &shown(&plain)[0], &hasher);
    let alice = Account { recovery: state, ..Account::new(ALICE, "alice@example.com", "alice") };
    let accounts: &dyn Accounts = &MemoryAccounts::with([alice]);
    let spend_one = |_| {
        let checked = checked.clone();
        accounts.update(ALICE, Phase::Begin, move |account| spend(&mut account.recovery, &checked, NOW))
    };
    let outcomes = block_on(join_all((0..50).map(spend_one)));
    let right = outcomes.into_iter().filter(|it| matches!(it, Ok(Some(FactorResult::Correct)))).count();
    assert_eq!(right, 1);
}

#[test]
fn the_ceremony_passes_a_code_once() {
    let hasher = CountingHasher::default();
    let (plain, state) = set(ALICE, &SeededEntropy::default(), &hasher);
    let checked = fit(&state, &shown(&plain)[0], &hasher);
    let mut account = Account::new(ALICE, "alice@example.com", "alice");
    account.totp.enabled = true;
    account.recovery = state;
    let mut answer = |jti: &str| {
        let token = AuthenticatedToken {
            user: ALICE,
            id: TokenId::from_jti(jti),
            stage: Stage::Pending,
            issued_at: NOW,
            expires_at: NOW.plus(Duration::from_mins(5)),
            auth_time: None,
            is_superuser: false,
            session: Some(account.internal.session),
        };
        let attempt = FactorAttempt {
            token,
            factor: FactorKind::Recovery,
            requirement: Requirement::SecondFactor,
            lockout: LockoutPolicy::default(),
            phishing_resistant: PhishingResistantPolicy::None,
            new_token: None,
            replaces_token: false,
            at: NOW,
            origin: Origin::default(),
        };
        verify_factor(&mut account, &attempt, |account| {
            Ok::<_, ()>(spend(&mut account.recovery, &checked, NOW))
        })
        .unwrap()
    };
    assert!(
        matches!(answer("one"), VerificationOutcome::Verified(it) if it.factor() == FactorKind::Recovery)
    );
    assert!(matches!(answer("two"), VerificationOutcome::InvalidCode));
    assert_eq!(account.failures, 1);
}

/// Event in the life of a set.
#[derive(Clone, Debug)]
enum Step {
    Check(usize),
    Spend(usize),
    Regenerate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..30).prop_map(Step::Check),
        8 => (0_usize..60).prop_map(Step::Spend),
        1 => Just(Step::Regenerate),
    ]
}

proptest! {
    #[test]
    fn no_code_succeeds_twice_in_any_order_of_checks_uses_and_new_sets(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let (hasher, entropy) = (CountingHasher::default(), SeededEntropy::default());
        let (plain, mut state) = set(ALICE, &entropy, &hasher);
        let mut codes = shown(&plain);
        let mut checked: Vec<(String, MatchedCode)> = Vec::new();
        let mut spent: Vec<String> = Vec::new();
        for step in steps {
            match step {
                Step::Check(number) => {
                    let code = codes[number % codes.len()].clone();
                    let newest = codes.len() - 10;
                    let good = codes[newest..].contains(&code) && !spent.contains(&code);
                    match tried(&state, &code, &hasher) {
                        HashComparison::Match(fit) => {
                            prop_assert!(good);
                            checked.push((code, fit));
                        }
                        HashComparison::NoMatch => prop_assert!(!good),
                    }
                }
                Step::Spend(number) if !checked.is_empty() => {
                    let (code, fit) = &checked[number % checked.len()];
                    let good = codes[codes.len() - 10..].contains(code) && !spent.contains(code);
                    let check = spend(&mut state, fit, NOW);
                    prop_assert_eq!(check == FactorResult::Correct, good);
                    if good {
                        spent.push(code.clone());
                    }
                }
                Step::Spend(_) => {}
                Step::Regenerate => {
                    let (plain, fresh) = set(ALICE, &entropy, &hasher);
                    codes.extend(shown(&plain));
                    state = fresh;
                }
            }
        }
    }
}
