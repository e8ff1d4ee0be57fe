//! Future with a deadline.

use std::future::poll_fn;
use std::task::Poll;

use mfa_core::BoxFuture;

/// Returns the result of the future, or `None` if the deadline comes first. If both are ready, the result counts.
///
/// A deadline that was reached must not be polled again.
pub(super) async fn race<T>(mut answer: BoxFuture<'_, T>, deadline: &mut BoxFuture<'_, ()>) -> Option<T> {
    poll_fn(|context| {
        if let Poll::Ready(value) = answer.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        deadline.as_mut().poll(context).map(|()| None)
    })
    .await
}
