//! A handler with its state: what a router stores.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::envelope::Context;
use crate::handler::{Endpoint, EventArguments, Handler, Incoming, PackArguments, RawArguments};
use crate::outcome::{IntoOutcome, Outcome};
use crate::transport::BoxFuture;

/// A handler with its state; `K` says how its arguments are taken out of a message.
pub(super) struct Bound<H, K, S> {
    handler: H,
    state: Arc<S>,
    kind: PhantomData<fn() -> K>,
}

/// Arguments `A` with an event first.
pub(super) struct Typed<A>(PhantomData<fn() -> A>);

/// Arguments `A` with a pack first.
pub(super) struct Pack<A>(PhantomData<fn() -> A>);

/// Arguments `A` without an event.
pub(super) struct Raw<A>(PhantomData<fn() -> A>);

impl<H, K, S> Bound<H, K, S> {
    pub(super) fn new(handler: H, state: Arc<S>) -> Self {
        Self { handler, state, kind: PhantomData }
    }
}

macro_rules! endpoint {
    ($kind:ident, $arguments:ident) => {
        impl<H, A, S> Endpoint for Bound<H, $kind<A>, S>
        where
            H: Handler<A, Future: Future<Output: IntoOutcome> + Send> + Send + Sync + 'static,
            A: $arguments<S>,
            S: Send + Sync + 'static,
        {
            fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
                let context = Context::new(incoming.message().clone());
                // Everything happens inside the future, so that its panics are the handler's.
                Box::pin(context.scope(async move {
                    let handling = match A::extract(&incoming, &self.state) {
                        Ok(arguments) => self.handler.call(arguments),
                        Err(error) => return error.into_outcome(),
                    };
                    handling.await.into_outcome()
                }))
            }
        }
    };
}

endpoint!(Typed, EventArguments);
endpoint!(Pack, PackArguments);
endpoint!(Raw, RawArguments);
