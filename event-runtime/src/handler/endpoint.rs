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
/// being handled. Callers do not have to, but where they do, as a consumer does, an allocation is saved: the future
/// is to be polled where it was made then, inside the same scope.
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

    /// Completes what [layers](crate::Layer::drained) left to do when the last message was handled; a consumer
    /// waits for it at the end of its drain.
    ///
    /// # Cancel safety
    /// The future is dropped where the drain's deadline passes first.
    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Handles `incoming` in the context of its message: entered here, unless the caller is in it.
pub(crate) fn in_context<'a>(
    incoming: Incoming,
    handle: impl FnOnce(Incoming) -> BoxFuture<'a, Outcome> + Send + 'a,
) -> BoxFuture<'a, Outcome> {
    if Context::is_of(incoming.message()) {
        return handle(incoming);
    }
    let context = Context::new(incoming.message().clone());
    Box::pin(context.scope(async move { handle(incoming).await }))
}

impl<F, Fut> Endpoint for F
where
    F: Fn(Message) -> Fut + Send + Sync + 'static,
    Fut: Future + Send,
    Fut::Output: IntoOutcome,
{
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        in_context(incoming, move |incoming| {
            Box::pin(async move { self(incoming.into_message()).await.into_outcome() })
        })
    }
}
