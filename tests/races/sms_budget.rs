//! Races of SMS budgets that users share.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mfa_core::testing::TestDigests;
use mfa_core::{StoreErrorKind, UserId};
use mfa_infra::database::Database;
use mfa_sms::{
    BudgetDecision, BudgetLimits, BudgetRequest, BudgetScope, NumberOwnership, PhoneNumber, UserBudget,
};
use nova_mfa_tests::{NOON, TestStore};

const MANY: u32 = 100_000;
const WIDE: BudgetLimits = BudgetLimits {
    number: UserBudget { per_minute: MANY, per_hour: MANY },
    ip_per_hour: MANY,
    prefix_per_hour: MANY,
    country_per_day: MANY,
    all_per_day: MANY,
};

fn request(number: &str, ip: u32, limits: &BudgetLimits) -> BudgetRequest {
    request_for(number, NumberOwnership::Verified, ip, limits)
}

fn request_for(number: &str, ownership: NumberOwnership, ip: u32, limits: &BudgetLimits) -> BudgetRequest {
    let number = PhoneNumber::parse(number, "FR").unwrap();
    BudgetRequest::new(&number, ownership, &format!("192.0.2.{ip}"), limits, &TestDigests, NOON)
}

/// Returns the request of a user for a confirmation.
fn confirmation(number: &str, user: u32, limits: &BudgetLimits) -> BudgetRequest {
    request_for(number, NumberOwnership::Unverified(UserId::new(user.into())), user, limits)
}

/// Reserves budget and retries while the queue is full. Any other error, such as a deadlock, fails the test.
async fn reserve(server: &Arc<dyn Database>, request: &BudgetRequest) -> Option<BudgetScope> {
    loop {
        match server.reserve(request).await {
            Ok(BudgetDecision::Reserved) => break None,
            Ok(BudgetDecision::Exhausted { scope, .. }) => break Some(scope),
            Err(error) if error.kind() == StoreErrorKind::Overloaded => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Sends these requests concurrently, alternating between two servers, and returns the results.
fn answers(store: &TestStore, requests: &[BudgetRequest]) -> Vec<Option<BudgetScope>> {
    let servers = [store.database.clone(), store.reopen()];
    let asked = requests.iter().zip(servers.iter().cycle());
    store.runtime.block_on(join_all(asked.map(|(request, server)| reserve(server, request))))
}

fn passed(answers: &[Option<BudgetScope>]) -> usize {
    answers.iter().filter(|it| it.is_none()).count()
}

#[test]
fn two_servers_together_allow_exactly_the_budget_of_the_country() {
    for store in TestStore::each() {
        let limits = BudgetLimits { country_per_day: 40, ..WIDE };
        let requests: Vec<_> = (0..120).map(|n| request(&format!("06{n:04}5612"), n, &limits)).collect();
        let answers = answers(&store, &requests);
        assert_eq!(passed(&answers), 40, "{}", store.name);
        assert_eq!(
            answers.iter().filter(|it| **it == Some(BudgetScope::Country)).count(),
            80,
            "{}",
            store.name
        );
    }
}

#[test]
fn requests_that_share_some_scopes_do_not_deadlock() {
    for store in TestStore::each() {
        let limits = BudgetLimits { all_per_day: 60, ..WIDE };
        // Few numbers, prefixes, addresses and countries in every combination, so that rows are shared in all ways.
        let numbers =
            ["0612345612", "0612345699", "0698765432", "+32470123456", "+32470123499", "+32470999456"];
        let requests: Vec<_> = (0..180_u32)
            .zip(numbers.iter().cycle())
            .map(|(n, number)| request(number, n.wrapping_mul(7) % 5, &limits))
            .collect();
        let answers = answers(&store, &requests);
        assert_eq!(passed(&answers), 60, "{}", store.name);
    }
}

#[test]
fn of_twenty_concurrent_sends_to_one_number_one_is_allowed() {
    for store in TestStore::each() {
        let limits = BudgetLimits { number: UserBudget { per_minute: 1, per_hour: 3 }, ..WIDE };
        let requests: Vec<_> = (0..20).map(|n| request("0612345612", n, &limits)).collect();
        let answers = answers(&store, &requests);
        assert_eq!(passed(&answers), 1, "{}", store.name);
        assert!(answers.iter().flatten().all(|it| *it == BudgetScope::NumberMinute), "{}", store.name);
    }
}

#[test]
fn concurrent_confirmations_by_strangers_keep_to_their_budget_and_spare_that_of_the_owner() {
    for store in TestStore::each() {
        let limits = BudgetLimits { number: UserBudget { per_minute: MANY, per_hour: 3 }, ..WIDE };
        let (mut requests, mut is_owner) = (Vec::new(), Vec::new());
        for n in 0..60 {
            let by_owner = n % 5 == 0;
            is_owner.push(by_owner);
            requests.push(if by_owner {
                request("0612345612", n, &limits)
            } else {
                confirmation("0612345612", n, &limits)
            });
        }
        let answers = answers(&store, &requests);
        let passed_by = |owner: bool| {
            answers.iter().zip(&is_owner).filter(|(it, by_owner)| it.is_none() && **by_owner == owner).count()
        };
        assert_eq!((passed_by(true), passed_by(false)), (3, 3), "{}", store.name);
        let scopes = answers.iter().zip(&is_owner).filter_map(|(it, owner)| it.map(|it| (it, *owner)));
        for (scope, owner) in scopes {
            let expected = if owner { BudgetScope::NumberHour } else { BudgetScope::UnverifiedHour };
            assert_eq!(scope, expected, "{}", store.name);
        }
    }
}

#[test]
fn concurrent_confirmations_of_one_user_leave_a_third_of_the_day_to_others() {
    for store in TestStore::each() {
        // The bucket of an hour is as large as a third of that of a day, so each round empties it.
        let limits = BudgetLimits { number: UserBudget { per_minute: MANY, per_hour: 4 }, ..WIDE };
        let at = |hour: u64, user: u32| {
            let number = PhoneNumber::parse("0612345612", "FR").unwrap();
            let ownership = NumberOwnership::Unverified(UserId::new(user.into()));
            let now = NOON.plus(Duration::from_hours(hour));
            BudgetRequest::new(&number, ownership, "192.0.2.1", &limits, &TestDigests, now)
        };
        let mut of_user = 0;
        for hour in 0..3 {
            let round: Vec<_> = (0..20).map(|_| at(hour, 1)).collect();
            of_user += passed(&answers(&store, &round));
        }
        assert_eq!(of_user, 8, "{}", store.name);
        let others: Vec<_> = (2..22).map(|user| at(3, user)).collect();
        assert_eq!(passed(&answers(&store, &others)), 4, "{}", store.name);
    }
}

#[test]
fn logins_and_confirmations_that_share_rows_do_not_deadlock() {
    for store in TestStore::each() {
        let limits = BudgetLimits { all_per_day: 60, ..WIDE };
        let numbers = ["0612345612", "0612345699", "0698765432", "+32470123456"];
        let requests: Vec<_> = (0..160_u32)
            .zip(numbers.iter().cycle())
            .map(|(n, number)| match n % 3 {
                0 => request(number, n.wrapping_mul(7) % 5, &limits),
                _ => confirmation(number, n.wrapping_mul(7) % 5, &limits),
            })
            .collect();
        let answers = answers(&store, &requests);
        assert_eq!(passed(&answers), 60, "{}", store.name);
    }
}

#[test]
fn a_concurrent_sweep_frees_no_budget_and_blocks_no_send() {
    for store in TestStore::each() {
        let limits = BudgetLimits { country_per_day: 30, ..WIDE };
        let requests: Vec<_> = (0..90).map(|n| request(&format!("06{n:04}5612"), 1, &limits)).collect();
        let servers = [store.database.clone(), store.reopen()];
        // Full buckets, which the sweep deletes while they are used.
        let before = NOON.minus(Duration::from_hours(24 * 100));
        let stale = requests.iter().map(|request| request.lines()[0].key.clone());
        for key in stale.take(60) {
            let at = match store.name {
                "SQLite" => before.millis().to_string(),
                _ => format!("to_timestamp({})", before.seconds()),
            };
            store.sql(&format!(
                "INSERT INTO mfa_sms_budget (scope, key, full_at) \
                 VALUES ('number-minute', '{key}', {at}), ('number-hour', '{key}', {at})"
            ));
        }
        let sweeps = async {
            for server in servers.iter().cycle().take(10) {
                server.sweep(NOON, NOON.minus(Duration::from_hours(24 * 90))).await.unwrap();
            }
        };
        let asked = requests.iter().zip(servers.iter().cycle());
        let all = join_all(asked.map(|(request, server)| reserve(server, request)));
        let (answers, ()) = store.runtime.block_on(async { tokio::join!(all, sweeps) });
        assert_eq!(passed(&answers), 30, "{}", store.name);
    }
}
