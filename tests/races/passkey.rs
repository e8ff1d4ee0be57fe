//! Races of assertions and signature counters on both databases.

use std::sync::Arc;

use futures::future::join_all;
use mfa_core::StoreErrorKind;
use mfa_flows::{AccessGrant, Call, FlowError, Flows, TokenKind};
use mfa_passkey::AuthenticationResponse;
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{TestFlows, TestStore};

/// Verifies an assertion and retries while the queue is full, as a client does on 503 with `Retry-After`.
async fn verify(
    flows: Arc<Flows>,
    call: &Call,
    assertion: AuthenticationResponse,
) -> Result<AccessGrant, FlowError> {
    loop {
        match flows.verify_passkey(call, assertion.clone()).await {
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Overloaded => {
                tokio::task::yield_now().await;
            }
            answer => break answer,
        }
    }
}

/// Submits each pair of a call and an assertion at once, to two servers in turn.
fn race(world: &TestFlows, tries: &[(&Call, AuthenticationResponse)]) -> Vec<Result<AccessGrant, FlowError>> {
    let servers = [Arc::clone(&world.flows), world.second_server()];
    let tries = tries.iter().zip(servers.iter().cycle());
    let tries = tries.map(|((call, assertion), flows)| verify(Arc::clone(flows), call, assertion.clone()));
    world.store.runtime.block_on(join_all(tries))
}

fn granted(answers: &[Result<AccessGrant, FlowError>]) -> usize {
    answers.iter().filter(|answer| answer.is_ok()).count()
}

#[test]
fn a_hundred_submissions_of_one_assertion_to_two_servers_yield_one_token() {
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let mut device = SoftwareAuthenticator::synced(1);
        let user = world.enrol_passkey("ada", &mut device);
        for kind in [TokenKind::Pending, TokenKind::TwoFactors] {
            let call = world.call(user, kind);
            let assertion = world.assertion(&call, &mut device);
            let tries: Vec<_> = (0..100).map(|_| (&call, assertion.clone())).collect();
            let answers = race(&world, &tries);
            assert_eq!(granted(&answers), 1, "{}: {kind:?}", world.store.name);
            let refused =
                |it: &Result<_, _>| matches!(it, Ok(_) | Err(FlowError::TokenSpent | FlowError::InvalidCode));
            assert!(answers.iter().all(refused), "{}: {kind:?}", world.store.name);
        }
        assert_eq!(world.store.number("SELECT mfa_failed_attempts FROM users"), 0, "{}", world.store.name);
    }
}

#[test]
fn of_a_hundred_assertions_with_one_counter_one_is_accepted() {
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let mut device = SoftwareAuthenticator::new(1);
        let user = world.enrol_passkey("ada", &mut device);
        let calls: Vec<_> = (0..100).map(|_| world.call(user, TokenKind::Pending)).collect();
        // Clones of one authenticator.
        let tries: Vec<_> =
            calls.iter().map(|call| (call, world.assertion(call, &mut device.clone()))).collect();
        let answers = race(&world, &tries);
        assert_eq!(granted(&answers), 1, "{}", world.store.name);
        let marked = "SELECT count(*) FROM mfa_events WHERE event = 'passkey_clone_suspected'";
        assert_eq!(world.store.number(marked), 99, "{}", world.store.name);
    }
}

#[test]
fn of_twenty_parallel_registrations_of_one_credential_one_is_stored() {
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let user = world.enrol("ada").user;
        let call = world.call(user, TokenKind::TwoFactors);
        let flows = &world.flows;
        let answers = world.store.runtime.block_on(async {
            let started = flows.start_passkey_registration(&call).await.unwrap();
            let options = serde_json::to_string(&started.options).unwrap();
            let response =
                SoftwareAuthenticator::new(1).register(&options, "https://mfa.example.com").unwrap();
            let finish = || async {
                loop {
                    let response = mfa_passkey::RegistrationResponse::parse(response.as_bytes()).unwrap();
                    match flows.finish_passkey_registration(&call, response, None).await {
                        Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Overloaded => {
                            tokio::task::yield_now().await;
                        }
                        answer => break answer,
                    }
                }
            };
            join_all((0..20).map(|_| finish())).await
        });
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{}", world.store.name);
        let refused = answers.iter().filter(|it| matches!(it, Err(FlowError::AlreadyRegistered))).count();
        assert_eq!(refused, 19, "{}", world.store.name);
    }
}
