//! The slow lane: one account at a time, where waiting for a row is allowed, and so always some progress.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::group::GroupContext;
use super::queue::Queue;
use super::{SlowAccounts, StoreMaker, now};

pub(super) fn work(queue: &Queue, slow: &SlowAccounts, context: &GroupContext, maker: &StoreMaker) {
    let mut store = maker();
    while let Some((user, jobs)) = queue.take_account() {
        let now = now();
        let (jobs, overdue): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.deadline > now);
        for job in overdue {
            job.refuse(mfa_core::StoreErrorKind::Overloaded);
        }
        if !jobs.is_empty() {
            match catch_unwind(AssertUnwindSafe(|| context.run(store.as_mut(), jobs))) {
                Ok(lost) => {
                    for job in lost {
                        job.refuse(mfa_core::StoreErrorKind::Unavailable);
                    }
                }
                Err(_) => store = maker(),
            }
        }
        // Under the lock of the set, so that no job slips into the lane after the account has left it.
        let mut set = slow.set();
        if queue.give_back(user) {
            set.remove(&user);
        }
    }
}
