//! Contracts of `SmsBudgets` and `SmsSendLog`.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::testing::TestDigests;
use mfa_core::{SmsPurpose, Timestamp, UserId};
use mfa_infra::database::Database;
use mfa_sms::testing::{MemorySmsBudgets, MemorySmsSendLog};
use mfa_sms::{
    BudgetDecision, BudgetLimits, BudgetRequest, BudgetScope, CodeUsage, Conversion, ConversionQuery,
    ConversionRule, DeliveryStatus, LowConversion, NumberOwnership, PhoneNumber, SendId, SendRecord,
    SendState, SmsBudgets, SmsSendLog, UserBudget,
};
use nova_mfa_tests::{NOON, TestStore};
use tokio::runtime::Runtime;

const LIMITS: BudgetLimits = BudgetLimits {
    number: UserBudget { per_minute: 1, per_hour: 3 },
    ip_per_hour: 20,
    prefix_per_hour: 50,
    country_per_day: 2_000,
    all_per_day: 10_000,
};
const ADA: &str = "0612345612";

/// Adapter of the budgets.
struct Budgets<'a> {
    name: &'static str,
    port: Arc<dyn SmsBudgets>,
    runtime: &'a Runtime,
}

impl Budgets<'_> {
    /// Returns the scope that rejects a send to this number, and the seconds to wait.
    fn refusal(&self, number: &str, limits: &BudgetLimits, now: Timestamp) -> Option<(BudgetScope, u64)> {
        refusal(self.port.as_ref(), self.runtime, number, limits, now)
    }

    /// Returns the scope that rejects a confirmation of this number for a user, and the seconds to wait.
    fn refusal_of_confirmation(&self, number: &str, user: i64, now: Timestamp) -> Option<(BudgetScope, u64)> {
        let ownership = NumberOwnership::Unverified(UserId::new(user));
        refusal_for(self.port.as_ref(), self.runtime, number, ownership, &LIMITS, now)
    }
}

fn refusal(
    budgets: &dyn SmsBudgets,
    runtime: &Runtime,
    number: &str,
    limits: &BudgetLimits,
    now: Timestamp,
) -> Option<(BudgetScope, u64)> {
    refusal_for(budgets, runtime, number, NumberOwnership::Verified, limits, now)
}

fn refusal_for(
    budgets: &dyn SmsBudgets,
    runtime: &Runtime,
    number: &str,
    ownership: NumberOwnership,
    limits: &BudgetLimits,
    now: Timestamp,
) -> Option<(BudgetScope, u64)> {
    let number = PhoneNumber::parse(number, "FR").unwrap();
    let request = BudgetRequest::new(&number, ownership, "192.0.2.1", limits, &TestDigests, now);
    match runtime.block_on(budgets.reserve(&request)).unwrap() {
        BudgetDecision::Reserved => None,
        BudgetDecision::Exhausted { scope, wait } => Some((scope, wait.seconds)),
    }
}

fn on_all_budgets(suite: impl Fn(&Budgets<'_>)) {
    let runtime = Runtime::new().unwrap();
    suite(&Budgets { name: "memory", port: Arc::new(MemorySmsBudgets::default()), runtime: &runtime });
    for store in TestStore::each() {
        suite(&Budgets { name: store.name, port: store.database.clone(), runtime: &store.runtime });
    }
}

fn later(seconds: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(seconds))
}

#[test]
fn each_scope_has_its_own_interval() {
    on_all_budgets(|budgets| {
        let refusal = |number, seconds| budgets.refusal(number, &LIMITS, later(seconds));
        let name = budgets.name;
        assert_eq!(refusal(ADA, 0), None, "{name}");
        assert_eq!(refusal(ADA, 59), Some((BudgetScope::NumberMinute, 1)), "{name}");
        assert_eq!((refusal(ADA, 60), refusal(ADA, 120)), (None, None), "{name}");
        assert_eq!(refusal(ADA, 180), Some((BudgetScope::NumberHour, 1_020)), "{name}");
        assert_eq!(refusal("0698765432", 180), None, "{name}: another number has its own");
        assert_eq!(refusal(ADA, 1_200), None, "{name}");
    });
}

#[test]
fn confirmations_of_a_number_have_budgets_apart_from_the_logins_of_its_owner() {
    on_all_budgets(|budgets| {
        let stranger = |user, seconds| budgets.refusal_of_confirmation(ADA, user, later(seconds));
        let name = budgets.name;
        assert_eq!(stranger(1, 0), None, "{name}");
        assert_eq!(stranger(2, 0), Some((BudgetScope::UnverifiedMinute, 60)), "{name}");
        assert_eq!((stranger(2, 60), stranger(3, 120)), (None, None), "{name}");
        assert_eq!(stranger(4, 180), Some((BudgetScope::UnverifiedHour, 1_020)), "{name}");
        for minute in 0..3 {
            assert_eq!(budgets.refusal(ADA, &LIMITS, later(180 + 60 * minute)), None, "{name}");
        }
        // Six a day of one user, nine of all.
        let day = 86_400;
        for n in 0..6 {
            assert_eq!(stranger(1, day + 1_200 * n), None, "{name} {n}");
        }
        let seventh = stranger(1, day + 7_200);
        assert_eq!(seventh, Some((BudgetScope::UnverifiedUser, 14_400 - 7_200)), "{name}");
        let others: Vec<_> = (0..4).map(|n| stranger(7, day + 7_200 + 1_200 * n)).collect();
        assert_eq!(others[..3], [None; 3], "{name}");
        assert_eq!(others[3].map(|(scope, _)| scope), None, "{name}: one has flowed back");
        let full = stranger(8, day + 7_200 + 4_800);
        assert_eq!(full.map(|(scope, _)| scope), Some(BudgetScope::UnverifiedDay), "{name}");
    });
}

#[test]
fn a_send_is_counted_in_every_scope_or_in_none() {
    on_all_budgets(|budgets| {
        let limits = BudgetLimits { country_per_day: 2, ..LIMITS };
        let refusal = |number| budgets.refusal(number, &limits, NOON);
        let name = budgets.name;
        assert_eq!(refusal(ADA), None, "{name}");
        for _ in 0..5 {
            assert_eq!(refusal(ADA), Some((BudgetScope::NumberMinute, 60)), "{name}");
        }
        assert_eq!(refusal("0612345613"), None, "{name}: refusals took nothing from the country");
        assert_eq!(refusal("0612345614"), Some((BudgetScope::Country, 43_200)), "{name}");
        assert_eq!(refusal("+32470123456"), None, "{name}: nor from anything else");
    });
}

#[test]
fn a_rejection_resets_times_from_before_the_clock_was_set_back() {
    on_all_budgets(|budgets| {
        let before = NOON.minus(Duration::from_hours(24 * 365));
        let refusal = |now| budgets.refusal(ADA, &LIMITS, now);
        let name = budgets.name;
        assert_eq!(refusal(NOON), None, "{name}");
        assert_eq!(refusal(before), Some((BudgetScope::NumberHour, 1_200)), "{name}");
        assert_eq!(refusal(before.plus(Duration::from_mins(20))), None, "{name}");
    });
}

#[test]
fn a_restart_does_not_reset_the_budgets() {
    for mut store in TestStore::each() {
        let limits = BudgetLimits { all_per_day: 2, ..LIMITS };
        let ask = |database: &Arc<dyn Database>, number, now| {
            refusal(database.as_ref(), &store.runtime, number, &limits, now)
        };
        assert_eq!(ask(&store.database, ADA, NOON), None);
        assert_eq!(ask(&store.database, "0698765432", NOON), None);
        let exhausted = ask(&store.database, "+32470123456", NOON);
        assert_eq!(exhausted, Some((BudgetScope::All, 43_200)), "{}", store.name);
        store.database.stop(Duration::from_secs(5));
        let again = store.reopen();
        store.database = again;
        let ask = |number, now| refusal(store.database.as_ref(), &store.runtime, number, &limits, now);
        assert_eq!(ask("+32470123456", NOON), exhausted, "{}", store.name);
        assert_eq!(ask(ADA, NOON), exhausted, "{}", store.name);
        assert_eq!(ask("+32470123456", later(43_200)), None, "{}", store.name);
    }
}

/// Adapter of the send log, with direct reads of its content.
struct Sends<'a> {
    name: &'static str,
    port: Arc<dyn SmsSendLog>,
    runtime: &'a Runtime,
    state: &'a dyn Fn(&SendId, &str) -> bool,
    arrival: &'a dyn Fn(&SendId, Option<&str>) -> bool,
}

fn on_all_sends(suite: impl Fn(&Sends<'_>)) {
    let (runtime, memory) = (Runtime::new().unwrap(), Arc::new(MemorySmsSendLog::default()));
    suite(&Sends {
        name: "memory",
        port: memory.clone(),
        runtime: &runtime,
        state: &|id, state| memory.state_of(id).map_or("gone", |it| it.as_str()) == state,
        arrival: &|id, arrival| memory.arrival_of(id).map(DeliveryStatus::as_str) == arrival,
    });
    for store in TestStore::each() {
        let count = |id: &SendId, and: &str| {
            let id = id.as_str();
            store.number(&format!("SELECT count(*) FROM mfa_sms_sends WHERE id = '{id}' {and}"))
        };
        suite(&Sends {
            name: store.name,
            port: store.database.clone(),
            runtime: &store.runtime,
            state: &|id, state| match state {
                "gone" => count(id, "") == 0,
                state => count(id, &format!("AND state = '{state}'")) == 1,
            },
            arrival: &|id, arrival| {
                let is = arrival.map_or("IS NULL".to_owned(), |it| format!("= '{it}'"));
                count(id, &format!("AND arrival {is} AND (arrival IS NULL) = (arrival_at IS NULL)")) == 1
            },
        });
    }
}

fn named(name: &str) -> SendId {
    SendId::restore(name.to_owned())
}

fn record(name: &str, number: &str, at: Timestamp) -> SendRecord {
    record_by(7, SmsPurpose::SecondFactor, name, number, at)
}

fn record_by(user: i64, purpose: SmsPurpose, name: &str, number: &str, at: Timestamp) -> SendRecord {
    let number = PhoneNumber::parse(number, "FR").unwrap();
    SendRecord::new(named(name), UserId::new(user), purpose, &number, &TestDigests, at)
}

fn accepted(message: &str) -> SendState {
    SendState::Accepted { gateway: "ovh", message: message.to_owned() }
}

impl Sends<'_> {
    fn begin(&self, name: &str, number: &str, at: Timestamp) -> SendId {
        let record = record(name, number, at);
        self.runtime.block_on(self.port.begin(&record)).unwrap();
        record.id
    }

    /// Records this many sends to a number, one a second and each of another user. The codes of the first ones are used.
    fn send_many(&self, number: &str, count: u64, used: u64) {
        for n in 0..count {
            let sender = i64::try_from(n).unwrap();
            self.send_by(sender, SmsPurpose::SecondFactor, number, n, n < used);
        }
    }

    /// Records one send, `second` seconds after noon.
    fn send_by(&self, user: i64, purpose: SmsPurpose, number: &str, second: u64, is_used: bool) {
        let name = format!("{} {number} {user} {second}", purpose.as_str());
        let record = record_by(user, purpose, &name, number, later(second));
        self.runtime.block_on(self.port.begin(&record)).unwrap();
        self.settle(&record.id, &accepted(&name));
        if is_used {
            self.mark_used(&record.id);
        }
    }

    fn settle(&self, id: &SendId, state: &SendState) {
        self.runtime.block_on(self.port.settle(id, state)).unwrap();
    }

    fn mark_used(&self, id: &SendId) {
        self.runtime.block_on(self.port.mark_used(id, later(5))).unwrap();
    }

    fn report(&self, gateway: &str, message: &str, arrival: DeliveryStatus) -> bool {
        self.runtime.block_on(self.port.report(gateway, message, arrival, later(9))).unwrap()
    }

    fn conversion(&self, number: &str, since: Timestamp, nth_latest: u32) -> Conversion {
        let query = ConversionQuery::for_send(&record("asks", number, NOON));
        let query = ConversionQuery { since, nth_latest, most_per_user: 100, ..query };
        self.runtime.block_on(self.port.conversion(&query)).unwrap()
    }

    /// Returns the conversion that a send of this user at 1 p.m. would be checked against.
    fn conversion_for(&self, user: i64, purpose: SmsPurpose, number: &str) -> Conversion {
        let query = ConversionQuery::for_send(&record_by(user, purpose, "asks", number, later(3_600)));
        self.runtime.block_on(self.port.conversion(&query)).unwrap()
    }

    fn low(&self, least: f64, since: Timestamp) -> Vec<LowConversion> {
        self.runtime.block_on(self.port.low(ConversionRule::new(least), since)).unwrap()
    }

    fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> u64 {
        self.runtime.block_on(self.port.sweep(abandoned, old)).unwrap()
    }
}

const LONG_AGO: Timestamp = Timestamp::from_seconds(1);

fn nth_latest_at(conversion: &Conversion) -> [Option<Timestamp>; 2] {
    [conversion.prefix_nth_latest_at, conversion.country_nth_latest_at]
}

#[test]
fn sends_that_certainly_failed_are_not_counted_in_the_conversion() {
    on_all_sends(|sends| {
        let states = [
            SendState::Sending,
            accepted("m-1"),
            SendState::Unknown { gateway: Some("ovh") },
            SendState::Unknown { gateway: None },
            SendState::Refused,
            SendState::NotSent,
        ];
        for (n, state) in states.iter().enumerate() {
            let id = sends.begin(&format!("s-{n}"), ADA, NOON);
            sends.settle(&id, state);
            sends.mark_used(&id);
            assert!((sends.state)(&id, state.as_str()), "{}: {state:?}", sends.name);
        }
        sends.begin("not used", ADA, NOON);
        let conversion = sends.conversion(ADA, LONG_AGO, 5);
        let counted = CodeUsage { sent: 5, used: 4 };
        assert_eq!((conversion.prefix, conversion.country), (counted, counted), "{}", sends.name);
        assert_eq!(nth_latest_at(&conversion), [Some(NOON); 2], "{}", sends.name);
        assert_eq!(nth_latest_at(&sends.conversion(ADA, LONG_AGO, 6)), [None; 2], "{}", sends.name);
    });
}

#[test]
fn conversion_is_measured_per_prefix_and_country_after_a_given_time() {
    on_all_sends(|sends| {
        sends.send_many(ADA, 3, 1);
        sends.send_many("0612345699", 2, 2);
        sends.send_many("0698765432", 4, 0);
        sends.send_many("+32470123456", 5, 5);
        let name = sends.name;
        let all = sends.conversion(ADA, LONG_AGO, 1);
        assert_eq!(all.prefix, CodeUsage { sent: 5, used: 3 }, "{name}");
        assert_eq!(all.country, CodeUsage { sent: 9, used: 3 }, "{name}");
        let after_the_first = sends.conversion(ADA, NOON, 1);
        assert_eq!(after_the_first.prefix, CodeUsage { sent: 3, used: 1 }, "{name}");
        assert_eq!(after_the_first.country, CodeUsage { sent: 6, used: 1 }, "{name}");
        let nth = |n| sends.conversion(ADA, LONG_AGO, n);
        let times = [Some(later(2)), Some(later(1)), Some(later(1)), Some(NOON), Some(NOON), None];
        let of_prefix = [1, 2, 3, 4, 5, 6].map(|n| nth(n).prefix_nth_latest_at);
        assert_eq!(of_prefix, times, "{name}");
        let times = [Some(later(3)), Some(later(2)), Some(later(1)), Some(NOON), None];
        let of_country = [1, 3, 5, 7, 10].map(|n| nth(n).country_nth_latest_at);
        assert_eq!(of_country, times, "{name}");
        let nobody = sends.conversion("+4915112345678", LONG_AGO, 1);
        assert_eq!(nobody, Conversion::default(), "{name}");
    });
}

#[test]
fn one_user_adds_the_latest_three_sends_to_a_prefix_and_a_country() {
    use SmsPurpose::SecondFactor;
    on_all_sends(|sends| {
        let name = sends.name;
        for second in 0..30 {
            sends.send_by(1, SecondFactor, ADA, second, second >= 28);
        }
        sends.send_by(2, SecondFactor, ADA, 10, false);
        let counted = CodeUsage { sent: 4, used: 2 };
        let conversion = sends.conversion_for(1, SecondFactor, ADA);
        assert_eq!((conversion.prefix, conversion.country), (counted, counted), "{name}");
        assert_eq!(conversion.user, CodeUsage { sent: 30, used: 2 }, "{name}: all of them");
        assert_eq!(nth_latest_at(&conversion), [None; 2], "{name}: four are no twenty");
        assert_eq!(conversion.user_nth_latest_at, Some(later(10)), "{name}");
        let other = sends.conversion_for(2, SecondFactor, ADA);
        assert_eq!((other.prefix, other.user), (counted, CodeUsage { sent: 1, used: 0 }), "{name}");
        assert_eq!(sends.low(0.9, LONG_AGO), [], "{name}");
        // Eighteen of six users and the two of others make a rate.
        for user in 3..9 {
            for second in 0..3 {
                sends.send_by(user, SecondFactor, ADA, 40 + second, false);
            }
        }
        let low = sends.low(0.9, LONG_AGO);
        assert!(low.len() == 2 && low.iter().all(|it| it.uses == CodeUsage { sent: 22, used: 2 }), "{name}");
        assert_eq!(sends.conversion_for(1, SecondFactor, ADA).prefix, low[0].uses, "{name}");
    });
}

#[test]
fn confirmations_and_logins_are_judged_apart() {
    use SmsPurpose::{Confirmation, SecondFactor};
    on_all_sends(|sends| {
        let name = sends.name;
        for user in 0..25 {
            sends.send_by(user, Confirmation, "0612345699", 1, false);
        }
        sends.send_by(1, SecondFactor, ADA, 2, true);
        let of = |purpose| sends.conversion_for(1, purpose, ADA);
        let (logins, confirmations) = (of(SecondFactor), of(Confirmation));
        let one = CodeUsage { sent: 1, used: 1 };
        assert_eq!((logins.prefix, logins.country, logins.user), (one, one, one), "{name}");
        let none = CodeUsage { sent: 25, used: 0 };
        assert_eq!((confirmations.prefix, confirmations.country), (none, none), "{name}");
        assert_eq!(confirmations.user, CodeUsage { sent: 1, used: 0 }, "{name}");
        let low = sends.low(0.2, LONG_AGO);
        assert!(low.len() == 2 && low.iter().all(|it| it.purpose == Confirmation), "{name}: {low:?}");
    });
}

#[test]
fn a_number_has_converted_once_one_of_its_codes_was_used_whoever_asked() {
    use SmsPurpose::{Confirmation, SecondFactor};
    on_all_sends(|sends| {
        let has_converted =
            |user, purpose, number| sends.conversion_for(user, purpose, number).number_has_converted;
        let name = sends.name;
        sends.send_by(1, Confirmation, ADA, 1, false);
        assert!(!has_converted(1, Confirmation, ADA), "{name}");
        sends.send_by(1, Confirmation, ADA, 2, true);
        for purpose in [Confirmation, SecondFactor] {
            assert!(has_converted(1, purpose, ADA) && has_converted(2, purpose, ADA), "{name}");
            assert!(!has_converted(1, purpose, "0612345699"), "{name}: a neighbour has not");
        }
        sends.sweep(LONG_AGO, later(10));
        assert!(!has_converted(1, SecondFactor, ADA), "{name}: the log does not reach back");
    });
}

#[test]
fn the_conversion_query_of_a_send_counts_earlier_sends_within_a_day() {
    on_all_sends(|sends| {
        sends.begin("old", ADA, NOON);
        sends.begin("recent", ADA, later(1));
        let next = record("next", ADA, later(86_400));
        let conversion =
            sends.runtime.block_on(sends.port.conversion(&ConversionQuery::for_send(&next))).unwrap();
        assert_eq!(conversion.prefix, CodeUsage { sent: 1, used: 0 }, "{}", sends.name);
    });
}

#[test]
fn a_delivery_report_changes_one_message_and_a_final_status_is_kept() {
    use DeliveryStatus::{Delivered, Failed, Pending};
    on_all_sends(|sends| {
        let [first, second] = ["m-1", "m-2"].map(|message| {
            let id = sends.begin(message, ADA, NOON);
            sends.settle(&id, &accepted(message));
            id
        });
        let (name, arrived) = (sends.name, sends.arrival);
        assert!(
            !sends.report("twilio", "m-1", Delivered) && !sends.report("ovh", "m-3", Delivered),
            "{name}"
        );
        assert!(!sends.report("ovh", "' OR '1' = '1", Delivered), "{name}");
        assert!(arrived(&first, None) && arrived(&second, None), "{name}");
        for (reported, stored) in
            [(Pending, "pending"), (Failed, "failed"), (Pending, "failed"), (Delivered, "failed")]
        {
            assert!(sends.report("ovh", "m-1", reported), "{name}: it is there, whatever is recorded");
            assert!(arrived(&first, Some(stored)), "{name}: {reported:?}");
        }
        assert!(sends.report("ovh", "m-2", Delivered), "{name}");
        assert!(sends.report("ovh", "m-2", Pending) && sends.report("ovh", "m-2", Failed), "{name}");
        assert!(arrived(&second, Some("delivered")), "{name}");
        assert!((sends.state)(&first, "accepted"), "{name}: it was sent all the same");
    });
}

#[test]
fn a_send_without_a_message_id_matches_no_delivery_report() {
    on_all_sends(|sends| {
        let id = sends.begin("s", ADA, NOON);
        assert!(!sends.report("ovh", "", DeliveryStatus::Delivered), "{}", sends.name);
        sends.settle(&id, &SendState::Unknown { gateway: Some("ovh") });
        assert!(!sends.report("ovh", "", DeliveryStatus::Delivered), "{}", sends.name);
        assert!((sends.arrival)(&id, None), "{}", sends.name);
    });
}

#[test]
fn low_conversion_is_reported_from_the_twentieth_send_on() {
    on_all_sends(|sends| {
        sends.send_many(ADA, 20, 3);
        sends.send_many("0698765432", 19, 0);
        sends.send_many("+32470123456", 20, 4);
        let france = LowConversion {
            country: "FR".into(),
            prefix: None,
            user: None,
            purpose: SmsPurpose::SecondFactor,
            uses: CodeUsage { sent: 39, used: 3 },
        };
        let prefix = LowConversion {
            prefix: Some(record("asks", ADA, NOON).prefix),
            uses: CodeUsage { sent: 20, used: 3 },
            ..france.clone()
        };
        assert_eq!(sends.low(0.2, LONG_AGO), [france.clone(), prefix], "{}", sends.name);
        let after_the_first = LowConversion { uses: CodeUsage { sent: 37, used: 2 }, ..france };
        assert_eq!(sends.low(0.2, NOON), [after_the_first], "{}", sends.name);
        assert_eq!(sends.low(0.0, LONG_AGO), [], "{}", sends.name);
    });
}

#[test]
fn a_sweep_settles_abandoned_sends_as_unknown_and_deletes_old_ones() {
    on_all_sends(|sends| {
        let old = sends.begin("old", ADA, NOON);
        let left_behind = sends.begin("left behind", ADA, later(10));
        let settled = sends.begin("settled", ADA, later(10));
        sends.settle(&settled, &SendState::NotSent);
        let sending = sends.begin("sending", ADA, later(20));
        let (name, is) = (sends.name, sends.state);
        assert_eq!(sends.sweep(later(20), LONG_AGO), 2, "{name}");
        assert!(is(&old, "unknown") && is(&left_behind, "unknown"), "{name}");
        assert!(is(&settled, "not_sent") && is(&sending, "sending"), "{name}");
        assert_eq!(sends.sweep(later(20), later(10)), 0, "{name}: nothing is given up twice");
        assert!(is(&old, "gone") && is(&left_behind, "unknown") && is(&settled, "not_sent"), "{name}");
        sends.settle(&left_behind, &accepted("m-1"));
        assert!(is(&left_behind, "accepted"), "{name}: what is known late is known");
    });
}

#[test]
fn a_send_id_is_used_once() {
    on_all_sends(|sends| {
        let id = sends.begin("s", ADA, NOON);
        sends.settle(&id, &SendState::Refused);
        let again = record("s", ADA, NOON);
        assert!(sends.runtime.block_on(sends.port.begin(&again)).is_err(), "{}", sends.name);
        assert!((sends.state)(&id, "refused"), "{}", sends.name);
    });
}

#[test]
fn an_unknown_send_is_neither_settled_nor_marked_as_used() {
    on_all_sends(|sends| {
        sends.settle(&named("nobody"), &accepted("m-1"));
        sends.mark_used(&named("nobody"));
        assert!((sends.state)(&named("nobody"), "gone"), "{}", sends.name);
        assert_eq!(sends.conversion(ADA, LONG_AGO, 1), Conversion::default(), "{}", sends.name);
    });
}

#[test]
fn a_sweep_deletes_every_old_row_however_many_and_no_other() {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)";
    for store in TestStore::each() {
        let time = |seconds: i64| match store.name {
            "SQLite" => (seconds * 1000).to_string(),
            _ => format!("to_timestamp({seconds})"),
        };
        let noon = NOON.seconds();
        for (name, at) in [("old", noon - 1), ("new", noon)] {
            let at = time(at);
            store.sql(&format!(
                "INSERT INTO mfa_sms_budget (scope, key, full_at) {numbers} SELECT 'ip', '{name} ' || i, {at} FROM n; \
                 INSERT INTO mfa_sms_sends (id, user_id, purpose, number, prefix, country, at, state) {numbers} \
                 SELECT '{name} ' || i, 7, 'second_factor', 'n', 'p', 'FR', {at}, 'accepted' FROM n"
            ));
        }
        assert_eq!(store.runtime.block_on(store.database.sweep(NOON, NOON)).unwrap(), 0, "{}", store.name);
        for (table, name) in [("mfa_sms_budget", "key"), ("mfa_sms_sends", "id")] {
            let count =
                |like| store.number(&format!("SELECT count(*) FROM {table} WHERE {name} LIKE '{like} %'"));
            assert_eq!((count("old"), count("new")), (0, 2_500), "{}: {table}", store.name);
        }
    }
}
