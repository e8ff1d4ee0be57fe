use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Mutex;
use std::task::Poll;

use futures::executor::block_on;
use mfa_core::testing::{ManualClock, SeededEntropy};
use mfa_core::{EntropyError, SecretText};

use super::*;
use crate::{CODE_LIFETIME, PhoneNumber, ProviderRefusal};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ID: &str = "sms-1";

/// Timer that advances the clock by a tenth of a second with each poll.
#[derive(Debug)]
struct Time(Arc<ManualClock>);

impl Sleep for Time {
    fn pause(&self, span: Duration) -> BoxFuture<'_, ()> {
        let until = self.0.now().plus(span);
        Box::pin(poll_fn(move |context| {
            if self.0.now() >= until {
                return Poll::Ready(());
            }
            self.0.advance(Duration::from_millis(100));
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }
}

/// Gateway with scripted answers, each after a delay. Without answers it hangs.
#[derive(Debug)]
struct Scripted {
    name: &'static str,
    clock: Arc<ManualClock>,
    answers: Mutex<VecDeque<(Duration, SendOutcome)>>,
    asked_at: Mutex<Vec<Duration>>,
}

impl SmsGateway for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        let began = self.clock.now();
        self.asked_at.lock().unwrap().push(began.since(NOW));
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(poll_fn(move |_| match &answer {
            Some((takes, outcome)) if self.clock.now() >= began.plus(*takes) => Poll::Ready(outcome.clone()),
            Some(_) | None => Poll::Pending,
        }))
    }
}

struct World {
    sender: SmsSender,
    clock: Arc<ManualClock>,
    gateways: [Arc<Scripted>; 2],
}

impl World {
    fn of(first: Vec<SendOutcome>, second: Vec<SendOutcome>) -> Self {
        let at_once =
            |answers: Vec<SendOutcome>| answers.into_iter().map(|it| (Duration::ZERO, it)).collect();
        Self::timed(at_once(first), at_once(second))
    }

    fn timed(first: Vec<(Duration, SendOutcome)>, second: Vec<(Duration, SendOutcome)>) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let gateway = |name, answers: Vec<_>| {
            Arc::new(Scripted {
                name,
                clock: Arc::clone(&clock),
                answers: Mutex::new(answers.into()),
                asked_at: Mutex::default(),
            })
        };
        let gateways = [gateway("first", first), gateway("second", second)];
        let sender = SmsSender::new(
            gateways.iter().map(|it| Arc::clone(it) as Arc<dyn SmsGateway>),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(Time(Arc::clone(&clock))),
            Arc::new(SeededEntropy::default()),
        );
        Self { sender, clock, gateways }
    }

    fn send(&self) -> SendReport {
        block_on(self.sender.send(&message()))
    }

    fn calls(&self) -> [usize; 2] {
        self.gateways.each_ref().map(|it| it.asked_at.lock().unwrap().len())
    }
}

fn message() -> SmsMessage {
    SmsMessage {
        to: PhoneNumber::parse("0612345612", "FR").unwrap(),
        text: SecretText::new("012345 est votre code".into()),
        validity: CODE_LIFETIME,
    }
}

fn accepted() -> SendOutcome {
    SendOutcome::Accepted { id: ID.into() }
}

fn later(seconds: u64) -> SendOutcome {
    SendOutcome::Retryable { after: Some(Duration::from_secs(seconds)) }
}

const AT_ONCE: SendOutcome = SendOutcome::Retryable { after: None };
const BROKE: SendOutcome = SendOutcome::Permanent(RefusalScope::Operator(ProviderRefusal::Credit));
const NO_NUMBER: SendOutcome = SendOutcome::Permanent(RefusalScope::User(NumberRefusal::Invalid));

fn sent(gateway: &'static str) -> DeliveryOutcome {
    DeliveryOutcome::Sent { gateway, id: ID.into() }
}

#[test]
fn the_first_gateway_that_takes_it_is_the_last_one_asked() {
    let world = World::of(vec![accepted()], vec![]);
    let dispatch = world.send();
    assert_eq!((dispatch.delivery, world.calls()), (sent("first"), [1, 0]));
    let outcome = GatewayAttemptOutcome::Tried { outcome: accepted(), took: Duration::ZERO };
    assert_eq!(dispatch.steps, [GatewayAttempt { gateway: "first", outcome }]);
}

#[test]
fn a_definite_refusal_that_is_not_the_users_goes_on_to_the_next_gateway() {
    for refusal in [AT_ONCE, later(3), later(3600), BROKE] {
        let world = World::of(vec![refusal.clone()], vec![accepted()]);
        let dispatch = world.send();
        assert_eq!((dispatch.delivery, world.calls()), (sent("second"), [1, 1]), "{refusal:?}");
        assert_eq!(dispatch.steps.len(), 2);
    }
}

#[test]
fn nothing_is_tried_again_where_something_may_have_been_sent() {
    let world = World::of(vec![SendOutcome::Unknown], vec![accepted()]);
    assert_eq!(world.send().delivery, DeliveryOutcome::Unknown { gateway: "first" });
    assert_eq!(world.calls(), [1, 0]);
}

#[test]
fn a_number_that_is_refused_is_not_tried_elsewhere() {
    let world = World::of(vec![NO_NUMBER], vec![accepted()]);
    assert_eq!(world.send().delivery, DeliveryOutcome::NumberRefused(NumberRefusal::Invalid));
    assert_eq!(world.calls(), [1, 0]);
}

#[test]
fn what_was_refused_for_now_is_tried_once_more_and_no_more() {
    for (answers, delivery) in [
        (vec![AT_ONCE, accepted()], sent("first")),
        (vec![AT_ONCE, SendOutcome::Unknown], DeliveryOutcome::Unknown { gateway: "first" }),
        (vec![AT_ONCE, NO_NUMBER], DeliveryOutcome::NumberRefused(NumberRefusal::Invalid)),
        (vec![AT_ONCE, BROKE, accepted()], DeliveryOutcome::NotSent { retry_after: None }),
        (vec![AT_ONCE, AT_ONCE, accepted()], DeliveryOutcome::NotSent { retry_after: None }),
        (
            vec![AT_ONCE, later(60), accepted()],
            DeliveryOutcome::NotSent { retry_after: Some(Duration::from_mins(1)) },
        ),
    ] {
        let world = World::of(answers, vec![BROKE]);
        assert_eq!((world.send().delivery, world.calls()), (delivery, [2, 1]));
    }
}

#[test]
fn the_gateway_that_asks_for_the_shortest_wait_is_tried_again() {
    let world = World::of(vec![later(5)], vec![later(1), accepted()]);
    assert_eq!((world.send().delivery, world.calls()), (sent("second"), [1, 2]));
    let asked_at = world.gateways[1].asked_at.lock().unwrap().clone();
    let waited = asked_at[1].saturating_sub(asked_at[0]).as_millis();
    assert!((1_000..1_500).contains(&waited), "{waited} ms: a second and some jitter");
}

#[test]
fn a_wait_beyond_the_deadline_is_told_and_not_waited_for() {
    let world = World::of(vec![later(60), accepted()], vec![BROKE]);
    let dispatch = world.send();
    assert_eq!(dispatch.delivery, DeliveryOutcome::NotSent { retry_after: Some(Duration::from_mins(1)) });
    assert_eq!((world.calls(), world.clock.now()), ([1, 1], NOW));
}

#[test]
fn a_gateway_that_never_answers_ends_in_doubt_after_eight_seconds() {
    let world = World::of(vec![], vec![accepted()]);
    let dispatch = world.send();
    assert_eq!(dispatch.delivery, DeliveryOutcome::Unknown { gateway: "first" });
    assert_eq!(
        dispatch.steps,
        [GatewayAttempt { gateway: "first", outcome: GatewayAttemptOutcome::TimedOut }]
    );
    assert_eq!(world.calls(), [1, 0]);
    assert_eq!(world.clock.now().since(NOW), Duration::from_secs(8));
}

#[test]
fn the_deadline_is_one_for_all_gateways_and_the_retry() {
    let slow = |outcome| vec![(Duration::from_secs(5), outcome)];
    let world = World::timed(slow(AT_ONCE), slow(accepted()));
    assert_eq!(world.send().delivery, DeliveryOutcome::Unknown { gateway: "second" });
    assert_eq!(world.clock.now().since(NOW), Duration::from_secs(8));
    let world = World::timed(vec![(Duration::from_millis(7_100), AT_ONCE)], slow(accepted()));
    assert_eq!(world.send().delivery, DeliveryOutcome::NotSent { retry_after: None });
    assert_eq!(world.calls(), [1, 0], "with less than a second left, no new call starts");
}

#[test]
fn a_gateway_that_keeps_failing_is_left_alone_and_probed_after_thirty_seconds() {
    let world = World::of([vec![BROKE; 5], vec![accepted(); 2]].concat(), vec![accepted(); 8]);
    for _ in 0..5 {
        assert_eq!(world.send().delivery, sent("second"));
    }
    assert_eq!(world.sender.open_circuits().collect::<Vec<_>>(), ["first"]);
    let dispatch = world.send();
    assert_eq!(
        dispatch.steps[0],
        GatewayAttempt { gateway: "first", outcome: GatewayAttemptOutcome::CircuitOpen }
    );
    assert_eq!((dispatch.delivery, world.calls()), (sent("second"), [5, 6]));
    world.clock.advance(Duration::from_secs(30));
    assert_eq!((world.send().delivery, world.calls()), (sent("first"), [6, 6]));
    assert_eq!(world.sender.open_circuits().count(), 0);
}

#[test]
fn numbers_that_are_refused_do_not_open_the_breaker_and_silence_does() {
    let world = World::of(vec![NO_NUMBER; 30], vec![]);
    for _ in 0..30 {
        let _ = world.send();
    }
    assert_eq!(world.sender.open_circuits().count(), 0);
    for _ in 0..5 {
        let _ = world.send();
    }
    assert_eq!(world.sender.open_circuits().collect::<Vec<_>>(), ["first"]);
}

#[test]
fn where_every_gateway_is_left_alone_or_there_is_none_nothing_is_sent() {
    let world = World::of(vec![BROKE; 5], vec![BROKE; 5]);
    for _ in 0..5 {
        let _ = world.send();
    }
    assert_eq!(world.send().delivery, DeliveryOutcome::NotSent { retry_after: None });
    assert_eq!(world.calls(), [5, 5]);
    let none = SmsSender {
        routes: Vec::new(),
        clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
        pause: Arc::new(Time(Arc::clone(&world.clock))),
        entropy: Arc::new(Broken),
    };
    let delivery = DeliveryOutcome::NotSent { retry_after: None };
    assert_eq!(block_on(none.send(&message())), SendReport { delivery, steps: vec![] });
}

#[derive(Debug)]
struct Broken;

impl Entropy for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

#[test]
fn without_randomness_a_retry_comes_without_jitter() {
    let mut world = World::of(vec![AT_ONCE, accepted()], vec![BROKE]);
    world.sender.entropy = Arc::new(Broken);
    assert_eq!(world.send().delivery, sent("first"));
}

#[test]
fn a_send_may_move_between_threads() {
    fn may_move(_: &(impl Future + Send)) {}
    let world = World::of(vec![], vec![]);
    may_move(&world.sender.send(&message()));
}
