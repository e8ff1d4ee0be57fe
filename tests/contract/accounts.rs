//! Contract of `Accounts`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use mfa_core::{
    Account, BackupMethod, EventKind, FactorKind, Origin, Outcome, PendingTotp, Phase, RecoveryCode, Sealed,
    SecurityEvent, StoreErrorKind, Timestamp, UserId,
};
use nova_mfa_tests::{NOON, add_user, on_every_adapter};

fn event(kind: EventKind) -> SecurityEvent {
    SecurityEvent::new(
        kind,
        Outcome::Success,
        NOON,
        Origin::new(None, Some("tests/1 \u{1F980}"), Some("r-1")),
    )
}

#[test]
fn an_unknown_user_is_neither_found_nor_changed() {
    on_every_adapter(|name, accounts, _, runtime| {
        let nobody = UserId::new(4711);
        let ran = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&ran);
        let changed = runtime
            .block_on(accounts.update(nobody, Phase::Begin, move |_| count.fetch_add(1, Ordering::SeqCst)))
            .unwrap();
        assert_eq!((changed, ran.load(Ordering::SeqCst)), (None, 0), "{name}");
        assert_eq!(runtime.block_on(accounts.find(nobody)).unwrap(), None, "{name}");
    });
}

#[test]
fn everything_a_decision_stores_reads_back() {
    on_every_adapter(|name, accounts, users, runtime| {
        let user = runtime.block_on(add_user(users.as_ref(), "ada"));
        let changed = move |account: &mut Account| {
            account.mfa_enforced = true;
            account.totp.enabled = true;
            account.totp.secret = Some(Sealed::from_column("v1.k.secret".into()));
            account.totp.pending = Some(PendingTotp {
                secret: Sealed::from_column("v1.k.pending".into()),
                expires_at: Timestamp::from_millis(1_800_000_000_123),
            });
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
        let left = runtime.block_on(accounts.update(user, Phase::Begin, move |account| {
            changed(account);
            account.clone()
        }));
        let mut expected = left.unwrap().unwrap();
        let stored = runtime.block_on(accounts.find(user)).unwrap().unwrap();
        expected.version += 1;
        assert_eq!(stored, expected, "{name}");
    });
}

#[test]
fn a_decision_that_changes_nothing_stores_nothing() {
    on_every_adapter(|name, accounts, users, runtime| {
        let user = runtime.block_on(add_user(users.as_ref(), "ada"));
        let before = runtime.block_on(accounts.find(user)).unwrap();
        assert_eq!(
            runtime.block_on(accounts.update(user, Phase::Begin, |account| account.failures)).unwrap(),
            Some(0)
        );
        assert_eq!(runtime.block_on(accounts.find(user)).unwrap(), before, "{name}");
    });
}

#[test]
fn a_hundred_concurrent_decisions_each_see_the_result_of_the_previous_one() {
    on_every_adapter(|name, accounts, users, runtime| {
        let user = runtime.block_on(add_user(users.as_ref(), "ada"));
        let one = || async {
            loop {
                let counted = accounts.update(user, Phase::Begin, |account| {
                    account.failures += 1;
                    account.record(event(EventKind::TotpVerify));
                    account.failures
                });
                match counted.await {
                    Ok(count) => break count.unwrap(),
                    Err(error) if error.kind() == StoreErrorKind::Overloaded => {
                        tokio::task::yield_now().await;
                    }
                    Err(error) => panic!("{name}: {error:?}"),
                }
            }
        };
        let mut counts = runtime.block_on(join_all((0..100).map(|_| one())));
        counts.sort_unstable();
        assert_eq!(counts, (1..=100).collect::<Vec<_>>(), "{name}");
        let stored = runtime.block_on(accounts.find(user)).unwrap().unwrap();
        assert_eq!(stored.failures, 100, "{name}");
    });
}

#[test]
fn a_decision_that_panics_is_undone_and_affects_no_other() {
    on_every_adapter(|name, accounts, users, runtime| {
        let ada = runtime.block_on(add_user(users.as_ref(), "ada"));
        let bob = runtime.block_on(add_user(users.as_ref(), "bob"));
        let broken = accounts.update(ada, Phase::Begin, |account| {
            account.failures = 99;
            assert!(!account.is_active, "a decision that panics, for a test");
        });
        let (broken, whole, also) = runtime.block_on(async {
            tokio::join!(
                broken,
                accounts.update(ada, Phase::Begin, |account| account.failures += 1),
                accounts.update(bob, Phase::Begin, |account| account.failures += 2),
            )
        });
        assert_eq!(broken.unwrap_err().kind(), StoreErrorKind::DecisionPanicked, "{name}");
        assert!(whole.unwrap().is_some() && also.unwrap().is_some(), "{name}");
        let failures = |user| runtime.block_on(accounts.find(user)).unwrap().unwrap().failures;
        assert_eq!((failures(ada), failures(bob)), (1, 2), "{name}");
    });
}
