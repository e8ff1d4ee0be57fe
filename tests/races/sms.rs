//! Races of SMS codes on both databases.

use std::time::Duration;

use futures::future::join_all;
use mfa_core::StoreErrorKind;
use mfa_flows::{FlowError, TokenKind};
use mfa_sms::{PhoneNumber, SmsCode, SmsLanguage};
use nova_mfa_tests::{TestFlows, TestStore};

const LANGUAGE: SmsLanguage = SmsLanguage::English;

/// Runs a call and retries while the queue is full.
async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, FlowError>
where
    F: Future<Output = Result<T, FlowError>>,
{
    loop {
        match call().await {
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Overloaded => {
                tokio::task::yield_now().await;
            }
            answer => break answer,
        }
    }
}

#[test]
fn fifty_concurrent_uses_of_one_code_yield_one_token() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol_phone("ada", "0612345612");
        let call = world.call(ada, TokenKind::Pending);
        let runtime = &world.store.runtime;
        runtime.block_on(world.flows.send_sms(&call, LANGUAGE)).unwrap();
        let code = world.gateway.newest_code();
        let other = world.second_server();
        let tries = (0..50).map(|at| {
            let flows = if at % 2 == 0 { &world.flows } else { &other };
            let (call, code) = (&call, &code);
            patiently(move || flows.verify_sms(call, code.clone()))
        });
        let answers = runtime.block_on(join_all(tries));
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{name}");
        assert_eq!(
            world.store.number("SELECT count(*) FROM mfa_sms_sends WHERE used_at IS NOT NULL"),
            2,
            "{name}"
        );
    }
}

#[test]
fn fifty_concurrent_confirmations_with_one_code_yield_one_enrolment() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.store.add_user("ada");
        let call = world.call(ada, TokenKind::OneFactor);
        let runtime = &world.store.runtime;
        let number = PhoneNumber::parse("0612345612", "FR").unwrap();
        runtime.block_on(world.flows.set_phone(&call, number, LANGUAGE)).unwrap();
        let code = world.gateway.newest_code();
        let other = world.second_server();
        let tries = (0..50).map(|at| {
            let flows = if at % 2 == 0 { &world.flows } else { &other };
            let (call, code) = (&call, &code);
            patiently(move || flows.confirm_phone(call, code.clone()))
        });
        let answers = runtime.block_on(join_all(tries));
        let enrolled = answers.iter().flatten().filter(|it| it.enrolled.is_some()).count();
        assert_eq!(enrolled, 1, "{name}");
        assert_eq!(answers.iter().flatten().count(), 1, "{name}");
    }
}

#[test]
fn twenty_concurrent_sends_are_one_message() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol_phone("ada", "0612345612");
        let calls: Vec<_> = (0..20).map(|_| world.call(ada, TokenKind::Pending)).collect();
        let before = world.gateway.count();
        let other = world.second_server();
        let sends = calls.iter().enumerate().map(|(at, call)| {
            let flows = if at % 2 == 0 { &world.flows } else { &other };
            patiently(move || flows.send_sms(call, LANGUAGE))
        });
        let answers = world.store.runtime.block_on(join_all(sends));
        let refused =
            |it: &Result<_, FlowError>| matches!(it, Err(FlowError::SmsBudgetSpent { retry_after: 60 }));
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{name}");
        assert_eq!(answers.iter().filter(|it| refused(it)).count(), 19, "{name}");
        assert_eq!(world.gateway.count() - before, 1, "{name}");
    }
}

#[test]
fn users_of_one_number_share_its_budget_across_two_servers() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let users: Vec<_> = (0..8)
            .map(|at| {
                let user = world.enrol_phone(&format!("user{at}"), "0612345612");
                world.clock.advance(Duration::from_hours(1));
                user
            })
            .collect();
        let calls: Vec<_> = users.iter().map(|user| world.call(*user, TokenKind::Pending)).collect();
        let before = world.gateway.count();
        let other = world.second_server();
        let sends = calls.iter().enumerate().map(|(at, call)| {
            let flows = if at % 2 == 0 { &world.flows } else { &other };
            patiently(move || flows.send_sms(call, LANGUAGE))
        });
        let answers = world.store.runtime.block_on(join_all(sends));
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{name}");
        assert_eq!(world.gateway.count() - before, 1, "{name}");
    }
}

#[test]
fn of_a_hundred_concurrent_wrong_codes_ten_are_checked_and_the_fifth_invalidates_the_code() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol_phone("ada", "0612345612");
        let call = world.call(ada, TokenKind::Pending);
        let runtime = &world.store.runtime;
        runtime.block_on(world.flows.send_sms(&call, LANGUAGE)).unwrap();
        let right = world.gateway.newest_code();
        let wrong = ["000000", "000001"].map(|text| SmsCode::parse(text).unwrap());
        let wrong = wrong.into_iter().find(|it| *it != right).unwrap();
        let tries = (0..100).map(|_| patiently(|| world.flows.verify_sms(&call, wrong.clone())));
        let answers = runtime.block_on(join_all(tries));
        let invalid = answers.iter().filter(|it| matches!(it, Err(FlowError::InvalidCode))).count();
        let locked = answers.iter().filter(|it| matches!(it, Err(FlowError::AccountLocked { .. }))).count();
        assert_eq!((invalid, locked), (10, 90), "{name}");
        assert_eq!(world.store.number("SELECT mfa_failed_attempts FROM users"), 10, "{name}");
    }
}
