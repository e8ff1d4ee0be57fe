use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use mfa_core::EntropyError;
use tokio::runtime::Runtime;

use super::*;
use crate::crypto::OsEntropy;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn limits(at_once: usize, waiting: usize) -> HasherLimits {
    HasherLimits { at_once: NonZeroUsize::new(at_once).unwrap(), waiting }
}

fn hasher(runtime: &Runtime) -> SlowHasher {
    SlowHasher::new(runtime.handle().clone(), Arc::new(OsEntropy), HasherLimits::default()).unwrap()
}

fn password(text: &str) -> SecretText {
    SecretText::new(text.into())
}

fn stored(text: &str) -> PasswordDigest {
    PasswordDigest::from_column(text.into())
}

#[test]
fn a_password_is_right_against_its_own_hash_only() {
    let runtime = runtime();
    let hasher = hasher(&runtime);
    let digest = runtime.block_on(hasher.hash(password("correct horse"))).unwrap();
    let check = |text| runtime.block_on(hasher.verify(password(text), Some(digest.clone())));
    assert_eq!(check("correct horse"), Ok(PasswordCheck::Correct));
    assert_eq!(check("battery staple"), Ok(PasswordCheck::Wrong));
    assert_ne!(runtime.block_on(hasher.hash(password("correct horse"))).unwrap(), digest, "another salt");

    let by_others = PasswordHash::new(digest.as_column()).unwrap();
    Argon2::default().verify_password(b"correct horse", &by_others).unwrap();
}

#[test]
fn older_kinds_of_hash_are_right_but_outdated() {
    let runtime = runtime();
    let hasher = hasher(&runtime);
    let check = |text, digest| runtime.block_on(hasher.verify(password(text), Some(stored(digest))));
    let weak = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assert_eq!(check("password", weak), Ok(PasswordCheck::CorrectButOutdated));
    let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert_eq!(check("U*U", bcrypt), Ok(PasswordCheck::CorrectButOutdated));
    assert_eq!(check("U*V", bcrypt), Ok(PasswordCheck::Wrong));
}

#[test]
fn no_user_and_an_unreadable_hash_are_wrong_and_take_the_work_of_a_hash() {
    let runtime = runtime();
    let hasher = hasher(&runtime);
    for digest in ["", "password", "$argon2id$broken", "$2b$broken"]
        .map(|it| Some(stored(it)))
        .into_iter()
        .chain([None])
    {
        // Working memory is lent once more only if the work was done.
        let before = format!("{:?}", hasher.work.memory);
        let outcome = runtime.block_on(hasher.verify(password("password"), digest));
        assert_eq!(outcome, Ok(PasswordCheck::Wrong));
        assert_ne!(format!("{:?}", hasher.work.memory), before);
    }
}

#[test]
fn a_hash_that_demands_too_much_work_matches_nothing_and_slows_no_other_check() {
    let runtime = runtime();
    let hasher = hasher(&runtime);
    for digest in [
        "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ] {
        let outcome = runtime.block_on(hasher.verify(password("password"), Some(stored(digest))));
        assert_eq!(outcome, Ok(PasswordCheck::Wrong), "{digest}");
        assert_eq!(hasher.kinds(), PasswordKinds::ARGON2ID, "{digest}");
    }
}

/// Returns what a check of this column computes while stored hashes have these kinds.
fn computed(
    hasher: &SlowHasher,
    runtime: &Runtime,
    kinds: PasswordKinds,
    digest: Option<&str>,
) -> Vec<String> {
    hasher.set_kinds(kinds);
    hasher.work.computed.lock().unwrap().clear();
    let _ = runtime.block_on(hasher.verify(password("password"), digest.map(stored))).unwrap();
    hasher.work.computed.lock().unwrap().clone()
}

const WEAK_ARGON2ID: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

#[test]
fn every_check_computes_the_kinds_and_costs_of_the_stored_hashes() {
    let runtime = runtime();
    let hasher = hasher(&runtime);
    let kinds = |argon2id, bcrypt_cost| PasswordKinds { argon2id, bcrypt_cost };
    let (four, six) = (bcrypt_dummy(4), bcrypt_dummy(6));
    let computed = |kinds, digest| computed(&hasher, &runtime, kinds, digest);
    for odd in [None, Some(""), Some("plain"), Some("$2b$broken")] {
        assert_eq!(computed(kinds(true, None), odd), ["argon2id"], "{odd:?}");
        assert_eq!(computed(kinds(false, Some(6)), odd), ["bcrypt 6"], "{odd:?}");
        assert_eq!(computed(kinds(true, Some(6)), odd), ["argon2id", "bcrypt 6"], "{odd:?}");
    }
    assert_eq!(computed(kinds(true, None), Some(WEAK_ARGON2ID)), ["argon2id"]);
    assert_eq!(computed(kinds(true, Some(6)), Some(WEAK_ARGON2ID)), ["argon2id", "bcrypt 6"]);
    assert_eq!(computed(kinds(false, Some(6)), Some(&six)), ["bcrypt 6"]);
    assert_eq!(computed(kinds(true, Some(6)), Some(&six)), ["bcrypt 6", "argon2id"]);
    // The rounds of 4, 4 and 5 are those of 6.
    let padded = ["bcrypt 4", "argon2id", "bcrypt 4", "bcrypt 5"];
    assert_eq!(computed(kinds(true, Some(6)), Some(&four)), padded);
}

#[test]
fn a_kind_that_a_check_or_a_new_hash_shows_is_computed_from_then_on() {
    let runtime = runtime();
    let hasher = hasher(&runtime);
    let check = |digest: Option<&str>| {
        hasher.work.computed.lock().unwrap().clear();
        let _ = runtime.block_on(hasher.verify(password("password"), digest.map(stored))).unwrap();
        hasher.work.computed.lock().unwrap().clone()
    };
    assert_eq!(check(None), ["argon2id"]);
    assert_eq!(check(Some(&bcrypt_dummy(5))), ["bcrypt 5", "argon2id"]);
    assert_eq!(check(None), ["argon2id", "bcrypt 5"]);

    hasher.set_kinds(PasswordKinds { argon2id: false, bcrypt_cost: Some(4) });
    assert_eq!(check(None), ["bcrypt 4"]);
    let _ = runtime.block_on(hasher.hash(password("password"))).unwrap();
    assert_eq!(check(None), ["argon2id", "bcrypt 4"]);
}

/// Source of randomness that reports each request and returns when the test lets it.
#[derive(Debug)]
struct Gate(Mutex<(Sender<()>, Receiver<()>)>);

impl Entropy for Gate {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        let gate = self.0.lock().unwrap();
        gate.0.send(()).unwrap();
        gate.1.recv().map_err(|_| EntropyError)
    }
}

#[test]
fn a_call_that_finds_the_queue_full_is_refused_at_once_and_the_others_succeed() {
    let runtime = runtime();
    let (begun, has_begun) = channel();
    let (go, may_go) = channel();
    // The dummy needs randomness twice, for its password and its salt.
    go.send(()).unwrap();
    go.send(()).unwrap();
    let gate = Arc::new(Gate(Mutex::new((begun, may_go))));
    let hasher = Arc::new(SlowHasher::new(runtime.handle().clone(), gate, limits(1, 1)).unwrap());
    has_begun.recv().unwrap();
    has_begun.recv().unwrap();

    let spawn = || {
        let hasher = Arc::clone(&hasher);
        runtime.spawn(async move { hasher.hash(password("p")).await })
    };
    let first = spawn();
    has_begun.recv().unwrap();
    let second = spawn();
    while hasher.admitted.available_permits() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(runtime.block_on(hasher.hash(password("p"))), Err(HashError::Overloaded));
    assert!(has_begun.try_recv().is_err(), "only one runs at a time");

    go.send(()).unwrap();
    go.send(()).unwrap();
    assert!(runtime.block_on(first).unwrap().is_ok());
    assert!(runtime.block_on(second).unwrap().is_ok());
    assert_eq!(hasher.admitted.available_permits(), 2, "every slot is free again");
}

#[test]
fn a_caller_that_goes_away_leaves_its_place_to_others() {
    let runtime = runtime();
    let hasher =
        Arc::new(SlowHasher::new(runtime.handle().clone(), Arc::new(OsEntropy), limits(1, 0)).unwrap());
    let held = runtime.block_on(Arc::clone(&hasher.running).acquire_owned()).unwrap();
    let waiting = {
        let hasher = Arc::clone(&hasher);
        runtime.spawn(async move { hasher.hash(password("p")).await })
    };
    while hasher.admitted.available_permits() > 0 {
        std::thread::yield_now();
    }
    waiting.abort();
    assert!(runtime.block_on(waiting).unwrap_err().is_cancelled());
    drop(held);
    assert!(runtime.block_on(hasher.hash(password("p"))).is_ok());
}

#[test]
fn without_randomness_nothing_is_hashed() {
    #[derive(Debug)]
    struct Dry;
    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }
    let runtime = runtime();
    let made = SlowHasher::new(runtime.handle().clone(), Arc::new(Dry), HasherLimits::default());
    assert_eq!(made.err(), Some(HashError::Failed));
}
