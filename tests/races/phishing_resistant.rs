//! Races of enrolment tokens and of the policy that accepts only phishing-resistant factors, on both databases.

use std::sync::Arc;

use futures::future::join_all;
use mfa_core::{Origin, StoreErrorKind, UserId};
use mfa_flows::{
    AcceptedStages, AdminCall, Call, FlowError, Flows, PasskeyRegistered, RequirementChange, TokenKind,
    VerificationGrant,
};
use mfa_passkey::RegistrationResponse;
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{TestFlows, TestStore};

fn require(world: &TestFlows, user: UserId) -> Result<(), FlowError> {
    let admin = AdminCall { actor: "test".to_owned(), reason: None, origin: Origin::default() };
    let change = RequirementChange { enforced: None, phishing_resistant: Some(true) };
    world.store.runtime.block_on(world.flows.enforce_user(&admin, user, change)).map(drop)
}

/// Verifies a TOTP code of a covered user and returns a call with the enrolment token.
fn enrolment_call(world: &TestFlows, enrolled: &nova_mfa_tests::EnrolledUser) -> Call {
    let call = world.call(enrolled.user, TokenKind::Pending);
    let code = world.code(enrolled);
    match world.store.runtime.block_on(world.flows.verify_totp(&call, code)) {
        Ok(VerificationGrant::Enrolment(granted)) => {
            let token = granted.token.token.expose();
            world.flows.open(Some(token), AcceptedStages::Any, Origin::default()).unwrap()
        }
        other => panic!("no enrolment token: {other:?}"),
    }
}

async fn finish(flows: Arc<Flows>, call: &Call, response: &str) -> Result<PasskeyRegistered, FlowError> {
    loop {
        let response = RegistrationResponse::parse(response.as_bytes()).unwrap();
        match flows.finish_passkey_registration(call, response, None).await {
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Overloaded => {
                tokio::task::yield_now().await;
            }
            answer => break answer,
        }
    }
}

#[test]
fn of_twenty_registrations_with_one_enrolment_token_on_two_servers_one_is_stored() {
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        require(&world, ada.user).unwrap();
        let call = enrolment_call(&world, &ada);
        let servers = [Arc::clone(&world.flows), world.second_server()];
        let answers = world.store.runtime.block_on(async {
            let mut responses = Vec::new();
            for seed in 1..=20 {
                let started = world.flows.start_passkey_registration(&call).await.unwrap();
                let options = serde_json::to_string(&started.options).unwrap();
                let mut device = SoftwareAuthenticator::new(seed);
                responses.push(device.register(&options, "https://mfa.example.com").unwrap());
            }
            let tries = responses.iter().zip(servers.iter().cycle());
            join_all(tries.map(|(response, flows)| finish(Arc::clone(flows), &call, response))).await
        });
        let granted = answers.iter().filter(|it| matches!(it, Ok(done) if done.enrolled.is_some())).count();
        assert_eq!(granted, 1, "{}", world.store.name);
        let is_spent =
            |it: &&Result<_, _>| matches!(it, Err(FlowError::TokenSpent | FlowError::TokenRevoked));
        assert_eq!(answers.iter().filter(is_spent).count(), 19, "{}", world.store.name);
        let stored =
            "SELECT count(*) FROM mfa_events WHERE event = 'passkey_register' AND outcome = 'success'";
        assert_eq!(world.store.number(stored), 1, "{}", world.store.name);
    }
}

#[test]
fn a_totp_code_never_logs_in_beside_a_registration_of_the_required_passkey() {
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        require(&world, ada.user).unwrap();
        let enrolment = enrolment_call(&world, &ada);
        world.clock.advance(std::time::Duration::from_secs(30));
        // Fewer than lock the account, which would refuse the registration.
        let calls: Vec<_> = (0..8).map(|_| world.call(ada.user, TokenKind::Pending)).collect();
        let code = world.code(&ada);
        let second = world.second_server();
        let answers = world.store.runtime.block_on(async {
            let started = world.flows.start_passkey_registration(&enrolment).await.unwrap();
            let options = serde_json::to_string(&started.options).unwrap();
            let response =
                SoftwareAuthenticator::new(1).register(&options, "https://mfa.example.com").unwrap();
            let verify = calls.iter().map(|call| second.verify_totp(call, code.clone()));
            let (registered, answers) =
                futures::join!(finish(Arc::clone(&world.flows), &enrolment, &response), join_all(verify));
            registered.unwrap();
            answers
        });
        let is_access = |it: &&Result<_, _>| matches!(it, Ok(VerificationGrant::Access(_)));
        assert_eq!(answers.iter().filter(is_access).count(), 0, "{}", world.store.name);
        let call = world.call(ada.user, TokenKind::Pending);
        let refused = world.store.runtime.block_on(world.flows.verify_totp(&call, world.wrong_code(&ada)));
        assert!(matches!(refused, Err(FlowError::PhishingResistantRequired)), "{refused:?}");
    }
}

#[test]
fn without_passkeys_nobody_can_be_required_to_have_one() {
    for store in TestStore::each() {
        let world = TestFlows::with_policy(store, |policy| policy.passkeys = None);
        let ada = world.enrol("ada");
        assert!(matches!(require(&world, ada.user), Err(FlowError::MethodNotAvailable)));
        let stored = world.store.number("SELECT count(*) FROM mfa_events WHERE event = 'admin_enforce'");
        assert_eq!(stored, 0, "{}", world.store.name);
    }
}
