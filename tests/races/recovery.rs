//! Races of recovery codes on both databases.

use futures::future::join_all;
use mfa_core::StoreErrorKind;
use mfa_flows::{AccessGrant, AdminCall, Call, FlowError, TokenKind};
use mfa_recovery::RecoveryCodeInput;
use nova_mfa_tests::{EnrolledUser, TestFlows, TestStore};

/// Returns a new set of codes for this user.
fn codes(world: &TestFlows, enrolled: &EnrolledUser) -> Vec<String> {
    let admin = AdminCall { actor: "test".to_owned(), reason: None, origin: mfa_core::Origin::default() };
    let made = world.store.runtime.block_on(world.flows.regenerate_for(&admin, enrolled.user)).unwrap();
    made.iter().map(|code| code.expose().to_owned()).collect()
}

/// Verifies a code and retries while the queue is full.
async fn verify(world: &TestFlows, call: &Call, code: &str) -> Result<AccessGrant, FlowError> {
    loop {
        match world.flows.verify_recovery(call, RecoveryCodeInput::parse(code).unwrap()).await {
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Overloaded => {
                tokio::task::yield_now().await;
            }
            answer => break answer,
        }
    }
}

#[test]
fn fifty_concurrent_uses_of_one_code_yield_one_token() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let codes = codes(&world, &ada);
        let calls: Vec<_> = (0..50).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let tries = calls.iter().map(|call| verify(&world, call, &codes[0]));
        let answers = world.store.runtime.block_on(join_all(tries));
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{name}");
        let account = world.store.runtime.block_on(world.store.accounts().find(ada.user)).unwrap().unwrap();
        assert_eq!(account.recovery.left(), 9, "{name}");
    }
}

#[test]
fn two_concurrent_codes_are_both_accepted_and_both_spent() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let codes = codes(&world, &ada);
        let calls: Vec<_> = (0..2).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let (first, second) = world.store.runtime.block_on(async {
            tokio::join!(verify(&world, &calls[0], &codes[0]), verify(&world, &calls[1], &codes[1]))
        });
        assert!(first.is_ok() && second.is_ok(), "{name}");
        for code in &codes[..2] {
            let again = world.call(ada.user, TokenKind::Pending);
            let answer = world.store.runtime.block_on(verify(&world, &again, code));
            assert!(matches!(answer, Err(FlowError::InvalidCode)), "{name}");
        }
    }
}

#[test]
fn of_a_hundred_concurrent_wrong_codes_ten_are_checked_and_counted() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let calls: Vec<_> = (0..100).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let tries = calls.iter().map(|call| verify(&world, call, "0000-0000-0000-0000"));
        let answers = world.store.runtime.block_on(join_all(tries));
        let wrong = answers.iter().filter(|it| matches!(it, Err(FlowError::InvalidCode))).count();
        let locked = answers.iter().filter(|it| matches!(it, Err(FlowError::AccountLocked { .. }))).count();
        assert_eq!((wrong, locked), (10, 90), "{name}");
        assert_eq!(world.store.number("SELECT mfa_failed_attempts FROM users"), 10, "{name}");
    }
}

#[test]
fn a_code_of_another_user_is_rejected_and_stays_valid_for_its_owner() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let (ada, bob) = (world.enrol("ada"), world.enrol("bob"));
        let of_ada = codes(&world, &ada);
        codes(&world, &bob);
        let try_as = |user| {
            let call = world.call(user, TokenKind::Pending);
            world.store.runtime.block_on(verify(&world, &call, &of_ada[3]))
        };
        assert!(matches!(try_as(bob.user), Err(FlowError::InvalidCode)), "{name}");
        assert!(try_as(ada.user).is_ok(), "{name}");
    }
}

#[test]
fn a_new_set_atomically_invalidates_every_older_code() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let old = codes(&world, &ada);
        let new = codes(&world, &ada);
        let try_code = |code: &str| {
            let call = world.call(ada.user, TokenKind::Pending);
            world.store.runtime.block_on(verify(&world, &call, code))
        };
        assert!(matches!(try_code(&old[0]), Err(FlowError::InvalidCode)), "{name}");
        let granted = try_code(&new[0].to_uppercase().replace('-', " ")).unwrap();
        assert_eq!(granted.recovery_codes_left, 9, "{name}");
    }
}
