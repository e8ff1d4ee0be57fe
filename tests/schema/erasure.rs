//! Tests of the data that remains after a user is erased.

use mfa_core::testing::TestDigests;
use mfa_core::{Origin, SmsPurpose, UserId};
use mfa_flows::AdminCall;
use mfa_sms::{PhoneNumber, SendId, SendRecord};
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
