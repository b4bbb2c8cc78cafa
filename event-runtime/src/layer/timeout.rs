//! A limit on how long a handler may take.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::json;

use crate::clock::{Clock, Sleep};
use crate::error::{Failure, FailureCode};
use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Drops a handler that takes too long; its message is retried with the failure `TIMED_OUT`.
///
/// The time runs from the first moment at which the handler waits for something: a handler that never waits
/// cannot be stopped, and needs no timer. A dropped handler stops at its current await point; what it spawned
/// runs on. Layers further out are not part of the time, layers further in are.
#[derive(Clone, Debug)]
pub struct Timeout {
    limit: Duration,
    clock: Clock,
}

impl Timeout {
    /// A timeout of `limit`, by the system's clock.
    pub fn new(limit: Duration) -> Self {
        Self { limit, clock: Clock::system() }
    }

    /// The same timeout by another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn timed_out(&self) -> Outcome {
        let message = format!("the handler did not end within {:?}", self.limit);
        let milliseconds = u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX);
        let details = json!({ "timeout_ms": milliseconds });
        Outcome::retry(Failure::new(FailureCode::TimedOut, message).with_details(details))
    }
}

impl Layer for Timeout {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(Timed { timeout: self, handling: next.run(incoming), timer: None })
    }
}

/// A handling and, from its first wait on, its timer. By hand: half the instructions of an async block.
struct Timed<'a> {
    timeout: &'a Timeout,
    handling: BoxFuture<'a, Outcome>,
    timer: Option<Sleep>,
}

impl Future for Timed<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        if let Poll::Ready(outcome) = this.handling.as_mut().poll(task) {
            return Poll::Ready(outcome);
        }
        let timer = this.timer.get_or_insert_with(|| this.timeout.clock.sleep(this.timeout.limit));
        Pin::new(timer).poll(task).map(|()| this.timeout.timed_out())
    }
}
