//! Tests of the data that remains after a user is erased.

use mfa_core::testing::TestDigests;
use mfa_core::{Origin, SmsPurpose, UserId};
use mfa_flows::{AcceptedStages, AdminCall, FlowError, TokenKind};
use mfa_sms::{PhoneNumber, SendId, SendRecord, SmsLanguage};
use nova_mfa_tests::{NOON, TestFlows, TestStore};

#[test]
fn after_an_erasure_only_the_row_and_an_anonymous_chain_remain() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let (ada, bob) = (world.enrol("ada"), world.enrol("bob"));
        let begin_for = |user: UserId| {
            let number = PhoneNumber::parse("0612345612", "FR").unwrap();
            let id = SendId::restore(format!("of {user}"));
            let record = SendRecord::new(id, user, SmsPurpose::SecondFactor, &number, &TestDigests, NOON);
            world.store.runtime.block_on(world.store.database.begin(&record)).unwrap();
        };
        begin_for(ada.user);
        begin_for(bob.user);
        let admin = AdminCall {
            actor: "os:grace".to_owned(),
            reason: Some("asked by letter".to_owned()),
            origin: Origin::default(),
        };
        let erase = |user| world.store.runtime.block_on(world.flows.erase_user(&admin, user));
        erase(ada.user).unwrap();
        let account = world.store.runtime.block_on(world.store.accounts().find(ada.user)).unwrap().unwrap();
        assert!(
            !account.has_factor() && account.totp.secret.is_none() && account.recovery.codes.is_empty(),
            "{name}"
        );
        let of_ada = format!("SELECT count(*) FROM mfa_events WHERE user_id = {}", ada.user);
        // The event of the erasure itself names its actor.
        assert_eq!(world.store.number(&format!("{of_ada} AND actor IS NOT NULL")), 1, "{name}");
        assert!(world.store.number(&of_ada) > 2, "{name}: the events stay");
        assert_eq!(
            world.store.number(&format!("SELECT max(seq) FROM mfa_events WHERE user_id = {}", ada.user)),
            world.store.number(&of_ada),
            "{name}: none is missing in between"
        );
        let sends_to =
            |user| world.store.number(&format!("SELECT count(*) FROM mfa_sms_sends WHERE user_id = {user}"));
        assert_eq!((sends_to(ada.user), sends_to(bob.user)), (0, 1), "{name}");
        let of_bob = format!("SELECT count(*) FROM mfa_events WHERE user_id = {} AND salt IS NULL", bob.user);
        assert_eq!(world.store.number(&of_bob), 0, "{name}: nobody else's are touched");
        assert!(erase(UserId::new(4711)).is_err(), "{name}");
    }
}

#[test]
fn an_erased_administrator_leaves_no_name_or_address_in_the_events_of_others() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let (ada, bob, gone) = (world.enrol("ada"), world.enrol("bob"), world.enrol("gone"));
        let by = |actor: String| AdminCall {
            actor,
            reason: Some("a call".to_owned()),
            origin: Origin::new("192.0.2.9".parse().ok(), Some("Firefox"), None),
        };
        let run = |work| world.store.runtime.block_on(work);
        let as_ada = by(mfa_core::user_actor(ada.user, "ada"));
        // A name that starts like the erased one, and other administrators.
        let others = [by("os:grace".to_owned()), by(format!("user:{}0 (ada)", ada.user))];
        for user in [bob.user, gone.user, ada.user] {
            run(world.flows.unlock_user(&as_ada, user)).unwrap();
            for other in &others {
                run(world.flows.unlock_user(other, user)).unwrap();
            }
        }
        world.store.sql(&format!("DELETE FROM users WHERE id = {}", gone.user));
        let number = |condition: &str| {
            world.store.number(&format!("SELECT count(*) FROM mfa_events WHERE {condition}"))
        };
        let of_ada = format!("actor LIKE 'user:{} (%'", ada.user);
        assert_eq!(number(&of_ada), 3, "{name}");
        for _ in 0..2 {
            let admin = AdminCall { actor: "os:grace".to_owned(), reason: None, origin: Origin::default() };
            world.store.runtime.block_on(world.flows.erase_user(&admin, ada.user)).unwrap();
            assert_eq!(number(&of_ada), 0, "{name}");
        }
        let of_bob = format!("user_id = {} AND actor IS NOT NULL AND ip = '192.0.2.9'", bob.user);
        assert_eq!(number(&of_bob), 2, "{name}: those of others stay");
        let recorded = format!("user_id = {} AND event = 'actor_erase' AND actor = 'os:grace'", bob.user);
        assert_eq!(number(&recorded), 1, "{name}: once, with who erased it");
        assert_eq!(number(&format!("user_id = {} AND ip IS NOT NULL", ada.user)), 0, "{name}");
        let auditor = crate::audit::auditor(&world.store);
        let report = auditor.verify(None).unwrap();
        assert!(report.is_intact(), "{name}: {report:?}");
        // An erasure explains the events before it, not itself.
        world.store.sql(&format!(
            "UPDATE mfa_events SET ip = NULL, user_agent = NULL, actor = NULL, reason = NULL, salt = NULL \
             WHERE user_id = {} AND event = 'actor_erase'",
            bob.user
        ));
        assert!(!auditor.verify(None).unwrap().is_intact(), "{name}");
    }
}

#[test]
fn an_erasure_covers_a_pending_number_the_budget_of_an_address_and_the_state_of_tokens() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let mut call = world.call(ada.user, TokenKind::Pending);
        call.origin = Origin::new("2001:db8:1:2:3:4:5:6".parse().ok(), None, None);
        world.store.runtime.block_on(world.flows.verify_totp(&call, world.wrong_code(&ada))).unwrap_err();
        let granted = world.store.runtime.block_on(world.flows.verify_totp(&call, world.code(&ada))).unwrap();
        let access = granted.access().unwrap().token.token.expose().to_owned();
        let mut call = world.flows.open(Some(&access), AcceptedStages::Any, call.origin).unwrap();
        world.store.runtime.block_on(world.flows.verify_totp(&call, world.wrong_code(&ada))).unwrap_err();
        let number = PhoneNumber::parse("0612345612", "FR").unwrap();
        world
            .store
            .runtime
            .block_on(world.flows.set_phone(&call, number.clone(), SmsLanguage::English))
            .unwrap();
        let bob = world.enrol("bob");
        call = world.call(bob.user, TokenKind::Pending);
        call.origin = Origin::new("198.51.100.1".parse().ok(), None, None);
        drop(world.store.runtime.block_on(world.flows.send_sms(&call, SmsLanguage::English)));
        world.store.sql("INSERT INTO mfa_sms_budget (scope, key) VALUES ('ip', '198.51.100.1')");

        let pending = "SELECT count(*) FROM users WHERE phone_pending IS NOT NULL";
        let budgets = "SELECT count(*) FROM mfa_sms_budget WHERE scope = 'ip'";
        assert_eq!((world.store.number(pending), world.store.number(budgets)), (1, 2), "{name}");
        let admin = AdminCall { actor: "os:grace".to_owned(), reason: None, origin: Origin::default() };
        world.store.runtime.block_on(world.flows.erase_user(&admin, ada.user)).unwrap();
        assert_eq!((world.store.number(pending), world.store.number(budgets)), (0, 1), "{name}");
        let account = world.store.runtime.block_on(world.store.accounts().find(ada.user)).unwrap().unwrap();
        let internal = account.internal;
        assert_eq!((internal.sms, internal.step_up_failures), Default::default(), "{name}");
        assert_eq!((internal.denylist, internal.exempt_token), Default::default(), "{name}");
        let again = world.flows.open(Some(&access), AcceptedStages::Any, Origin::default()).unwrap();
        let denied = world.store.runtime.block_on(world.flows.status(&again));
        assert!(matches!(denied, Err(FlowError::TokenRevoked)), "{name}: {denied:?}");
    }
}
