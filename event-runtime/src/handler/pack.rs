//! Handlers of every event of a pack.

use std::future::Future;

use crate::factory::MessagePack;
use crate::handler::arity::for_each_arity;
use crate::handler::{FromIncoming, Incoming};
use crate::outcome::{HandlerError, IntoOutcome, Outcome};

/// A function that handles every event of one pack; implemented for async functions and closures, not by hand.
///
/// The first of one to eight arguments is the pack's sum type, so that a `match` over it names every event or does
/// not compile; the others are [extractors](FromIncoming).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of a message pack",
    label = "not a handler of a message pack",
    note = "a pack's handler is an `async fn`, or a closure `|event: MyMessagePack| async move {{ .. }}`, of one to eight arguments",
    note = "first the pack's type as `message_pack!` generates it, then extractors: `State<T>`, `Message`, `Metadata`, `Headers`, `Attempt`, `Cancellation`, `Extension<T>`",
    note = "it returns `()`, `Result<(), HandlerError>`, `Result<(), E>` of any error, or an `Outcome`, and its future is `Send`"
)]
pub trait PackHandler<A, S>: Send + Sync + 'static {
    /// The pack that it handles.
    type Pack: MessagePack;

    /// Takes the arguments out of `incoming` and calls the function.
    fn call(&self, incoming: Incoming, state: &S) -> impl Future<Output = Outcome> + Send;
}

macro_rules! implement {
    ($($argument:ident),*) => {
        impl<F, Fut, S, P, $($argument,)*> PackHandler<(P, $($argument,)*), S> for F
        where
            F: Fn(P, $($argument,)*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send,
            Fut::Output: IntoOutcome,
            S: Sync,
            P: MessagePack,
            $($argument: FromIncoming<S>,)*
        {
            type Pack = P;

            #[allow(non_snake_case, unused_variables, reason = "arguments are named after their types")]
            async fn call(&self, incoming: Incoming, state: &S) -> Outcome {
                let extract = || -> Result<_, HandlerError> {
                    let pack = P::decode(incoming.message())?;
                    $(let $argument = $argument::from_incoming(&incoming, state)?;)*
                    Ok(self(pack, $($argument,)*))
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
