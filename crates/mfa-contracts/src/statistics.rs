//! Contract of [`Statistics`].

use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::TestDigests;
use mfa_core::{
    Account, Accounts, Activity, BackupMethod, BucketSize, EventKind, FactorKind, LockoutCount, Origin,
    Outcome, Period, Phase, RecoveryCode, Sealed, SecurityEvent, SmsPurpose, Statistics, Timestamp, Totals,
    UserId, Users, VerificationCount,
};
use mfa_sms::{DeliveryStatus, PhoneNumber, SendId, SendRecord, SendState, SmsSendLog};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::{NOON, add_user};

/// Statistics of an empty store, with the ports that fill it.
#[derive(Debug)]
pub struct StatisticsFixture {
    statistics: Arc<dyn Statistics>,
    accounts: Arc<dyn Accounts>,
    users: Arc<dyn Users>,
    sends: Option<Arc<dyn SmsSendLog>>,
    guard: Guard,
}

impl StatisticsFixture {
    /// Creates a fixture of statistics that count users, events and the sends of this log.
    pub fn new(
        statistics: Arc<dyn Statistics>,
        accounts: Arc<dyn Accounts>,
        users: Arc<dyn Users>,
        sends: Arc<dyn SmsSendLog>,
    ) -> Self {
        Self { sends: Some(sends), ..Self::without_sms(statistics, accounts, users) }
    }

    /// Creates a fixture of statistics that count users and events only. The rule about SMS then demands that there are
    /// no counts of SMS.
    pub fn without_sms(
        statistics: Arc<dyn Statistics>,
        accounts: Arc<dyn Accounts>,
        users: Arc<dyn Users>,
    ) -> Self {
        Self { statistics, accounts, users, sends: None, guard: Guard::default() }
    }
}

suite! { $ Statistics, statistics, StatisticsFixture, statistics_tests:
    events_are_counted_by_bucket_method_and_outcome_within_the_period_only,
    totals_count_users_by_their_current_protection,
    sms_are_counted_by_country_provider_and_result,
}

const HOUR: Duration = Duration::from_hours(1);

/// Verifications and lockouts are counted in hours or in days of UTC, from the start of the period to before its end.
pub fn events_are_counted_by_bucket_method_and_outcome_within_the_period_only(
    it: &Subject<StatisticsFixture>,
) {
    it.add("ada", |account| {
        let (totp, recovery) = (FactorKind::Totp, FactorKind::Recovery);
        let soon = NOON.plus(Duration::from_millis(3_599_999));
        let before = NOON.minus(Duration::from_millis(1));
        record(account, EventKind::TotpVerify, totp, Outcome::Success, before);
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
    assert_eq!(it.activity(period), expected);

    let by_day = it.activity(Period::new(NOON, NOON.plus(hours(48)), BucketSize::Day).unwrap());
    let days: Vec<_> = by_day.lockouts.iter().map(|it| it.at).collect();
    let midnight = NOON.minus(hours(8));
    assert_eq!(days, [midnight, midnight.plus(hours(24))]);
}

/// The totals are those of the stored accounts. A lock that has ended is none, and three unused recovery codes are few.
pub fn totals_count_users_by_their_current_protection(it: &Subject<StatisticsFixture>) {
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
    it.add("nobody", |_| ());
    it.add("enforced", |account| account.mfa_enforced = true);
    it.add("plenty", move |account| app(account, 10));
    it.add("four", move |account| app(account, 4));
    it.add("three", move |account| app(account, 3));
    it.add("none", move |account| {
        account.phone.number = sealed();
        account.phone.is_verified = true;
        account.backup_method = BackupMethod::Sms;
        account.lock_until = Some(NOON.plus(HOUR));
    });
    it.add("was locked", |account| account.lock_until = Some(NOON));
    let totals = it.run(it.fixture().statistics.totals(NOON)).unwrap();
    let expected = Totals {
        users: 7,
        with_factor: 4,
        with_totp: 3,
        with_sms: 1,
        with_passkey: 0,
        sms_only: 1,
        disabled: 0,
        locked: 1,
        enforced: 1,
        recovery_codes_low: 2,
    };
    assert_eq!(totals, expected);
}

/// Sends are counted by country and by the provider that may have sent them, with their deliveries and the used codes.
pub fn sms_are_counted_by_country_provider_and_result(it: &Subject<StatisticsFixture>) {
    let ada = it.add("ada", |_| ());
    let period = Period::new(NOON, NOON.plus(HOUR), BucketSize::Hour).unwrap();
    let Some(log) = &it.fixture().sends else {
        assert_eq!(it.activity(period).sms, []);
        return;
    };
    let send = |name: &str, number: &str, state: SendState| {
        let number = PhoneNumber::parse(number, "FR").unwrap();
        let id = SendId::restore(name.to_owned());
        let record = SendRecord::new(id.clone(), ada, SmsPurpose::SecondFactor, &number, &TestDigests, NOON);
        it.run(log.begin(&record)).unwrap();
        it.run(log.settle(&id, &state)).unwrap();
        id
    };
    let by = |gateway, message: &str| SendState::Accepted { gateway, message: message.to_owned() };
    let used = send("1", "0612345612", by("ovh", "m1"));
    send("2", "0612345612", by("ovh", "m2"));
    send("3", "0612345612", by("twilio", "m3"));
    send("4", "0612345612", SendState::Refused);
    send("5", "+32470123456", SendState::Unknown { gateway: Some("ovh") });
    it.run(log.mark_used(&used, NOON)).unwrap();
    it.run(log.report("ovh", "m1", DeliveryStatus::Delivered, NOON)).unwrap();
    it.run(log.report("ovh", "m2", DeliveryStatus::Failed, NOON)).unwrap();
    let activity = it.activity(period);
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
    assert_eq!(counts, expected);
}

impl Subject<StatisticsFixture> {
    fn add(&self, name: &str, change: impl Fn(&mut Account) + Send + 'static) -> UserId {
        let user = self.run(add_user(self.fixture().users.as_ref(), name));
        let changed = self.fixture().accounts.update(user, Phase::Begin, move |it| change(it));
        self.run(changed).unwrap().unwrap();
        user
    }

    fn activity(&self, period: Period) -> Activity {
        self.run(self.fixture().statistics.activity(period)).unwrap()
    }
}

fn hours(count: u32) -> Duration {
    HOUR * count
}

fn record(account: &mut Account, kind: EventKind, method: FactorKind, outcome: Outcome, at: Timestamp) {
    account.record(SecurityEvent::new(kind, outcome, at, Origin::default()).with_method(method));
}

fn verification(at: Timestamp, method: &str, outcome: &str, count: u64) -> VerificationCount {
    VerificationCount { at, method: method.into(), outcome: outcome.into(), count }
}
