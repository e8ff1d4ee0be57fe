//! Flow that ends even if its caller is dropped.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Flow that runs in the task of its caller, without a change of threads. If the caller is dropped before the end (a client
/// disconnected), the flow moves to a runtime.
pub(super) struct UninterruptedFlow<T: Send + 'static> {
    /// `None` after the end.
    flow: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    runtime: Handle,
}

impl<T: Send + 'static> UninterruptedFlow<T> {
    pub(super) fn new(flow: impl Future<Output = T> + Send + 'static, runtime: &Handle) -> Self {
        Self { flow: Some(Box::pin(flow)), runtime: runtime.clone() }
    }
}

impl<T: Send + 'static> Future for UninterruptedFlow<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Timers and tasks of the flow belong to the runtime, so that they outlive the caller too.
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        let Some(flow) = &mut self.flow else { return Poll::Pending };
        let polled = flow.as_mut().poll(context);
        if polled.is_ready() {
            self.flow = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for UninterruptedFlow<T> {
    fn drop(&mut self) {
        if let Some(flow) = self.flow.take() {
            drop(self.runtime.spawn(flow));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use futures::FutureExt as _;
    use tokio::sync::Notify;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    #[test]
    fn a_flow_whose_caller_is_dropped_goes_on_in_the_runtime() {
        let runtime = runtime();
        let (go, ended) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let flow = {
            let (go, ended) = (Arc::clone(&go), Arc::clone(&ended));
            async move {
                go.notified().await;
                // A timer that is created after the move.
                tokio::time::sleep(Duration::from_millis(1)).await;
                ended.store(true, Ordering::SeqCst);
            }
        };
        let mut flow = UninterruptedFlow::new(flow, runtime.handle());
        assert!((&mut flow).now_or_never().is_none());
        drop(flow);
        assert!(!ended.load(Ordering::SeqCst));
        go.notify_one();
        let wait = async {
            while !ended.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let end = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), wait).await });
        assert!(end.is_ok());
    }

    #[test]
    fn a_timer_of_the_flow_survives_the_runtime_of_its_caller() {
        let (runtime, callers) = (runtime(), runtime());
        let (ended, end) = std::sync::mpsc::channel();
        let flow = async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            ended.send(()).unwrap();
        };
        let mut flow = UninterruptedFlow::new(flow, runtime.handle());
        callers.block_on(async { assert!((&mut flow).now_or_never().is_none()) });
        drop(callers);
        drop(flow);
        assert_eq!(end.recv_timeout(Duration::from_secs(10)), Ok(()));
    }

    #[test]
    fn the_result_of_a_flow_reaches_its_caller() {
        let (runtime, callers) = (runtime(), runtime());
        let flow = async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(callers.block_on(UninterruptedFlow::new(flow, runtime.handle())), 7);
    }
}
