//! Waiting for several producers at once, and holding on to those that panic.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::transport::BoxFuture;

/// Runs all futures concurrently on this task; results in the order of the futures.
pub(crate) async fn join_all<T>(futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut slots: Vec<Slot<'_, T>> = futures.into_iter().map(Slot::Running).collect();
    poll_fn(|context| {
        let mut running = false;
        for slot in &mut slots {
            if let Slot::Running(future) = slot {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *slot = Slot::Done(value),
                    Poll::Pending => running = true,
                }
            }
        }
        if running { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    let done = slots.into_iter().filter_map(|slot| match slot {
        Slot::Done(value) => Some(value),
        Slot::Running(_) => None,
    });
    done.collect()
}

enum Slot<'a, T> {
    Running(BoxFuture<'a, T>),
    Done(T),
}

/// The output of `future`, or `None` where it panicked: one producer's panic is no reason to forget what the
/// others did with the message.
pub(super) async fn unless_panics<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn results_keep_the_order_of_the_futures_whoever_ends_first() {
        let (first, wait_first) = oneshot::channel::<()>();
        let futures: Vec<BoxFuture<'_, u8>> = vec![
            Box::pin(async {
                wait_first.await.unwrap();
                1
            }),
            Box::pin(async move {
                first.send(()).unwrap();
                2
            }),
        ];
        assert_eq!(join_all(futures).await, [1, 2]);
        assert!(join_all::<u8>(Vec::new()).await.is_empty());
    }

    #[tokio::test]
    async fn a_panic_becomes_none() {
        assert_eq!(unless_panics(async { 1 }).await, Some(1));
        assert_eq!(unless_panics(async { panic!("on purpose") }).await, None::<()>);
    }
}
