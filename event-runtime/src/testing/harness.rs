//! Delivering messages to an endpoint, as a consumer would.

use std::future::IntoFuture;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::codec::Codec;
use crate::envelope::Message;
use crate::handler::{Endpoint, Incoming};
use crate::layer::catch_panic;
use crate::outcome::Outcome;
use crate::testing::{Deliverable, Delivered};
use crate::transport::BoxFuture;

/// Delivers messages to a router, or to any other endpoint, without a broker and a consumer.
///
/// What a consumer does around a handler happens here too: messages go through their bytes, a panic of the handler
/// is a retry, what does not decode is a dead letter. What needs a queue (backoff, order, leases) does not.
///
/// ```
/// use event_runtime::testing::Harness;
/// use event_runtime::{Codec, FailureCode, Message, MessageRouter, Metadata};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let harness = Harness::new(MessageRouter::new().on_type("legacy.event", async |_: Message| {}));
///
/// let message = Codec::Native.encode_raw(Metadata::new("legacy.evnt", 1), "{}", None)?;
/// harness.deliver(message).await.assert_dead_lettered(FailureCode::UnknownPayloadType);
/// harness.deliver_body("{ not json").await.assert_dead_lettered(FailureCode::DecodeFailed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Harness<P> {
    endpoint: P,
}

impl<P: Endpoint> Harness<P> {
    /// A harness around `endpoint`.
    ///
    /// # Panics
    /// Where the endpoint has problems that a consumer would not start with, overlapping routes for instance.
    #[track_caller]
    pub fn new(endpoint: P) -> Self {
        let problems = endpoint.problems();
        assert!(problems.is_empty(), "no consumer starts with this endpoint:\n{}", problems.join("\n"));
        Self { endpoint }
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &P {
        &self.endpoint
    }

    /// Delivers an event, an envelope or a message once; `.await` it.
    ///
    /// # Panics
    /// Where the event does not encode.
    #[track_caller]
    pub fn deliver(&self, message: impl Deliverable) -> Deliver<'_> {
        self.deliver_body(message.encoded().body().as_bytes().clone())
    }

    /// Delivers the bytes of a body once, well-formed or not; `.await` it.
    pub fn deliver_body(&self, body: impl Into<Bytes>) -> Deliver<'_> {
        Deliver { endpoint: &self.endpoint, body: body.into(), first: 1, last: 1, cancellation: None }
    }
}

/// A delivery that begins when it is awaited.
#[must_use = "a delivery begins when it is awaited"]
pub struct Deliver<'a> {
    endpoint: &'a dyn Endpoint,
    body: Bytes,
    first: u32,
    last: u32,
    cancellation: Option<CancellationToken>,
}

impl Deliver<'_> {
    /// Delivers it as attempt number `attempt`, from 1 on.
    pub fn as_attempt(mut self, attempt: u32) -> Self {
        (self.first, self.last) = (attempt, attempt);
        self
    }

    /// Delivers it again after each retry, until another outcome or this many attempts; delays are not waited for.
    pub fn up_to(mut self, attempts: u32) -> Self {
        self.last = self.first.saturating_add(attempts.saturating_sub(1));
        self
    }

    /// Lets the test cancel it, as a consumer does whose lease is lost.
    pub fn with_cancellation(mut self, cancellation: CancellationToken) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    async fn run(self) -> Delivered {
        let message = match Codec::decode(self.body.clone()) {
            Ok(message) => message,
            Err(error) => {
                return Delivered { outcome: Outcome::dead_letter(error.to_failure()), attempts: 1 };
            }
        };
        let mut attempt = self.first;
        loop {
            let outcome = self.attempt(&message, attempt).await;
            if attempt >= self.last || !matches!(outcome, Outcome::Retry { .. }) {
                return Delivered { outcome, attempts: attempt - self.first + 1 };
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, message: &Message, attempt: u32) -> Outcome {
        let mut incoming = Incoming::new(message.clone()).with_attempt(attempt);
        if let Some(cancellation) = &self.cancellation {
            incoming = incoming.with_cancellation(cancellation.clone());
        }
        catch_panic(async { self.endpoint.handle(incoming).await }).await
    }
}

impl<'a> IntoFuture for Deliver<'a> {
    type Output = Delivered;
    type IntoFuture = BoxFuture<'a, Delivered>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl std::fmt::Debug for Deliver<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Deliver")
            .field("body_bytes", &self.body.len())
            .field("attempts", &(self.first..=self.last))
            .finish_non_exhaustive()
    }
}
