//! Async functions as handlers.

use std::future::Future;

use crate::handler::arity::for_each_arity;

/// A function that handles messages; implemented for async functions, and closures that return a future, of at most
/// eight arguments.
///
/// What the arguments may be depends on where the handler is registered:
/// [`on`](crate::MessageRouter::on) wants [`EventArguments`](crate::handler::EventArguments),
/// [`on_pack`](crate::MessageRouter::on_pack) [`PackArguments`](crate::handler::PackArguments),
/// [`on_type`](crate::MessageRouter::on_type) and [`fallback`](crate::MessageRouter::fallback)
/// [`RawArguments`](crate::handler::RawArguments). What is returned decides about the message: see
/// [`IntoOutcome`](crate::IntoOutcome).
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
/// `A` is the tuple of the arguments; it is inferred.
// Nothing is asked here of the arguments and of what is returned: asked where a handler is registered, the compiler
// names the one argument that is wrong instead of the whole function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler",
    label = "not an `async fn` of at most eight arguments",
    note = "write `async fn`, or a closure that returns a future: `|event: Payload<E>| async move {{ .. }}`"
)]
pub trait Handler<A> {
    /// What the function returns.
    type Future: Future;

    /// Calls the function.
    fn call(&self, arguments: A) -> Self::Future;
}

impl<F, Fut> Handler<()> for F
where
    F: Fn() -> Fut,
    Fut: Future,
{
    type Future = Fut;

    fn call(&self, (): ()) -> Fut {
        self()
    }
}

macro_rules! implement {
    ($($argument:ident),*) => {
        impl<F, Fut, A1, $($argument,)*> Handler<(A1, $($argument,)*)> for F
        where
            F: Fn(A1, $($argument,)*) -> Fut,
            Fut: Future,
        {
            type Future = Fut;

            #[allow(non_snake_case, reason = "arguments are named after their types")]
            fn call(&self, (A1, $($argument,)*): (A1, $($argument,)*)) -> Fut {
                self(A1, $($argument,)*)
            }
        }
    };
}

for_each_arity!(implement);
