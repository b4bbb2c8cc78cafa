//! Panics of handlers as outcomes.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::error::{Failure, FailureCode};
use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Turns a panic into a retry with the failure `HANDLER_PANICKED`.
///
/// The failure quotes the panic's message only where it is a literal: a formatted one may hold values of the
/// payload (the message of `unwrap` does). The process's panic hook prints either one as usual. Where panics
/// abort the process (`panic = "abort"`), nothing is caught.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanic;

impl CatchPanic {
    /// The layer; it has nothing to configure.
    pub fn new() -> Self {
        Self
    }
}

impl Layer for CatchPanic {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(Caught { next, incoming: Some(incoming), handling: None })
    }
}

/// Calls what is further in when it is polled first: a layer may panic before it returns its future.
struct Caught<'a> {
    next: Next<'a>,
    incoming: Option<Incoming>,
    handling: Option<BoxFuture<'a, Outcome>>,
}

impl Future for Caught<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        // After a panic the future is never polled again, so nobody sees what it left half-done.
        let polled = catch_unwind(AssertUnwindSafe(|| {
            if let Some(incoming) = this.incoming.take() {
                this.handling = Some(this.next.run(incoming));
            }
            match &mut this.handling {
                Some(handling) => handling.as_mut().poll(task),
                None => Poll::Pending,
            }
        }));
        polled.unwrap_or_else(|panic| {
            this.handling = None;
            Poll::Ready(panicked(panic.as_ref()))
        })
    }
}

/// Runs `handling` to its outcome, and a panic of it to a retry.
pub(crate) async fn catch_panic(handling: impl Future<Output = Outcome>) -> Outcome {
    unless_panicked(handling).await.unwrap_or_else(|panic| panicked(panic.as_ref()))
}

/// Runs `work` to its end, or to its panic.
pub(crate) async fn unless_panicked<T>(work: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut work = pin!(work);
    poll_fn(|context| {
        // After a panic the future is never polled again, so nobody sees what it left half-done.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

fn panicked(panic: &(dyn Any + Send)) -> Outcome {
    let message = match panic.downcast_ref::<&'static str>() {
        Some(text) => format!("the handler panicked: {text}"),
        None => "the handler panicked".to_owned(),
    };
    Outcome::retry(Failure::new(FailureCode::HandlerPanicked, message))
}
