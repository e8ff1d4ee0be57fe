//! Contract of [`Accounts`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use mfa_core::{
    Account, Accounts, BackupMethod, EventKind, FactorKind, Origin, Outcome, PendingTotp, Phase,
    RecoveryCode, Sealed, SecurityEvent, StoreErrorKind, Timestamp, TotpAlgorithm, TotpApp, TotpDigits,
    TotpParameters, UserId, Users,
};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::{NOON, add_user};

/// Empty store of accounts, and the store of their users.
#[derive(Debug)]
pub struct AccountsFixture {
    accounts: Arc<dyn Accounts>,
    users: Arc<dyn Users>,
    guard: Guard,
}

impl AccountsFixture {
    /// Creates a fixture. The users are stored through `users`, so that they have accounts.
    pub fn new(accounts: Arc<dyn Accounts>, users: Arc<dyn Users>) -> Self {
        Self { accounts, users, guard: Guard::default() }
    }
}

suite! { $ Accounts, accounts, AccountsFixture, accounts_tests:
    an_unknown_user_is_neither_found_nor_changed,
    everything_a_decision_stores_reads_back,
    a_decision_that_changes_nothing_stores_nothing,
    a_hundred_concurrent_decisions_each_see_the_result_of_the_previous_one,
    a_decision_that_panics_is_undone_and_affects_no_other,
}

/// `apply` and `find` report an unknown user as absent, and the decision does not run.
pub fn an_unknown_user_is_neither_found_nor_changed(it: &Subject<AccountsFixture>) {
    let nobody = UserId::new(4711);
    let ran = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&ran);
    let changed = it.update(nobody, move |_| count.fetch_add(1, Ordering::SeqCst));
    assert_eq!((changed, ran.load(Ordering::SeqCst)), (None, 0));
    assert_eq!(it.find(nobody), None);
}

/// Every field that a decision changes is stored, and the version rises by one.
pub fn everything_a_decision_stores_reads_back(it: &Subject<AccountsFixture>) {
    let user = it.add("ada");
    let changed = move |account: &mut Account| {
        account.mfa_enforced = true;
        account.totp.enabled = true;
        account.totp.secret = Some(Sealed::from_column("v1.k.secret".into()));
        account.totp.pending = Some(PendingTotp {
            secret: Sealed::from_column("v1.k.pending".into()),
            expires_at: Timestamp::from_millis(1_800_000_000_123),
            added_as: Some("third".into()),
            name: Some("Tablet".into()),
        });
        account.totp.id = Some("first".into());
        account.totp.parameters = TotpParameters { digits: TotpDigits::Eight, ..TotpParameters::default() };
        account.totp.further = vec![TotpApp {
            id: "second".into(),
            secret: Sealed::from_column("v1.k.second".into()),
            enrolled_at: Some(Timestamp::from_millis(1_799_999_999_998)),
            parameters: TotpParameters { algorithm: TotpAlgorithm::Sha256, ..TotpParameters::default() },
        }];
        account.names.insert("second".into(), "Ma tablette".into());
        account.totp.enrolled_at = Some(Timestamp::from_millis(1_799_999_999_999));
        account.totp.last_step = Some(60_000_000);
        account.phone.number = Some(Sealed::from_column("v1.k.number".into()));
        account.phone.pending = Some(Sealed::from_column("v1.k.new-number".into()));
        account.phone.is_verified = true;
        account.phone.verified_at = Some(NOON);
        account.backup_method = BackupMethod::Sms;
        account.recovery.codes = vec![RecoveryCode {
            id: "1".into(),
            digest: "$argon2id$…".into(),
            used_at: Some(NOON),
            tag_key: Some("k".into()),
            tag: Some("00ff".into()),
            rest: serde_json::Map::new(),
        }];
        account.recovery.generated_at = Some(NOON);
        account.failures = 11;
        account.lock_until = Some(Timestamp::FAR_FUTURE);
        account.last_success_at = Some(NOON);
        account.last_method = Some(FactorKind::Recovery);
        account.internal.session = 9;
        account.internal.enrolment_failures = 3;
        account.internal.strikes.add(NOON);
    };
    let left = it.update(user, move |account| {
        changed(account);
        account.clone()
    });
    let mut expected = left.unwrap();
    let stored = it.find(user).unwrap();
    expected.version += 1;
    assert_eq!(stored, expected);
}

/// A decision that leaves the account as it was, without an event, writes nothing: the version stays.
pub fn a_decision_that_changes_nothing_stores_nothing(it: &Subject<AccountsFixture>) {
    let user = it.add("ada");
    let before = it.find(user);
    assert_eq!(it.update(user, |account| account.failures), Some(0));
    assert_eq!(it.find(user), before);
}

/// Concurrent decisions for one account lose no change. [`StoreErrorKind::Overloaded`] may reject one before it is
/// tried.
pub fn a_hundred_concurrent_decisions_each_see_the_result_of_the_previous_one(it: &Subject<AccountsFixture>) {
    let user = it.add("ada");
    let one = || async {
        loop {
            let counted = it.fixture().accounts.update(user, Phase::Begin, |account| {
                account.failures += 1;
                account.record(event(EventKind::TotpVerify));
                account.failures
            });
            match counted.await {
                Ok(count) => break count.unwrap(),
                Err(error) if error.kind() == StoreErrorKind::Overloaded => {
                    tokio::task::yield_now().await;
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let mut counts = it.run(join_all((0..100).map(|_| one())));
    counts.sort_unstable();
    assert_eq!(counts, (1..=100).collect::<Vec<_>>());
    assert_eq!(it.find(user).unwrap().failures, 100);
}

/// A panic of one decision is its own error ([`StoreErrorKind::DecisionPanicked`]), even beside others for the account.
pub fn a_decision_that_panics_is_undone_and_affects_no_other(it: &Subject<AccountsFixture>) {
    let (ada, bob) = (it.add("ada"), it.add("bob"));
    let accounts = &it.fixture().accounts;
    let broken = accounts.update(ada, Phase::Begin, |account| {
        account.failures = 99;
        assert!(!account.is_active, "a decision that panics, for a test");
    });
    let (broken, whole, also) = it.run(async {
        tokio::join!(
            broken,
            accounts.update(ada, Phase::Begin, |account| account.failures += 1),
            accounts.update(bob, Phase::Begin, |account| account.failures += 2),
        )
    });
    assert_eq!(broken.unwrap_err().kind(), StoreErrorKind::DecisionPanicked);
    assert!(whole.unwrap().is_some() && also.unwrap().is_some());
    let failures = |user| it.find(user).unwrap().failures;
    assert_eq!((failures(ada), failures(bob)), (1, 2));
}

impl Subject<AccountsFixture> {
    fn add(&self, name: &str) -> UserId {
        self.run(add_user(self.fixture().users.as_ref(), name))
    }

    fn update<T: Send + 'static>(
        &self,
        user: UserId,
        decide: impl FnMut(&mut Account) -> T + Send + 'static,
    ) -> Option<T> {
        self.run(self.fixture().accounts.update(user, Phase::Begin, decide)).unwrap()
    }

    fn find(&self, user: UserId) -> Option<Account> {
        self.run(self.fixture().accounts.find(user)).unwrap()
    }
}

fn event(kind: EventKind) -> SecurityEvent {
    let origin = Origin::new(None, Some("tests/1 \u{1F980}"), Some("r-1"));
    SecurityEvent::new(kind, Outcome::Success, NOON, origin)
}
