//! Handlers: what is called with a message, and what can be taken out of it.

mod incoming;

pub use incoming::Incoming;

use std::future::Future;

use crate::envelope::Message;
use crate::outcome::{IntoOutcome, Outcome};
use crate::transport::BoxFuture;

/// Whatever a consumer hands its messages to: a router, or a plain `async fn(Message)`.
pub trait Endpoint: Send + Sync + 'static {
    /// Handles one message to its outcome.
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome>;

    /// Mistakes that are known before the first message, one line each: overlapping routes, for instance.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<F, Fut> Endpoint for F
where
    F: Fn(Message) -> Fut + Send + Sync + 'static,
    Fut: Future + Send,
    Fut::Output: IntoOutcome,
{
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        Box::pin(async move { self(incoming.into_message()).await.into_outcome() })
    }
}
