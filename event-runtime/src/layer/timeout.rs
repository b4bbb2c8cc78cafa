//! A limit on how long a handler may take.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
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
    fn call<'a>(&'a self, incoming: Incoming, next: Next) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let mut handling = pin!(next.run(incoming));
            let mut timer: Option<Sleep> = None;
            poll_fn(|context| {
                if let Poll::Ready(outcome) = handling.as_mut().poll(context) {
                    return Poll::Ready(outcome);
                }
                let timer = timer.get_or_insert_with(|| self.clock.sleep(self.limit));
                Pin::new(timer).poll(context).map(|()| self.timed_out())
            })
            .await
        })
    }
}
