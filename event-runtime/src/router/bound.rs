//! A handler with its state: what a router stores.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::handler::{EventArguments, Handler, Incoming, PackArguments, RawArguments};
use crate::outcome::{HandlerError, IntoOutcome, Outcome};
use crate::transport::BoxFuture;

/// A handler of a router; called in the context of its message.
pub(super) trait BoundHandler: Send + Sync + 'static {
    fn call(&self, incoming: Incoming) -> BoxFuture<'_, Outcome>;
}

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

macro_rules! route {
    ($kind:ident, $arguments:ident) => {
        impl<H, A, S> BoundHandler for Bound<H, $kind<A>, S>
        where
            H: Handler<A, Future: Future<Output: IntoOutcome> + Send> + Send + Sync + 'static,
            A: $arguments<S>,
            S: Send + Sync + 'static,
        {
            fn call(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
                let start = move |incoming: &Incoming| {
                    A::extract(incoming, &self.state).map(|arguments| self.handler.call(arguments))
                };
                Box::pin(Handling { start, incoming: Some(incoming), handling: None })
            }
        }
    };
}

route!(Typed, EventArguments);
route!(Pack, PackArguments);
route!(Raw, RawArguments);

pin_project! {
    /// Calls a handler when it is polled first, so that what extractors panic with is the handler's panic.
    // By hand: an async block would keep the arguments beside the handler's future, and copy both once more.
    struct Handling<F, Fut> {
        start: F,
        incoming: Option<Incoming>,
        #[pin]
        handling: Option<Fut>,
    }
}

impl<F, Fut> Future for Handling<F, Fut>
where
    F: Fn(&Incoming) -> Result<Fut, HandlerError>,
    Fut: Future<Output: IntoOutcome>,
{
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome> {
        let mut this = self.project();
        if let Some(incoming) = this.incoming.take() {
            match (this.start)(&incoming) {
                Ok(handling) => this.handling.set(Some(handling)),
                Err(error) => return Poll::Ready(error.into_outcome()),
            }
        }
        match this.handling.as_pin_mut() {
            Some(handling) => handling.poll(task).map(IntoOutcome::into_outcome),
            // Polled again after it ended with an error.
            None => Poll::Pending,
        }
    }
}
