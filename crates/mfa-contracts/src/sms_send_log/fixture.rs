//! Fixture of the send log.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::TestDigests;
use mfa_core::{SmsPurpose, Timestamp, UserId};
use mfa_sms::{
    Conversion, ConversionQuery, ConversionRule, DeliveryStatus, LowConversion, PhoneNumber, SendId,
    SendRecord, SendState, SmsSendLog,
};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::NOON;

type SendReader = dyn Fn(&SendId) -> Option<StoredSend>;

/// Empty log of sends, with direct reads of its content.
pub struct SmsSendLogFixture {
    log: Arc<dyn SmsSendLog>,
    read: Box<SendReader>,
    pub(super) guard: Guard,
}

/// Send as the log stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSend {
    /// Name of the state, as [`SendState::as_str`] writes it.
    pub state: String,
    /// Name of the reported delivery status, as [`DeliveryStatus::as_str`] writes it.
    pub arrival: Option<String>,
}

impl SmsSendLogFixture {
    /// Creates a fixture. `read` reads a send from the store, because the port does not: `None` if it does not exist.
    pub fn new(log: Arc<dyn SmsSendLog>, read: impl Fn(&SendId) -> Option<StoredSend> + 'static) -> Self {
        Self { log, read: Box::new(read), guard: Guard::default() }
    }
}

impl fmt::Debug for SmsSendLogFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsSendLogFixture").field("log", &self.log).finish_non_exhaustive()
    }
}

impl Subject<SmsSendLogFixture> {
    pub(super) fn log(&self) -> &dyn SmsSendLog {
        self.fixture().log.as_ref()
    }

    /// Returns the name of the state of a send, or `gone`.
    pub(super) fn state(&self, id: &SendId) -> String {
        (self.fixture().read)(id).map_or_else(|| "gone".to_owned(), |it| it.state)
    }

    /// Returns the name of the delivery status of a send that exists.
    pub(super) fn arrival(&self, id: &SendId) -> Option<String> {
        (self.fixture().read)(id).expect("the send exists").arrival
    }

    pub(super) fn begin(&self, name: &str, number: &str, at: Timestamp) -> SendId {
        let record = record(name, number, at);
        self.run(self.log().begin(&record)).unwrap();
        record.id
    }

    /// Records this many sends to a number, one a second and each of another user. The codes of the first ones are
    /// used.
    pub(super) fn send_many(&self, number: &str, count: u64, used: u64) {
        for n in 0..count {
            let sender = i64::try_from(n).unwrap();
            self.send_by(sender, SmsPurpose::SecondFactor, number, n, n < used);
        }
    }

    /// Records one send, `second` seconds after noon.
    pub(super) fn send_by(&self, user: i64, purpose: SmsPurpose, number: &str, second: u64, is_used: bool) {
        let name = format!("{} {number} {user} {second}", purpose.as_str());
        let record = record_by(user, purpose, &name, number, later(second));
        self.run(self.log().begin(&record)).unwrap();
        self.settle(&record.id, &accepted(&name));
        if is_used {
            self.mark_used(&record.id);
        }
    }

    pub(super) fn settle(&self, id: &SendId, state: &SendState) {
        self.run(self.log().settle(id, state)).unwrap();
    }

    pub(super) fn mark_used(&self, id: &SendId) {
        self.run(self.log().mark_used(id, later(5))).unwrap();
    }

    pub(super) fn report(&self, gateway: &str, message: &str, arrival: DeliveryStatus) -> bool {
        self.run(self.log().report(gateway, message, arrival, later(9))).unwrap()
    }

    pub(super) fn conversion(&self, number: &str, since: Timestamp, nth_latest: u32) -> Conversion {
        let query = ConversionQuery::for_send(&record("asks", number, NOON));
        let query = ConversionQuery { since, nth_latest, most_per_user: 100, ..query };
        self.run(self.log().conversion(&query)).unwrap()
    }

    /// Returns the conversion that a send of this user at 1 p.m. would be checked against.
    pub(super) fn conversion_for(&self, user: i64, purpose: SmsPurpose, number: &str) -> Conversion {
        let query = ConversionQuery::for_send(&record_by(user, purpose, "asks", number, later(3_600)));
        self.run(self.log().conversion(&query)).unwrap()
    }

    pub(super) fn low(&self, least: f64, since: Timestamp) -> Vec<LowConversion> {
        self.run(self.log().low(ConversionRule::new(least), since)).unwrap()
    }

    pub(super) fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> u64 {
        self.run(self.log().sweep(abandoned, old)).unwrap()
    }
}

pub(super) fn later(seconds: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(seconds))
}

pub(super) fn named(name: &str) -> SendId {
    SendId::restore(name.to_owned())
}

pub(super) fn record(name: &str, number: &str, at: Timestamp) -> SendRecord {
    record_by(7, SmsPurpose::SecondFactor, name, number, at)
}

fn record_by(user: i64, purpose: SmsPurpose, name: &str, number: &str, at: Timestamp) -> SendRecord {
    let number = PhoneNumber::parse(number, "FR").unwrap();
    SendRecord::new(named(name), UserId::new(user), purpose, &number, &TestDigests, at)
}

pub(super) fn accepted(message: &str) -> SendState {
    SendState::Accepted { gateway: "ovh", message: message.to_owned() }
}
