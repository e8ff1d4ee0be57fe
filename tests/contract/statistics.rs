//! Contract of `Statistics`.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::{MemoryAccounts, TestDigests};
use mfa_core::{
    Account, Accounts, Activity, BackupMethod, BucketSize, EventKind, FactorKind, LockoutCount, Origin,
    Outcome, Period, Phase, RecoveryCode, Sealed, SecurityEvent, SmsPurpose, Statistics, Timestamp, Totals,
    UserId, Users, VerificationCount,
};
use mfa_sms::{DeliveryStatus, PhoneNumber, SendId, SendRecord, SendState};
use nova_mfa_tests::{NOON, TestStore, add_user};
use tokio::runtime::Runtime;

struct Stage {
    name: &'static str,
    accounts: Arc<dyn Accounts>,
    statistics: Arc<dyn Statistics>,
    users: Arc<dyn Users>,
    runtime: Runtime,
}

fn on_every_adapter(suite: impl Fn(&Stage)) {
    let memory = Arc::new(MemoryAccounts::default());
    suite(&Stage {
        name: "memory",
        accounts: memory.clone(),
        statistics: memory.clone(),
        users: memory,
        runtime: Runtime::new().unwrap(),
    });
    for store in TestStore::each() {
        suite(&Stage {
            name: store.name,
            accounts: store.database.clone(),
            statistics: store.database.clone(),
            users: store.database.clone(),
            runtime: Runtime::new().unwrap(),
        });
    }
}

impl Stage {
    fn add(&self, name: &str, change: impl Fn(&mut Account) + Send + 'static) -> UserId {
        let user = self.runtime.block_on(add_user(self.users.as_ref(), name));
        self.runtime
            .block_on(self.accounts.update(user, Phase::Begin, move |it| change(it)))
            .unwrap()
            .unwrap();
        user
    }

    fn activity(&self, period: Period) -> Activity {
        self.runtime.block_on(self.statistics.activity(period)).unwrap()
    }
}

const HOUR: Duration = Duration::from_hours(1);

fn hours(count: u32) -> Duration {
    HOUR * count
}

fn record(account: &mut Account, kind: EventKind, method: FactorKind, outcome: Outcome, at: Timestamp) {
    account.record(SecurityEvent::new(kind, outcome, at, Origin::default()).with_method(method));
}

fn verification(at: Timestamp, method: &str, outcome: &str, count: u64) -> VerificationCount {
    VerificationCount { at, method: method.into(), outcome: outcome.into(), count }
}

#[test]
fn events_are_counted_by_bucket_method_and_outcome_within_the_period_only() {
    on_every_adapter(|stage| {
        stage.add("ada", |account| {
            let (totp, recovery) = (FactorKind::Totp, FactorKind::Recovery);
            let soon = NOON.plus(Duration::from_millis(3_599_999));
            record(
                account,
                EventKind::TotpVerify,
                totp,
                Outcome::Success,
                NOON.minus(Duration::from_millis(1)),
            );
            record(account, EventKind::TotpVerify, totp, Outcome::Success, NOON);
            record(account, EventKind::TotpVerify, totp, Outcome::Success, soon);
            record(account, EventKind::TotpVerify, totp, Outcome::Failure, soon);
            // Reported to the user as a wrong code, and counted as one.
            record(account, EventKind::OtpReplay, totp, Outcome::Failure, soon);
            record(account, EventKind::AccountLocked, totp, Outcome::Failure, soon);
            record(account, EventKind::RecoveryUse, recovery, Outcome::Success, NOON.plus(hours(30)));
            record(account, EventKind::AccountLocked, recovery, Outcome::Failure, NOON.plus(hours(30)));
            record(account, EventKind::TotpEnroll, totp, Outcome::Success, NOON);
            record(account, EventKind::TotpVerify, totp, Outcome::Success, NOON.plus(hours(48)));
        });
        let period = Period::new(NOON, NOON.plus(hours(48)), BucketSize::Hour).unwrap();
        let later = NOON.plus(hours(30));
        let expected = Activity {
            verifications: vec![
                verification(NOON, "totp", "failure", 2),
                verification(NOON, "totp", "success", 2),
                verification(later, "recovery", "success", 1),
            ],
            lockouts: vec![LockoutCount { at: NOON, count: 1 }, LockoutCount { at: later, count: 1 }],
            sms: Vec::new(),
        };
        assert_eq!(stage.activity(period), expected, "{}", stage.name);

        let by_day = stage.activity(Period::new(NOON, NOON.plus(hours(48)), BucketSize::Day).unwrap());
        let days: Vec<_> = by_day.lockouts.iter().map(|it| it.at).collect();
        let midnight = NOON.minus(hours(8));
        assert_eq!(days, [midnight, midnight.plus(hours(24))], "{}", stage.name);
    });
}

#[test]
fn totals_count_users_by_their_current_protection() {
    on_every_adapter(|stage| {
        let codes = |left: usize| -> Vec<RecoveryCode> {
            let code = |n: usize| RecoveryCode {
                id: n.to_string(),
                digest: "$argon2id$x".into(),
                tag_key: None,
                tag: None,
                used_at: (n >= left).then_some(NOON),
                rest: serde_json::Map::new(),
            };
            (0..10).map(code).collect()
        };
        let sealed = || Some(Sealed::from_column("v1.k.x".into()));
        let app = move |account: &mut Account, left| {
            (account.totp.enabled, account.totp.secret) = (true, sealed());
            account.recovery.codes = codes(left);
        };
        stage.add("nobody", |_| ());
        stage.add("enforced", |account| account.mfa_enforced = true);
        stage.add("plenty", move |account| app(account, 10));
        stage.add("four", move |account| app(account, 4));
        stage.add("three", move |account| app(account, 3));
        stage.add("none", move |account| {
            account.phone.number = sealed();
            account.phone.is_verified = true;
            account.backup_method = BackupMethod::Sms;
            account.lock_until = Some(NOON.plus(HOUR));
        });
        stage.add("was locked", |account| account.lock_until = Some(NOON));
        let totals = stage.runtime.block_on(stage.statistics.totals(NOON)).unwrap();
        let expected = Totals {
            users: 7,
            with_factor: 4,
            with_totp: 3,
            with_sms: 1,
            locked: 1,
            enforced: 1,
            recovery_codes_low: 2,
        };
        assert_eq!(totals, expected, "{}", stage.name);
    });
}

#[test]
fn unconverted_values_of_the_python_service_are_counted_without_an_error() {
    for store in TestStore::each() {
        for (name, codes) in
            [("a", "'null'"), ("b", "'[\"$2b$12$x\", {\"used_at\": null}]'"), ("c", "'{\"x\":1}'")]
        {
            store.add_user(name);
            store.sql(&format!(
                "UPDATE users SET is_totp_enabled = TRUE, totp_secret = 'x', recovery_codes = {codes} \
                 WHERE username = '{name}'"
            ));
        }
        let runtime = Runtime::new().unwrap();
        let totals = runtime.block_on(store.database.totals(NOON)).unwrap();
        assert_eq!((totals.users, totals.recovery_codes_low), (3, 3), "{}", store.name);
    }
}

#[test]
fn sms_are_counted_by_country_provider_and_result() {
    for store in TestStore::each() {
        let runtime = Runtime::new().unwrap();
        let ada = store.add_user("ada");
        let send = |name: &str, number: &str, state: SendState| {
            let number = PhoneNumber::parse(number, "FR").unwrap();
            let id = SendId::restore(name.to_owned());
            let record =
                SendRecord::new(id.clone(), ada, SmsPurpose::SecondFactor, &number, &TestDigests, NOON);
            runtime.block_on(store.database.begin(&record)).unwrap();
            runtime.block_on(store.database.settle(&id, &state)).unwrap();
            id
        };
        let by = |gateway, message: &str| SendState::Accepted { gateway, message: message.to_owned() };
        let used = send("1", "0612345612", by("ovh", "m1"));
        send("2", "0612345612", by("ovh", "m2"));
        send("3", "0612345612", by("twilio", "m3"));
        send("4", "0612345612", SendState::Refused);
        send("5", "+32470123456", SendState::Unknown { gateway: Some("ovh") });
        runtime.block_on(store.database.mark_used(&used, NOON)).unwrap();
        runtime.block_on(store.database.report("ovh", "m1", DeliveryStatus::Delivered, NOON)).unwrap();
        runtime.block_on(store.database.report("ovh", "m2", DeliveryStatus::Failed, NOON)).unwrap();
        let period = Period::new(NOON, NOON.plus(HOUR), BucketSize::Hour).unwrap();
        let activity = runtime.block_on(store.database.activity(period)).unwrap();
        let counts: Vec<_> = activity
            .sms
            .iter()
            .map(|it| {
                assert_eq!(it.at, NOON);
                let provider = it.provider.as_deref();
                (it.country.as_str(), provider, [it.sent, it.delivered, it.failed, it.used])
            })
            .collect();
        let expected = [
            ("BE", Some("ovh"), [1, 0, 0, 0]),
            ("FR", None, [0, 0, 1, 0]),
            ("FR", Some("ovh"), [2, 1, 1, 1]),
            ("FR", Some("twilio"), [1, 0, 0, 0]),
        ];
        assert_eq!(counts, expected, "{}", store.name);
    }
}
