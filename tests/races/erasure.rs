//! Races of an erasure with requests in progress, on both databases.

use std::sync::Arc;

use futures::future::join_all;
use mfa_core::testing::TestDigests;
use mfa_core::{BoxFuture, Clock as _, Origin, SmsPurpose};
use mfa_flows::{AdminCall, Call, FlowError, Ports, SmsPorts, TokenKind};
use mfa_infra::sms::TokioSleep;
use mfa_sms::{PhoneNumber, SendId, SendOutcome, SendRecord, SmsGateway, SmsLanguage, SmsMessage, SmsSender};
use nova_mfa_tests::{TestFlows, TestStore};
use tokio::sync::Semaphore;

/// Personal data that is left in the events, the log of SMS, the budgets and the row.
const REMAINS: &str = "SELECT (SELECT count(*) FROM mfa_events WHERE ip IS NOT NULL OR user_agent IS NOT NULL) \
                       + (SELECT count(*) FROM mfa_sms_sends) \
                       + (SELECT count(*) FROM mfa_sms_budget WHERE key = '192.0.2.7') \
                       + (SELECT count(*) FROM users WHERE phone_pending IS NOT NULL OR phone_number IS NOT NULL)";

/// A gateway that reports each message and waits for leave to accept it.
#[derive(Debug)]
struct GatedGateway {
    begun: Semaphore,
    may_end: Semaphore,
}

impl SmsGateway for GatedGateway {
    fn name(&self) -> &'static str {
        "gated"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        Box::pin(async move {
            self.begun.add_permits(1);
            self.may_end.acquire().await.unwrap().forget();
            SendOutcome::Accepted { id: "1".to_owned() }
        })
    }
}

fn origin() -> Origin {
    Origin::new("192.0.2.7".parse().ok(), Some("Firefox"), None)
}

fn from_a_browser(call: Call) -> Call {
    Call { origin: origin(), ..call }
}

fn administrator() -> AdminCall {
    AdminCall { actor: "os:grace".to_owned(), reason: None, origin: Origin::default() }
}

#[test]
fn an_sms_on_its_way_leaves_nothing_after_an_erasure() {
    for store in TestStore::each() {
        let name = store.name;
        let gateway = Arc::new(GatedGateway { begun: Semaphore::new(0), may_end: Semaphore::new(0) });
        let (gated, runtime) = (Arc::clone(&gateway), store.runtime.handle().clone());
        let world = TestFlows::with_ports(store, move |ports| {
            let pause = Arc::new(TokioSleep::new(runtime));
            let (clock, entropy) = (ports.clock.clone(), ports.entropy.clone());
            let sender = Arc::new(SmsSender::new([gated as Arc<dyn SmsGateway>], clock, pause, entropy));
            Ports { sms: SmsPorts { sender, ..ports.sms }, ..ports }
        });
        let ada = world.store.add_user("ada");
        let call = from_a_browser(world.call(ada, TokenKind::OneFactor));
        let number = PhoneNumber::parse("0612345612", "FR").unwrap();
        let flows = Arc::clone(&world.flows);
        let sending = world
            .store
            .runtime
            .spawn(async move { flows.set_phone(&call, number, SmsLanguage::English).await });
        world.store.runtime.block_on(gateway.begun.acquire()).unwrap().forget();
        assert!(world.store.number(REMAINS) >= 2, "{name}: a number, a send");
        world.store.runtime.block_on(world.flows.erase_user(&administrator(), ada)).unwrap();
        // The event of a message that is sent later than the erasure is still that of an earlier request.
        world.clock.advance(std::time::Duration::from_secs(3));
        gateway.may_end.add_permits(1);
        world.store.runtime.block_on(sending).unwrap().unwrap();
        let sent = "SELECT count(*) FROM mfa_events WHERE event = 'phone_set'";
        assert_eq!(world.store.number(sent), 1, "{name}: what happened is recorded");
        // While it was sent, no event had the address, so its budget is counted out within the hour.
        world.store.sql("DELETE FROM mfa_sms_budget");
        assert_eq!(world.store.number(REMAINS), 0, "{name}");
    }
}

#[test]
fn a_send_that_an_erasure_overtook_is_not_logged_and_a_later_one_is() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.store.add_user("ada");
        let number = PhoneNumber::parse("0612345612", "FR").unwrap();
        let begin = |id: &str, at| {
            let id = SendId::restore(id.to_owned());
            let record = SendRecord::new(id, ada, SmsPurpose::SecondFactor, &number, &TestDigests, at);
            world.store.runtime.block_on(world.store.database.begin(&record)).unwrap();
            world.store.number("SELECT count(*) FROM mfa_sms_sends")
        };
        let started = world.clock.now();
        assert_eq!(begin("1", started), 1, "{name}");
        world.clock.advance(std::time::Duration::from_secs(1));
        world.store.runtime.block_on(world.flows.erase_user(&administrator(), ada)).unwrap();
        assert_eq!(begin("2", started), 0, "{name}");
        world.clock.advance(std::time::Duration::from_secs(1));
        assert_eq!(begin("3", world.clock.now()), 1, "{name}: the user may enrol again");
    }
}

/// Verifications, sends and an erasure at once, on two servers, again and again.
#[test]
fn no_concurrent_login_writes_an_address_after_an_erasure() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let other = world.second_server();
        for round in 0..4 {
            let ada = world.enrol(&format!("ada{round}"));
            let calls: Vec<_> =
                (0..12).map(|_| from_a_browser(world.call(ada.user, TokenKind::Pending))).collect();
            let (right, wrong) = (world.code(&ada), world.wrong_code(&ada));
            let logins = calls.iter().enumerate().map(|(at, call)| {
                let flows = if at % 2 == 0 { &world.flows } else { &other };
                let code = if at % 5 == 0 { right.clone() } else { wrong.clone() };
                async move { flows.verify_totp(call, code).await.map(drop) }
            });
            let administrator = administrator();
            let erasing = async {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                loop {
                    match world.flows.erase_user(&administrator, ada.user).await {
                        Err(FlowError::Store(_)) => tokio::task::yield_now().await,
                        answer => break answer,
                    }
                }
            };
            let (answers, erased) =
                world.store.runtime.block_on(async { tokio::join!(join_all(logins), erasing) });
            erased.unwrap();
            assert_eq!(answers.len(), 12);
            assert_eq!(world.store.number(REMAINS), 0, "{name}, round {round}");
            let account =
                world.store.runtime.block_on(world.store.accounts().find(ada.user)).unwrap().unwrap();
            assert!(!account.has_factor() && account.last_success_at.is_none(), "{name}, round {round}");
            assert_eq!(account.internal.erased_at, Some(world.clock.now()), "{name}");
        }
        let auditor = crate::audit::auditor(&world.store);
        assert!(auditor.verify(None).unwrap().is_intact(), "{name}");
    }
}
