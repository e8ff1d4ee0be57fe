//! Races of recovery codes on both databases.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mfa_core::testing::TestHasher;
use mfa_core::{
    BoxFuture, HashError, Outcome, PasswordCheck, PasswordDigest, PasswordHasher, SecretText, StoreErrorKind,
};
use mfa_flows::{AccessGrant, AdminCall, Call, FlowError, Ports, TokenKind, VerificationGrant};
use mfa_recovery::RecoveryCodeInput;
use nova_mfa_tests::{EnrolledUser, TestFlows, TestStore};
use tokio::sync::Semaphore;

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
            answer => break answer.and_then(VerificationGrant::access),
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

/// A hasher that reports each check and waits for leave to end it, or refuses it.
#[derive(Debug)]
struct GatedHasher {
    begun: Semaphore,
    may_end: Semaphore,
    is_overloaded: bool,
}

impl GatedHasher {
    fn new(is_overloaded: bool) -> Arc<Self> {
        Arc::new(Self { begun: Semaphore::new(0), may_end: Semaphore::new(0), is_overloaded })
    }

    fn into_port(self: Arc<Self>) -> impl FnOnce(Ports) -> Ports {
        |ports| Ports { recovery_hasher: self, ..ports }
    }
}

impl PasswordHasher for GatedHasher {
    fn hash(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        Box::pin(async move { TestHasher.hash(password).await })
    }

    fn verify(
        &self,
        password: SecretText,
        digest: Option<PasswordDigest>,
    ) -> BoxFuture<'_, Result<PasswordCheck, HashError>> {
        Box::pin(async move {
            self.begun.add_permits(1);
            self.may_end.acquire().await.unwrap().forget();
            if self.is_overloaded {
                return Err(HashError::Overloaded);
            }
            TestHasher.verify(password, digest).await
        })
    }
}

/// The logged events of a user's recovery codes and locks, each with its outcome. Each is a row too. The log is written
/// after the commit, so this waits for it.
fn traces(world: &TestFlows, user: &EnrolledUser) -> Vec<(&'static str, Outcome)> {
    let about = ["account_locked", "account_unlocked", "recovery_use"];
    let rows = "SELECT count(*) FROM mfa_events \
                WHERE event IN ('account_locked', 'account_unlocked', 'recovery_use')";
    let rows = usize::try_from(world.store.number(rows)).unwrap();
    let logged = || -> Vec<_> {
        let recorded = world.store.log.recorded();
        let stored = recorded.iter().filter(|it| it.user == Some(user.user) && it.chain.is_some());
        stored
            .map(|it| (it.event.kind.as_str(), it.event.outcome))
            .filter(|(kind, _)| about.contains(kind))
            .collect()
    };
    for _ in 0..200 {
        if logged().len() == rows {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(logged().len(), rows, "{:?}", logged());
    logged()
}

/// Tries the right code as the tenth attempt, and runs `meanwhile` while its hash runs.
fn tenth_attempt(
    store: TestStore,
    is_overloaded: bool,
    meanwhile: impl FnOnce(&TestFlows, &EnrolledUser),
) -> (TestFlows, EnrolledUser, Result<AccessGrant, FlowError>) {
    let hasher = GatedHasher::new(is_overloaded);
    let world = TestFlows::with_ports(store, Arc::clone(&hasher).into_port());
    let ada = world.enrol("ada");
    let code = codes(&world, &ada).swap_remove(0);
    world.store.sql("UPDATE users SET mfa_failed_attempts = 9");
    let (flows, mut call) = (Arc::clone(&world.flows), world.call(ada.user, TokenKind::Pending));
    call.origin = mfa_core::Origin::new("192.0.2.7".parse().ok(), Some("Firefox"), None);
    let verifying = world
        .store
        .runtime
        .spawn(async move { flows.verify_recovery(&call, RecoveryCodeInput::parse(&code).unwrap()).await });
    world.store.runtime.block_on(hasher.begun.acquire()).unwrap().forget();
    assert_eq!(traces(&world, &ada), [("account_locked", Outcome::Failure)], "a crash leaves this");
    meanwhile(&world, &ada);
    hasher.may_end.add_permits(1);
    let answer = world.store.runtime.block_on(verifying).unwrap();
    (world, ada, answer.and_then(VerificationGrant::access))
}

const FAILED_AND_LOCKED: [(&str, Outcome); 2] =
    [("account_locked", Outcome::Failure), ("recovery_use", Outcome::Failure)];

#[test]
fn an_attempt_that_is_refused_after_it_was_counted_leaves_failure_and_lock_on_record() {
    for store in TestStore::each() {
        let name = store.name;
        let (world, ada, answer) = tenth_attempt(store, false, |world, ada| {
            let admin =
                AdminCall { actor: "test".to_owned(), reason: None, origin: mfa_core::Origin::default() };
            world.store.runtime.block_on(world.flows.revoke_all(&admin, ada.user)).unwrap();
        });
        assert!(matches!(answer, Err(FlowError::TokenRevoked)), "{name}: {answer:?}");
        assert_eq!(traces(&world, &ada), FAILED_AND_LOCKED, "{name}");
        assert_eq!(world.store.number("SELECT mfa_failed_attempts FROM users"), 10, "{name}");
    }
    for store in TestStore::each() {
        let name = store.name;
        let disable = |world: &TestFlows, _: &EnrolledUser| {
            world.store.sql("UPDATE users SET is_active = FALSE");
        };
        let (world, ada, answer) = tenth_attempt(store, false, disable);
        assert!(matches!(answer, Err(FlowError::AccountDisabled)), "{name}: {answer:?}");
        assert_eq!(traces(&world, &ada), FAILED_AND_LOCKED, "{name}");
    }
}

#[test]
fn an_erasure_during_the_hash_leaves_a_failure_without_an_address() {
    for store in TestStore::each() {
        let name = store.name;
        let (world, _, answer) = tenth_attempt(store, false, |world, ada| {
            let admin =
                AdminCall { actor: "test".to_owned(), reason: None, origin: mfa_core::Origin::default() };
            world.store.runtime.block_on(world.flows.erase_user(&admin, ada.user)).unwrap();
        });
        assert!(matches!(answer, Err(FlowError::TokenRevoked)), "{name}: {answer:?}");
        let failed = "SELECT count(*) FROM mfa_events WHERE event = 'recovery_use' AND outcome = 'failure'";
        assert_eq!(world.store.number(failed), 1, "{name}");
        assert_eq!(world.store.number("SELECT count(*) FROM mfa_events WHERE ip IS NOT NULL"), 0, "{name}");
    }
}

#[test]
fn a_recovery_code_as_the_tenth_attempt_revives_no_pending_token_from_before() {
    for store in TestStore::each() {
        let name = store.name;
        let mut before = None;
        let (world, ada, answer) = tenth_attempt(store, false, |world, ada| {
            before = Some(world.call(ada.user, TokenKind::Pending));
        });
        assert!(answer.is_ok(), "{name}: {answer:?}");
        let verify = |call: &Call| {
            world.store.runtime.block_on(world.flows.verify_totp(call, world.code(&ada))).map(drop)
        };
        assert!(matches!(verify(&before.unwrap()), Err(FlowError::TokenSpent)), "{name}");
        world.store.sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL");
        world.clock.advance(Duration::from_secs(1));
        verify(&world.call(ada.user, TokenKind::Pending)).unwrap();
    }
}

#[test]
fn an_attempt_that_the_hasher_refuses_leaves_failure_and_lock_on_record() {
    for store in TestStore::each() {
        let name = store.name;
        let (world, ada, answer) = tenth_attempt(store, true, |_, _| ());
        assert!(matches!(answer, Err(FlowError::Hasher(HashError::Overloaded))), "{name}: {answer:?}");
        assert_eq!(traces(&world, &ada), FAILED_AND_LOCKED, "{name}");
    }
}

#[test]
fn a_right_code_that_was_counted_as_the_tenth_takes_its_lock_back_on_record() {
    for store in TestStore::each() {
        let name = store.name;
        let (world, ada, answer) = tenth_attempt(store, false, |_, _| ());
        assert!(answer.is_ok(), "{name}: {answer:?}");
        let expected = [
            ("account_locked", Outcome::Failure),
            ("recovery_use", Outcome::Success),
            ("account_unlocked", Outcome::Success),
        ];
        assert_eq!(traces(&world, &ada), expected, "{name}");
        let open = "SELECT count(*) FROM users WHERE mfa_failed_attempts = 0 AND mfa_lock_until IS NULL";
        assert_eq!(world.store.number(open), 1, "{name}");
    }
}
