use futures::FutureExt as _;
use futures::executor::block_on;
use mfa_core::BackupMethod;

use super::CodeSetOccasion::{FirstEnrolment, Renewal};
use super::*;

/// Caller in the queue.
struct Caller {
    turn: CodeTurn,
    started: oneshot::Receiver<()>,
}

impl Caller {
    fn has_turn(&mut self) -> bool {
        (&mut self.started).now_or_never().is_some()
    }
}

fn join(queue: &CodeQueue, user: i64, occasion: CodeSetOccasion) -> Option<Caller> {
    match queue.join(UserId::new(user), occasion) {
        Ok((turn, started)) => Some(Caller { turn, started }),
        Err(FlowError::Hasher(HashError::Overloaded)) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// Ends the turn of each caller that has it, and returns the users in that order.
fn drain(mut waiting: Vec<(i64, Caller)>) -> Vec<i64> {
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let next = waiting.iter_mut().position(|(_, caller)| caller.has_turn()).expect("one has the turn");
        assert_eq!(waiting.iter_mut().filter_map(|(_, it)| it.started.try_recv().ok().flatten()).count(), 0);
        let (user, caller) = waiting.remove(next);
        order.push(user);
        drop(caller.turn);
    }
    order
}

#[test]
fn first_enrolments_overtake_renewals_that_wait() {
    let queue = CodeQueue::default();
    let running = join(&queue, 1, Renewal).unwrap();
    let mut waiting: Vec<_> = (2..=4).map(|user| (user, join(&queue, user, Renewal).unwrap())).collect();
    waiting.extend((10..13).map(|user| (user, join(&queue, user, FirstEnrolment).unwrap())));
    assert!(waiting.iter_mut().all(|(_, caller)| !caller.has_turn()));
    drop(running.turn);
    assert_eq!(drain(waiting), [10, 11, 12, 2, 3, 4]);
}

#[test]
fn a_renewal_is_served_after_eight_first_enrolments() {
    let queue = CodeQueue::default();
    let running = join(&queue, 1, Renewal).unwrap();
    let mut waiting = vec![(2, join(&queue, 2, Renewal).unwrap())];
    waiting.extend((10..22).map(|user| (user, join(&queue, user, FirstEnrolment).unwrap())));
    drop(running.turn);
    assert_eq!(drain(waiting), [10, 11, 12, 13, 14, 15, 16, 17, 2, 18, 19, 20, 21]);
}

#[test]
fn each_line_is_short_and_renewals_take_no_place_of_first_enrolments() {
    let queue = CodeQueue::default();
    let mut held: Vec<_> = (1..=4).map(|user| join(&queue, user, Renewal).unwrap()).collect();
    assert!(join(&queue, 5, Renewal).is_none());
    held.extend((10..26).map(|user| join(&queue, user, FirstEnrolment).unwrap()));
    assert!(join(&queue, 26, FirstEnrolment).is_none());
    drop(held);
    assert!(join(&queue, 5, Renewal).is_some_and(|mut it| it.has_turn()));
    assert!(!queue.state().has(UserId::new(5)), "and all places are free again");
}

#[test]
fn a_user_has_one_set_in_the_queue() {
    let queue = CodeQueue::default();
    let running = join(&queue, 1, FirstEnrolment).unwrap();
    let waiting = join(&queue, 2, Renewal).unwrap();
    for user in [1, 2] {
        assert!(join(&queue, user, FirstEnrolment).is_none() && join(&queue, user, Renewal).is_none());
    }
    drop((running, waiting));
    drop(block_on(queue.enter(UserId::new(1), Renewal)).unwrap());
}

#[test]
fn a_caller_that_stops_waiting_leaves_its_place_to_others() {
    let queue = CodeQueue::default();
    let running = join(&queue, 1, Renewal).unwrap();
    let gone = join(&queue, 2, Renewal).unwrap();
    let last = join(&queue, 3, Renewal).unwrap();
    drop(gone);
    // Its turn comes before it is polled again, and then it goes away.
    drop(running.turn);
    drop(last);
    assert!(join(&queue, 4, Renewal).is_some_and(|mut it| it.has_turn()));
}

#[test]
fn only_an_enrolment_without_a_recent_factor_is_a_first_one() {
    let now = Timestamp::from_seconds(1_800_000_000);
    let mut account = Account::new(UserId::new(7), "a@example.com", "a");
    assert_eq!(CodeSetOccasion::of_enrolment(&account, now), FirstEnrolment);
    account.last_success_at = Some(now.minus(NEWCOMER_AFTER));
    assert_eq!(CodeSetOccasion::of_enrolment(&account, now), FirstEnrolment, "after a reset");
    account.last_success_at = Some(now.minus(Duration::from_mins(59)));
    assert_eq!(CodeSetOccasion::of_enrolment(&account, now), Renewal);
    account.last_success_at = None;
    account.backup_method = BackupMethod::Sms;
    account.phone.number = Some(mfa_core::Sealed::from_column("v1.k.x".to_owned()));
    account.phone.is_verified = true;
    assert_eq!(CodeSetOccasion::of_enrolment(&account, now), Renewal);
}
