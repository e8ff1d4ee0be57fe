//! Tests of imported sets: each code is compared in turn and spent once.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use mfa_core::testing::{SeededEntropy, TestDigests};
use mfa_core::{
    BoxFuture, FactorResult, HashError, PasswordCheck, PasswordDigest, PasswordHasher, RecoveryCode,
    RecoveryState, SecretText,
};
use mfa_recovery::{
    HashComparison, LegacyCodeCase, LegacyCodeFormat, RecoveryCodeInput, has_legacy, legacy_digest, listing,
    look_up_code, spend,
};

use crate::support::{ALICE, CountingHasher, NOW, set, shown};

/// Takes the last 53 characters of a hash, cut at its filling, for the password.
#[derive(Debug, Default)]
struct Bcrypt(AtomicUsize);

impl PasswordHasher for Bcrypt {
    fn hash(&self, _: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        Box::pin(async { Err(HashError::Failed) })
    }

    fn verify(
        &self,
        password: SecretText,
        digest: Option<PasswordDigest>,
    ) -> BoxFuture<'_, Result<PasswordCheck, HashError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            let right = digest.is_some_and(|it| it.as_column() == bcrypt(password.expose()));
            Ok(if right { PasswordCheck::CorrectButOutdated } else { PasswordCheck::Wrong })
        })
    }
}

/// Stand-in for the bcrypt hash of this text.
fn bcrypt(text: &str) -> String {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let dashes = text.len() - plain.len();
    format!("$2b$12${plain:.<51}{dashes:.>2}")
}

fn foreign(spelling: LegacyCodeFormat, hashed: &[&str]) -> RecoveryState {
    let code = |(number, text): (usize, &&str)| RecoveryCode {
        id: (number + 1).to_string(),
        digest: legacy_digest(&bcrypt(text), spelling).unwrap(),
        tag_key: None,
        tag: None,
        used_at: None,
        rest: serde_json::Map::new(),
    };
    RecoveryState { codes: hashed.iter().enumerate().map(code).collect(), ..RecoveryState::default() }
}

fn tried(state: &RecoveryState, typed: &str) -> (HashComparison, usize) {
    let hasher = Bcrypt::default();
    let typed = RecoveryCodeInput::parse(typed).unwrap();
    let tried = block_on(look_up_code(state, ALICE, &typed, &TestDigests).check(&hasher)).unwrap();
    (tried, hasher.0.into_inner())
}

#[test]
fn a_code_is_found_by_trying_one_after_the_other_and_is_good_once() {
    let mut state = foreign(LegacyCodeFormat::default(), &["A1B2-C3D4", "E5F6-0718", "DEAD-BEEF"]);
    assert!(has_legacy(&state));
    let (HashComparison::Match(fit), 2) = tried(&state, " E5F6-0718 ") else {
        panic!("the second code matches")
    };
    assert_eq!(spend(&mut state, &fit, NOW), FactorResult::Correct);
    assert_eq!(spend(&mut state, &fit, NOW), FactorResult::Wrong);
    assert_eq!(tried(&state, "E5F6-0718"), (HashComparison::NoMatch, 2), "a used code is not compared");
    assert_eq!(listing(&state).left, 2);
}

#[test]
fn a_wrong_answer_costs_a_hash_for_each_code_that_is_not_spent() {
    let mut state = foreign(LegacyCodeFormat::default(), &["A1B2-C3D4", "E5F6-0718", "DEAD-BEEF"]);
    assert_eq!(tried(&state, "A1B2-C3D5"), (HashComparison::NoMatch, 3));
    for code in &mut state.codes {
        code.used_at = Some(NOW);
    }
    assert!(!has_legacy(&state));
    assert_eq!(tried(&state, "A1B2-C3D4"), (HashComparison::NoMatch, 1), "a dummy hash, as for every user");
}

#[test]
fn a_code_may_be_typed_in_any_way_that_the_old_system_took() {
    let bare = LegacyCodeFormat { case: LegacyCodeCase::Upper, bare: true };
    let state = foreign(bare, &["A1B2C3D4"]);
    for typed in ["A1B2-C3D4", "a1b2c3d4", " a1b2 c3d4 "] {
        assert!(matches!(tried(&state, typed), (HashComparison::Match(_), 1)), "{typed}");
    }
    let exact = foreign(LegacyCodeFormat::default(), &["A1B2-C3D4"]);
    assert_eq!(tried(&exact, "a1b2-c3d4"), (HashComparison::NoMatch, 1));
}

#[test]
fn a_code_of_ours_beside_foreign_ones_costs_one_hash() {
    let hasher = CountingHasher::default();
    let (plain, mut state) = set(ALICE, &SeededEntropy::default(), &hasher);
    state.codes.extend(foreign(LegacyCodeFormat::default(), &["A1B2-C3D4"]).codes);
    hasher.take_count();
    let typed = RecoveryCodeInput::parse(&shown(&plain)[3]).unwrap();
    let found = block_on(look_up_code(&state, ALICE, &typed, &TestDigests).check(&hasher)).unwrap();
    assert!(matches!(found, HashComparison::Match(_)));
    assert_eq!(hasher.take_count(), 1);
}
