//! Races of TOTP codes and pending tokens on both databases.

use std::future::Future;
use std::sync::Arc;

use futures::future::join_all;
use mfa_core::{HashError, StoreErrorKind};
use mfa_flows::{
    AccessGrant, Call, EnrolmentMode, FlowError, Flows, TokenKind, TotpEnrolmentRequest, VerificationGrant,
};
use mfa_totp::TotpCode;
use nova_mfa_tests::{TestFlows, TestStore};

/// Repeats a call while a queue is full, as a client does on 503 with `Retry-After`.
async fn patiently<T, F: Future<Output = Result<T, FlowError>>>(
    call: impl Fn() -> F,
) -> Result<T, FlowError> {
    loop {
        match call().await {
            Err(FlowError::Hasher(HashError::Overloaded)) => tokio::task::yield_now().await,
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Overloaded => {
                tokio::task::yield_now().await;
            }
            answer => break answer,
        }
    }
}

async fn verify(flows: &Flows, call: &Call, code: &TotpCode) -> Result<AccessGrant, FlowError> {
    let granted = patiently(|| flows.verify_totp(call, code.clone())).await;
    granted.and_then(VerificationGrant::access)
}

#[test]
fn a_hundred_concurrent_submissions_of_one_code_yield_one_token() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let calls: Vec<_> = (0..100).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let code = world.code(&ada);
        let answers = world
            .store
            .runtime
            .block_on(join_all(calls.iter().map(|call| verify(&world.flows, call, &code))));
        let granted = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(granted, 1, "{name}");
        let successes = "SELECT count(*) FROM mfa_events WHERE event = 'totp_verify' AND outcome = 'success'";
        assert_eq!(world.store.number(successes), 1, "{name}");
    }
}

#[test]
fn a_hundred_concurrent_submissions_with_one_pending_token_yield_one_token() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let call = world.call(ada.user, TokenKind::Pending);
        let code = world.code(&ada);
        let answers =
            world.store.runtime.block_on(join_all((0..100).map(|_| verify(&world.flows, &call, &code))));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{name}");
        assert!(
            answers.iter().all(|answer| matches!(answer, Ok(_) | Err(FlowError::TokenSpent))),
            "{name}: the others learn that the token is spent, and count nothing"
        );
        assert_eq!(world.store.number("SELECT mfa_failed_attempts FROM users"), 0, "{name}");
    }
}

#[test]
fn of_three_hundred_concurrent_wrong_codes_ten_are_checked_and_counted() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let calls: Vec<_> = (0..30).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let wrong = world.wrong_code(&ada);
        let tries = (0..300).map(|n| verify(&world.flows, &calls[n % 30], &wrong));
        let answers = world.store.runtime.block_on(join_all(tries));
        let count = |fits: fn(&FlowError) -> bool| {
            answers.iter().filter_map(|it| it.as_ref().err()).filter(|it| fits(it)).count()
        };
        assert_eq!(count(|it| matches!(it, FlowError::InvalidCode)), 10, "{name}");
        assert_eq!(count(|it| matches!(it, FlowError::AccountLocked { .. })), 290, "{name}");
        assert_eq!(world.store.number("SELECT mfa_failed_attempts FROM users"), 10, "{name}");
        let failures = "SELECT count(*) FROM mfa_events WHERE event = 'totp_verify' AND outcome = 'failure'";
        assert_eq!(world.store.number(failures), 10, "{name}");
    }
}

#[test]
fn two_servers_on_one_database_yield_one_token_per_code_and_check_ten_wrong_codes() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let (ada, bob) = (world.enrol("ada"), world.enrol("bob"));
        let second = world.second_server();
        let servers = [Arc::clone(&world.flows), Arc::clone(&second)];
        let submit = |n: usize, call: Call, code: TotpCode| {
            let flows = Arc::clone(&servers[n % 2]);
            async move { verify(&flows, &call, &code).await }
        };
        let code = world.code(&ada);
        let tries: Vec<_> =
            (0..50).map(|n| submit(n, world.call(ada.user, TokenKind::Pending), code.clone())).collect();
        let answers = world.store.runtime.block_on(join_all(tries));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{name}");

        let wrong = world.wrong_code(&bob);
        let tries: Vec<_> =
            (0..100).map(|n| submit(n, world.call(bob.user, TokenKind::Pending), wrong.clone())).collect();
        let answers = world.store.runtime.block_on(join_all(tries));
        let evaluated = answers.iter().filter(|it| matches!(it, Err(FlowError::InvalidCode))).count();
        assert_eq!(evaluated, 10, "{name}");
        drop((servers, second));
    }
}

#[test]
fn two_concurrent_first_enrolments_leave_one_active_secret_and_one_token() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let user = world.store.add_user("ada");
        let calls: Vec<_> = (0..20).map(|_| world.call(user, TokenKind::OneFactor)).collect();
        let flows = &world.flows;
        let granted = world.store.runtime.block_on(async {
            let started =
                flows.start_totp_enrolment(&calls[0], TotpEnrolmentRequest::default()).await.unwrap();
            let secret = mfa_totp::import_secret(started.provisioning.secret().expose()).unwrap();
            let code = world.code(&nova_mfa_tests::EnrolledUser { user, secret });
            let confirm = |call| {
                let code = code.clone();
                async move { patiently(|| flows.confirm_totp_enrolment(call, code.clone())).await }
            };
            join_all(calls.iter().map(confirm)).await.iter().filter(|it| it.is_ok()).count()
        });
        assert_eq!(granted, 1, "{name}");
    }
}

#[test]
fn a_code_of_a_further_app_yields_one_token_over_two_servers_and_an_addition_is_confirmed_once() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let second = world.second_server();
        let servers = [Arc::clone(&world.flows), Arc::clone(&second)];
        let access = world.call(ada.user, TokenKind::TwoFactors);
        let enrolment = TotpEnrolmentRequest { mode: EnrolmentMode::Add, ..TotpEnrolmentRequest::default() };
        let started = world.store.runtime.block_on(world.flows.start_totp_enrolment(&access, enrolment));
        let base32 = started.expect("an enrolment").provisioning.secret().expose().to_owned();
        let secret = mfa_totp::import_secret(&base32).expect("the secret that was shown");
        let tablet = nova_mfa_tests::EnrolledUser { user: ada.user, secret };
        let code = world.code(&tablet);
        let confirm = |n: usize| {
            let (flows, call, code) = (Arc::clone(&servers[n % 2]), access.clone(), code.clone());
            async move { patiently(|| flows.confirm_totp_enrolment(&call, code.clone())).await }
        };
        let answers = world.store.runtime.block_on(join_all((0..20).map(confirm)));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{name}");
        assert!(
            answers.iter().all(|it| matches!(it, Ok(_) | Err(FlowError::NoEnrolmentInProgress))),
            "{name}: {answers:?}"
        );
        world.clock.advance(std::time::Duration::from_secs(30));
        let calls: Vec<_> = (0..100).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let code = world.code(&tablet);
        let submit = |(n, call): (usize, &Call)| {
            let (flows, call, code) = (Arc::clone(&servers[n % 2]), call.clone(), code.clone());
            async move { verify(&flows, &call, &code).await }
        };
        let answers = world.store.runtime.block_on(join_all(calls.iter().enumerate().map(submit)));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{name}");
        drop((servers, second));
    }
}
