//! Races of ending sessions on both databases.

use futures::future::join_all;
use mfa_core::StoreErrorKind;
use mfa_flows::{FlowError, TokenKind, VerificationGrant};
use nova_mfa_tests::{TestFlows, TestStore};

#[test]
fn a_session_is_ended_once_by_a_hundred_requests_on_two_servers() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let [here, there] = [0; 2].map(|_| world.call(ada.user, TokenKind::TwoFactors));
        let second = world.second_server();
        let servers = [&world.flows, &second];
        let tries = (0..100).map(|n| servers[n % 2].revoke_session(&here, there.token.id));
        let answers = world.store.runtime.block_on(join_all(tries));
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{name}");
        let is_expected = |error: &FlowError| match error {
            FlowError::NoSuchSession => true,
            FlowError::Store(error) => error.kind() == StoreErrorKind::Overloaded,
            _ => false,
        };
        let mut others = answers.iter().filter_map(|it| it.as_ref().err());
        assert!(others.all(is_expected), "{name}: {answers:?}");
        let recorded =
            "SELECT count(*) FROM mfa_events WHERE event = 'token_revoked' AND token_id IS NOT NULL";
        assert_eq!(world.store.number(recorded), 1, "{name}");
        for server in servers {
            let denied = world.store.runtime.block_on(server.sessions(&there));
            assert!(matches!(denied, Err(FlowError::TokenRevoked)), "{name}: {denied:?}");
        }
    }
}

#[test]
fn two_sessions_that_end_all_others_at_once_leave_at_most_one() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let calls: Vec<_> = (0..10).map(|_| world.call(ada.user, TokenKind::TwoFactors)).collect();
        let second = world.second_server();
        let servers = [&world.flows, &second];
        let tries = calls.iter().enumerate().map(|(n, call)| servers[n % 2].revoke_other_sessions(call));
        let answers = world.store.runtime.block_on(join_all(tries));
        // The first one ends all others before their requests are decided.
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 1, "{name}: {answers:?}");
        let read = |call| world.store.runtime.block_on(second.sessions(call));
        assert_eq!(calls.iter().filter(|call| read(call).is_ok()).count(), 1, "{name}");
    }
}

#[test]
fn a_verification_beside_the_end_of_all_sessions_is_listed_exactly_if_its_token_is_accepted() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let here = world.call(ada.user, TokenKind::TwoFactors);
        let pending = world.call(ada.user, TokenKind::Pending);
        let code = world.code(&ada);
        let (granted, ended) = world.store.runtime.block_on(async {
            tokio::join!(world.flows.verify_totp(&pending, code), world.flows.revoke_other_sessions(&here))
        });
        ended.unwrap();
        let listed = world.store.runtime.block_on(world.flows.sessions(&here)).unwrap();
        // Either the pending token was revoked, or the new token was, or it was issued afterwards.
        let accepted = match granted.and_then(VerificationGrant::access) {
            Ok(grant) => {
                let token = grant.token.token.expose().to_owned();
                let call =
                    world.flows.open(Some(&token), mfa_flows::AcceptedStages::Any, here.origin.clone());
                world.store.runtime.block_on(world.flows.sessions(&call.unwrap())).is_ok()
            }
            Err(error) => {
                assert!(matches!(error, FlowError::TokenRevoked), "{name}: {error:?}");
                false
            }
        };
        assert_eq!(listed.len(), 1 + usize::from(accepted), "{name}: {listed:?}");
    }
}
