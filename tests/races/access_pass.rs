//! Races of access passes on both databases, with two servers.

use std::sync::Arc;

use futures::future::join_all;
use mfa_core::{Origin, SecretText, StoreErrorKind, UserId};
use mfa_flows::{AccessPassRequest, AdminCall, Call, FlowError, Flows, SupportCall, TokenKind};
use mfa_jwt::IssuedToken;
use mfa_recovery::RecoveryCodeInput;
use nova_mfa_tests::{TestFlows, TestStore};

fn issue(world: &TestFlows, user: UserId) -> SecretText {
    let admin =
        AdminCall { actor: "test".to_owned(), reason: Some("x".to_owned()), origin: Origin::default() };
    let call = SupportCall::by_operator(admin);
    let issued = world.flows.issue_access_pass(&call, user, AccessPassRequest::default());
    world.store.runtime.block_on(issued).unwrap().pass
}

/// Uses a pass and retries while the queue is full.
async fn redeem(flows: Arc<Flows>, call: &Call, pass: &str) -> Result<IssuedToken, FlowError> {
    loop {
        match flows.verify_access_pass(call, RecoveryCodeInput::parse(pass).unwrap()).await {
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Overloaded => {
                tokio::task::yield_now().await;
            }
            answer => break answer,
        }
    }
}

#[test]
fn of_fifty_concurrent_uses_of_one_pass_on_two_servers_one_yields_a_token() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let pass = issue(&world, ada.user);
        let servers = [Arc::clone(&world.flows), world.second_server()];
        let calls: Vec<_> = (0..50).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let tries = calls.iter().zip(servers.iter().cycle());
        let tries = tries.map(|(call, flows)| redeem(Arc::clone(flows), call, pass.expose()));
        let answers = world.store.runtime.block_on(join_all(tries));
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{name}: {answers:?}");
        let used = "SELECT count(*) FROM mfa_events WHERE event = 'access_pass_use' AND outcome = 'success'";
        assert_eq!(world.store.number(used), 1, "{name}");
    }
}

#[test]
fn of_a_hundred_concurrent_wrong_passes_ten_are_checked_and_counted() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        issue(&world, ada.user);
        let servers = [Arc::clone(&world.flows), world.second_server()];
        let calls: Vec<_> = (0..100).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let tries = calls.iter().zip(servers.iter().cycle());
        let tries = tries.map(|(call, flows)| redeem(Arc::clone(flows), call, "0000-0000-0000-0000"));
        let answers = world.store.runtime.block_on(join_all(tries));
        let wrong = answers.iter().filter(|it| matches!(it, Err(FlowError::InvalidCode))).count();
        let locked = answers.iter().filter(|it| matches!(it, Err(FlowError::AccountLocked { .. }))).count();
        assert_eq!((wrong, locked), (10, 90), "{name}");
        assert_eq!(world.store.number("SELECT mfa_failed_attempts FROM users"), 10, "{name}");
    }
}
