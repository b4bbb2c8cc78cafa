//! The one thing that a consumer calls.

use std::future::Future;

use crate::envelope::{Context, Message};
use crate::handler::Incoming;
use crate::outcome::{IntoOutcome, Outcome};
use crate::transport::BoxFuture;

/// Whatever a consumer hands its messages to: a [router](crate::router::MessageRouter), a plain
/// `async fn(Message)`, or either of them behind [layers](crate::layer::Layered).
///
/// An endpoint runs its handler inside [`Context::scope`], so that the events it emits inherit from the message
/// being handled; callers do not have to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be handed messages",
    label = "neither a router nor an `async fn(Message)`",
    note = "a consumer takes a `MessageRouter`, or an `async fn(Message)` that returns `()`, `Result<(), E>` or an `Outcome`"
)]
pub trait Endpoint: Send + Sync + 'static {
    /// Handles one message to its outcome.
    ///
    /// # Cancel safety
    /// Dropping the future stops the handler at its current await point.
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome>;

    /// Mistakes that are known before the first message, one line each: overlapping routes, for instance.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether a handler was registered for this payload type; a fallback does not count, and a plain function is
    /// a handler for every one.
    fn has_handler(&self, payload_type: &str) -> bool {
        let _ = payload_type;
        true
    }
}

impl<F, Fut> Endpoint for F
where
    F: Fn(Message) -> Fut + Send + Sync + 'static,
    Fut: Future + Send,
    Fut::Output: IntoOutcome,
{
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        let message = incoming.into_message();
        let context = Context::new(message.clone());
        Box::pin(context.scope(async move { self(message).await.into_outcome() }))
    }
}
