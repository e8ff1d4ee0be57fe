//! Tests of attempts: one hash per attempt, for any input and any number of codes.

use futures::executor::block_on;
use mfa_core::testing::{SeededEntropy, TestDigests};
use mfa_core::{FactorResult, HashError, KeyedDigests, RecoveryState, UserId};
use mfa_recovery::{HashComparison, RecoveryCodeInput, generate_set, hash_set, look_up_code, spend};

use crate::support::{ALICE, BOB, CountingHasher, Keys, NOW, set, shown};

fn try_with(
    state: &RecoveryState,
    user: UserId,
    typed: &str,
    digests: &dyn KeyedDigests,
    hasher: &CountingHasher,
) -> HashComparison {
    hasher.take_count();
    let tried =
        block_on(look_up_code(state, user, &RecoveryCodeInput::parse(typed).unwrap(), digests).check(hasher))
            .unwrap();
    assert_eq!(hasher.take_count(), 1, "one hash per attempt: {typed}");
    tried
}

fn fits(tried: &HashComparison) -> bool {
    matches!(tried, HashComparison::Match(_))
}

#[test]
fn every_code_of_a_set_is_found_with_one_hash() {
    let hasher = CountingHasher::default();
    let (plain, state) = set(ALICE, &SeededEntropy::default(), &hasher);
    for (number, code) in (1..).zip(shown(&plain)) {
        let tried = try_with(&state, ALICE, &code.to_uppercase(), &TestDigests, &hasher);
        let HashComparison::Match(fit) = tried else { panic!("{code} is not found") };
        assert_eq!(format!("{fit:?}"), format!("MatchedCode({number})"));
    }
}

#[test]
fn a_wrong_answer_costs_one_hash_too_however_many_codes_there_are() {
    let hasher = CountingHasher::default();
    let (plain, full) = set(ALICE, &SeededEntropy::default(), &hasher);
    let mut spent = full.clone();
    for code in &mut spent.codes {
        code.used_at = Some(NOW);
    }
    let code = &shown(&plain)[0];
    for state in [RecoveryState::default(), spent] {
        assert!(!fits(&try_with(&state, ALICE, code, &TestDigests, &hasher)));
    }
    for typed in ["123456", "zzzz-zzzz-zzzz-zzzz", "u", " ", &"x".repeat(64)] {
        assert!(!fits(&try_with(&full, ALICE, typed, &TestDigests, &hasher)), "{typed}");
    }
}

#[test]
fn a_tag_that_fits_a_wrong_code_lets_nobody_in() {
    let hasher = CountingHasher::default();
    let (plain, mut state) = set(ALICE, &SeededEntropy::default(), &hasher);
    // The tag of code 1 stands with the hash of code 2.
    let digest = state.codes[1].digest.clone();
    state.codes[0].digest = digest;
    assert!(!fits(&try_with(&state, ALICE, &shown(&plain)[0], &TestDigests, &hasher)));
}

#[test]
fn of_two_codes_with_one_tag_the_first_that_is_not_spent_is_tried() {
    let hasher = CountingHasher::default();
    let (plain, mut state) = set(ALICE, &SeededEntropy::default(), &hasher);
    let tag = state.codes[1].tag.clone();
    state.codes[0].tag = tag;
    let second = &shown(&plain)[1];
    assert!(!fits(&try_with(&state, ALICE, second, &TestDigests, &hasher)), "the first one was tried");
    state.codes[0].used_at = Some(NOW);
    assert!(fits(&try_with(&state, ALICE, second, &TestDigests, &hasher)));
}

#[test]
fn a_code_without_a_tag_is_never_tried() {
    let hasher = CountingHasher::default();
    let (plain, mut state) = set(ALICE, &SeededEntropy::default(), &hasher);
    state.codes[0].tag = None;
    state.codes[0].tag_key = None;
    assert!(!fits(&try_with(&state, ALICE, &shown(&plain)[0], &TestDigests, &hasher)));
    assert!(fits(&try_with(&state, ALICE, &shown(&plain)[1], &TestDigests, &hasher)));
}

#[test]
fn a_code_of_another_user_is_a_wrong_code_and_still_works_for_its_owner() {
    let hasher = CountingHasher::default();
    let entropy = SeededEntropy::default();
    let (alices, mut alices_state) = set(ALICE, &entropy, &hasher);
    let (_, mut bobs_state) = set(BOB, &entropy, &hasher);
    let code = &shown(&alices)[3];
    assert!(!fits(&try_with(&bobs_state, BOB, code, &TestDigests, &hasher)));
    let HashComparison::Match(fit) = try_with(&alices_state, ALICE, code, &TestDigests, &hasher) else {
        panic!()
    };
    assert_eq!(spend(&mut bobs_state, &fit, NOW), FactorResult::Wrong);
    assert_eq!(spend(&mut alices_state, &fit, NOW), FactorResult::Correct);
}

#[test]
fn one_code_that_two_users_have_shows_in_neither_tag_nor_hash() {
    let hasher = CountingHasher::default();
    let (alices, alices_state) = set(ALICE, &SeededEntropy::default(), &hasher);
    let (bobs, bobs_state) = set(BOB, &SeededEntropy::default(), &hasher);
    assert_eq!(shown(&alices), shown(&bobs));
    for (one, other) in alices_state.codes.iter().zip(&bobs_state.codes) {
        assert_ne!(one.tag, other.tag, "a tag depends on the user and the code");
        assert_ne!(one.digest, other.digest, "each hash has a salt of its own");
    }
}

#[test]
fn a_set_works_as_long_as_its_key_is_live() {
    let hasher = CountingHasher::default();
    let plain = generate_set(ALICE, &SeededEntropy::default(), &Keys(&["old"])).unwrap();
    let state = block_on(hash_set(&plain, &hasher, NOW)).unwrap();
    assert!(state.codes.iter().all(|it| it.tag_key.as_deref() == Some("old")));
    for code in &shown(&plain) {
        assert!(fits(&try_with(&state, ALICE, code, &Keys(&["newest", "new", "old"]), &hasher)));
        assert!(!fits(&try_with(&state, ALICE, code, &Keys(&["newest", "new"]), &hasher)));
    }
}

#[test]
fn a_hasher_that_is_overloaded_gives_no_verdict_and_no_set() {
    let hasher = CountingHasher::default();
    let (plain, state) = set(ALICE, &SeededEntropy::default(), &hasher);
    let overloaded = CountingHasher::overloaded();
    let typed = RecoveryCodeInput::parse(&shown(&plain)[0]).unwrap();
    let tried = block_on(look_up_code(&state, ALICE, &typed, &TestDigests).check(&overloaded));
    assert_eq!(tried, Err(HashError::Overloaded));
    assert_eq!(block_on(hash_set(&plain, &overloaded, NOW)), Err(HashError::Overloaded));
}

#[test]
fn debug_of_a_try_shows_neither_code_nor_hash_nor_whether_one_fits() {
    let hasher = CountingHasher::default();
    let (plain, state) = set(ALICE, &SeededEntropy::default(), &hasher);
    let typed = RecoveryCodeInput::parse(&shown(&plain)[0]).unwrap();
    let found = look_up_code(&state, ALICE, &typed, &TestDigests);
    let none = look_up_code(&state, ALICE, &RecoveryCodeInput::parse("no code").unwrap(), &TestDigests);
    assert_eq!(format!("{found:?}"), format!("{none:?}"));
    assert_eq!(format!("{:?}", block_on(found.check(&hasher))), "Ok(Match(MatchedCode(1)))");
}
