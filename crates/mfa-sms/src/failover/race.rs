//! Two futures, of which the second one is the end of the first.

use std::future::poll_fn;
use std::task::Poll;

use mfa_core::BoxFuture;

/// What the first future gives, or nothing where the deadline comes first. Where both are ready, the answer counts.
///
/// A deadline that has come is over and must not be waited for again.
pub(super) async fn race<T>(mut answer: BoxFuture<'_, T>, deadline: &mut BoxFuture<'_, ()>) -> Option<T> {
    poll_fn(|context| {
        if let Poll::Ready(value) = answer.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        deadline.as_mut().poll(context).map(|()| None)
    })
    .await
}
