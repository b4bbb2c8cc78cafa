//! Handlers of one event.

use std::future::Future;

use crate::envelope::{Envelope, Message};
use crate::event::{DecodeError, Event};
use crate::handler::arity::for_each_arity;
use crate::handler::{FromIncoming, Incoming, Payload};
use crate::outcome::{HandlerError, IntoOutcome, Outcome};

/// A function that handles one event; implemented for async functions and closures, not by hand.
///
/// The first of one to eight arguments is [`Payload<E>`] or [`Envelope<E>`] and says which event it is; the others
/// are [extractors](FromIncoming). What is returned decides about the message: see [`IntoOutcome`].
///
/// ```
/// use event_runtime::handler::{Attempt, Payload, State};
/// use event_runtime::{Event, HandlerError};
/// # #[derive(Clone)] struct Db;
/// # impl Db { async fn insert<E>(&self, _: &E) -> std::io::Result<()> { Ok(()) } }
///
/// async fn store<E: Event>(
///     event: Payload<E>,
///     State(db): State<Db>,
///     Attempt(attempt): Attempt,
/// ) -> Result<(), HandlerError> {
///     if attempt > 3 {
///         return Err(HandlerError::dead_letter("the database refuses it again and again"));
///     }
///     db.insert(&*event).await?; // an error is a retry
///     Ok(())
/// }
/// ```
///
/// `A` is the tuple of the arguments, `S` the router's state; both are inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of an event",
    label = "not a handler of an event",
    note = "a handler is an `async fn` (or a closure that returns a future) of one to eight arguments",
    note = "first `Payload<E>` or `Envelope<E>`, then extractors: `State<T>`, `Message`, `Metadata`, `Headers`, `Attempt`, `Cancellation`, `Extension<T>`",
    note = "it returns `()`, `Result<(), HandlerError>`, `Result<(), E>` of any error, or an `Outcome`, and its future is `Send`",
    note = "`State<T>` needs `.with_state(..)` of a matching type before `.on(..)`"
)]
pub trait Handler<A, S>: Send + Sync + 'static {
    /// The event that it handles.
    type Event: Event;

    /// Takes the arguments out of `incoming` and calls the function.
    fn call(&self, incoming: Incoming, state: &S) -> impl Future<Output = Outcome> + Send;
}

/// The first argument of a [`Handler`]: it carries the event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the first argument of an event handler",
    note = "the first argument is `Payload<E>` or `Envelope<E>`; a handler without an event goes to `on_type` or `fallback`"
)]
pub trait EventArgument: Sized {
    /// The event.
    type Event: Event;

    /// Decodes and validates the message.
    ///
    /// # Errors
    /// Those of [`Message::decode`].
    fn from_message(message: &Message) -> Result<Self, DecodeError>;
}

impl<E: Event> EventArgument for Payload<E> {
    type Event = E;

    fn from_message(message: &Message) -> Result<Self, DecodeError> {
        message.decode().map(Payload)
    }
}

impl<E: Event> EventArgument for Envelope<E> {
    type Event = E;

    fn from_message(message: &Message) -> Result<Self, DecodeError> {
        message.to_envelope()
    }
}

macro_rules! implement {
    ($($argument:ident),*) => {
        impl<F, Fut, S, A1, $($argument,)*> Handler<(A1, $($argument,)*), S> for F
        where
            F: Fn(A1, $($argument,)*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send,
            Fut::Output: IntoOutcome,
            S: Sync,
            A1: EventArgument,
            $($argument: FromIncoming<S>,)*
        {
            type Event = A1::Event;

            #[allow(non_snake_case, unused_variables, reason = "arguments are named after their types")]
            async fn call(&self, incoming: Incoming, state: &S) -> Outcome {
                let extract = || -> Result<_, HandlerError> {
                    let A1 = A1::from_message(incoming.message())?;
                    $(let $argument = $argument::from_incoming(&incoming, state)?;)*
                    Ok(self(A1, $($argument,)*))
                };
                match extract() {
                    Ok(future) => future.await.into_outcome(),
                    Err(error) => error.into_outcome(),
                }
            }
        }
    };
}

for_each_arity!(implement);
