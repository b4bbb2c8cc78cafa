//! Handlers of messages whose payload the router does not decode.

use std::future::Future;

use crate::handler::arity::for_each_arity;
use crate::handler::{FromIncoming, Incoming};
use crate::outcome::{HandlerError, IntoOutcome, Outcome};

/// A function of extractors alone: a fallback, or the handler of a payload type that has no Rust type.
///
/// Implemented for async functions and closures of none to eight [extractors](FromIncoming), usually the
/// [`Message`](crate::Message), not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of undecoded messages",
    label = "not a handler of undecoded messages",
    note = "such a handler is an `async fn` (or a closure that returns a future) of at most eight extractors: `Message`, `State<T>`, `Metadata`, `Headers`, `Attempt`, `Cancellation`, `Extension<T>`",
    note = "`Payload<E>` and `Envelope<E>` stand in handlers that go to `.on(..)`; here, `message.decode::<E>()` reads an event",
    note = "it returns `()`, `Result<(), HandlerError>`, `Result<(), E>` of any error, or an `Outcome`, and its future is `Send`"
)]
pub trait RawHandler<A, S>: Send + Sync + 'static {
    /// Takes the arguments out of `incoming` and calls the function.
    fn call(&self, incoming: Incoming, state: &S) -> impl Future<Output = Outcome> + Send;
}

impl<F, Fut, S> RawHandler<(), S> for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future + Send,
    Fut::Output: IntoOutcome,
    S: Sync,
{
    async fn call(&self, _: Incoming, _: &S) -> Outcome {
        self().await.into_outcome()
    }
}

macro_rules! implement {
    ($($argument:ident),*) => {
        impl<F, Fut, S, A1, $($argument,)*> RawHandler<(A1, $($argument,)*), S> for F
        where
            F: Fn(A1, $($argument,)*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send,
            Fut::Output: IntoOutcome,
            S: Sync,
            A1: FromIncoming<S>,
            $($argument: FromIncoming<S>,)*
        {
            #[allow(non_snake_case, reason = "arguments are named after their types")]
            async fn call(&self, incoming: Incoming, state: &S) -> Outcome {
                let extract = || -> Result<_, HandlerError> {
                    let A1 = A1::from_incoming(&incoming, state)?;
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
