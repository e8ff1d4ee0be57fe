//! Fixtures: a hasher that counts its calls, rotating keys, and sets of codes.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use mfa_core::testing::{SeededEntropy, TestDigests};
use mfa_core::{
    BoxFuture, DigestPurpose, HashError, KeyId, KeyedDigest, KeyedDigests, PasswordCheck, PasswordDigest,
    PasswordHasher, RecoveryState, SecretText, Timestamp, UserId,
};
use mfa_recovery::{PlainCodeSet, generate_set, hash_set};

pub(crate) const ALICE: UserId = UserId::new(7);
pub(crate) const BOB: UserId = UserId::new(8);
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Salts each hash with its number, counts what it is asked, and can be overloaded.
#[derive(Debug, Default)]
pub(crate) struct CountingHasher {
    salts: AtomicUsize,
    count: AtomicUsize,
    is_overloaded: bool,
}

impl CountingHasher {
    /// One that refuses everything.
    pub(crate) fn overloaded() -> Self {
        Self { is_overloaded: true, ..Self::default() }
    }

    /// Returns the number of hashes computed since the last call.
    pub(crate) fn take_count(&self) -> usize {
        self.count.swap(0, Ordering::SeqCst)
    }
}

impl PasswordHasher for CountingHasher {
    fn hash(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        self.count.fetch_add(1, Ordering::SeqCst);
        let salt = self.salts.fetch_add(1, Ordering::SeqCst);
        let overloaded = self.is_overloaded;
        Box::pin(async move {
            let digest = PasswordDigest::from_column(format!("{salt}${}", password.expose()));
            if overloaded { Err(HashError::Overloaded) } else { Ok(digest) }
        })
    }

    fn verify(
        &self,
        password: SecretText,
        digest: Option<PasswordDigest>,
    ) -> BoxFuture<'_, Result<PasswordCheck, HashError>> {
        self.count.fetch_add(1, Ordering::SeqCst);
        let overloaded = self.is_overloaded;
        Box::pin(async move {
            let stored = digest.as_ref().and_then(|it| it.as_column().split_once('$'));
            let right = stored.is_some_and(|(_, stored)| stored == password.expose());
            let check = if right { PasswordCheck::Correct } else { PasswordCheck::Wrong };
            if overloaded { Err(HashError::Overloaded) } else { Ok(check) }
        })
    }
}

/// Keyed digests under these keys, the newest first.
#[derive(Debug)]
pub(crate) struct Keys(pub(crate) &'static [&'static str]);

impl KeyedDigests for Keys {
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> KeyedDigest {
        self.digest_with_each_key(purpose, message).remove(0)
    }

    fn digest_with_each_key(&self, purpose: DigestPurpose, message: &[u8]) -> Vec<KeyedDigest> {
        let under = |name: &&str| {
            let keyed = [name.as_bytes(), b"|", message].concat();
            KeyedDigest { key: KeyId::parse(name).unwrap(), bytes: TestDigests.digest(purpose, &keyed).bytes }
        };
        self.0.iter().map(under).collect()
    }
}

/// A set for this user; the same codes in every run for one source of randomness.
pub(crate) fn set(
    user: UserId,
    entropy: &SeededEntropy,
    hasher: &CountingHasher,
) -> (PlainCodeSet, RecoveryState) {
    let plain = generate_set(user, entropy, &TestDigests).unwrap();
    let state = block_on(hash_set(&plain, hasher, NOW)).unwrap();
    (plain, state)
}

/// The codes of a set as they are shown.
pub(crate) fn shown(set: &PlainCodeSet) -> Vec<String> {
    set.codes().map(|code| code.to_display().expose().to_owned()).collect()
}
