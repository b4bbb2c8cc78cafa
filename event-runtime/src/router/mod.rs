//! The router: which handler takes which payload type.
//!
//! It owns the table of handlers, the overlap report, and the dead letters of what nobody takes. The shape of
//! handlers is [`handler`](crate::handler)'s, what stands around them [`layer`](crate::layer)'s.

mod refusal;
mod routes;
#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::envelope::Context;
use crate::event::{Event, Registered};
use crate::factory::MessagePack;
use crate::handler::{Endpoint, Handler, Incoming, PackHandler, RawHandler};
use crate::layer::{Chain, Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

use routes::{Accepts, Origin, Routes};

/// Hands every message to the one handler of its payload type.
///
/// What has no handler goes to the [fallback](Self::fallback); without one it is a dead letter
/// `UNKNOWN_PAYLOAD_TYPE`, or `UNKNOWN_VERSION` where only the version is unknown. What cannot be decoded is a
/// dead letter `DECODE_FAILED`, what breaks its event's rules `VALIDATION_FAILED`.
///
/// The router is an [`Endpoint`]: a consumer runs it. Two handlers of one payload type are no panic but
/// [reported](Endpoint::problems) all at once, when a consumer starts.
///
/// `S` is the state that handlers registered from here on can take by [`State`](crate::handler::State).
///
/// ```
/// use std::time::Duration;
/// use event_runtime::handler::State;
/// use event_runtime::layer::Timeout;
/// use event_runtime::router::MessageRouter;
/// use event_runtime::{Message, Outcome};
///
/// #[derive(Clone)]
/// struct Db;
///
/// async fn legacy(message: Message, State(db): State<Db>) {}
///
/// async fn unknown(message: Message) -> Outcome {
///     Outcome::Discard { reason: format!("nobody wants {}", message.metadata().payload_type) }
/// }
///
/// let router = MessageRouter::new()
///     .with_state(Db)
///     .on_type("legacy.event", legacy)
///     .fallback(unknown)
///     .layer(Timeout::new(Duration::from_secs(30)));
/// assert_eq!(router.payload_types(), ["legacy.event"]);
/// ```
pub struct MessageRouter<S = ()> {
    core: Arc<Core>,
    state: Arc<S>,
}

/// What a router is once its handlers have their state.
#[derive(Clone, Default)]
struct Core {
    routes: Routes,
    layers: Vec<Arc<dyn Layer>>,
}

impl MessageRouter {
    /// A router without handlers, and without state to give them.
    pub fn new() -> Self {
        Self { core: Arc::default(), state: Arc::new(()) }
    }
}

impl<S: Send + Sync + 'static> MessageRouter<S> {
    /// The state for handlers registered after this call; those registered before keep theirs.
    #[must_use]
    pub fn with_state<T: Send + Sync + 'static>(self, state: T) -> MessageRouter<T> {
        MessageRouter { core: self.core, state: Arc::new(state) }
    }

    /// Hands the event of the handler's first argument to it, in every version that the event reads.
    ///
    /// See [`Handler`] for what a handler looks like. The event has to stand in a message pack.
    #[must_use]
    #[track_caller]
    pub fn on<H, A>(self, handler: H) -> Self
    where
        H: Handler<A, S>,
        H::Event: Registered,
        A: 'static,
    {
        let origin = Origin::of::<H>("on", Location::caller());
        let descriptor = <H::Event as Event>::DESCRIPTOR;
        let handler = self.bind::<_, Typed<A>>(handler);
        self.route(descriptor.payload_type, Accepts::VersionsOf(descriptor), handler, origin)
    }

    /// Hands every event of a pack to one handler, whose first argument is the pack's sum type.
    ///
    /// ```ignore
    /// router.on_pack(|event: UserMessagePack| async move {
    ///     match event {
    ///         UserMessagePack::UserRegistered(envelope) => ..,
    ///         // every event of the pack, or it does not compile
    ///     }
    /// })
    /// ```
    #[must_use]
    #[track_caller]
    pub fn on_pack<H, A>(self, handler: H) -> Self
    where
        H: PackHandler<A, S>,
        A: 'static,
    {
        let origin = Origin::of::<H::Pack>("on_pack", Location::caller());
        let handler = self.bind::<_, Pack<A>>(handler);
        let events = <H::Pack as MessagePack>::DESCRIPTOR.events;
        events.iter().fold(self, |router, descriptor| {
            let accepts = Accepts::VersionsOf(descriptor);
            router.route(descriptor.payload_type, accepts, Arc::clone(&handler), origin)
        })
    }

    /// Hands messages of a payload type to a handler that takes them undecoded, in every version.
    ///
    /// See [`RawHandler`] for what such a handler looks like.
    #[must_use]
    #[track_caller]
    pub fn on_type<H, A>(self, payload_type: impl Into<String>, handler: H) -> Self
    where
        H: RawHandler<A, S>,
        A: 'static,
    {
        let origin = Origin::of::<H>("on_type", Location::caller());
        let handler = self.bind::<_, Raw<A>>(handler);
        self.route(payload_type.into(), Accepts::EveryVersion, handler, origin)
    }

    /// Hands messages of an unknown payload type, or of an unknown version of a known one, to a handler that
    /// takes them undecoded. A message that is malformed or invalid does not come here.
    #[must_use]
    #[track_caller]
    pub fn fallback<H, A>(mut self, handler: H) -> Self
    where
        H: RawHandler<A, S>,
        A: 'static,
    {
        let origin = Origin::of::<H>("fallback", Location::caller());
        let handler = self.bind::<_, Raw<A>>(handler);
        Arc::make_mut(&mut self.core).routes.set_fallback(handler, origin);
        self
    }

    /// Puts a layer around the handling of every message, whatever was or will be registered.
    ///
    /// The first layer stands outermost, each further one inside it; unknown payload types and dead letters of
    /// the router itself pass through the layers too.
    #[must_use]
    pub fn layer(mut self, layer: impl Layer) -> Self {
        Arc::make_mut(&mut self.core).layers.push(Arc::new(layer));
        self
    }

    /// Handles one message, or one attempt at it, to its outcome; for tests and for hosts that bring messages
    /// themselves. A consumer does the same.
    ///
    /// # Cancel safety
    /// Dropping the future stops the handler at its current await point.
    pub fn handle(&self, message: impl Into<Incoming>) -> BoxFuture<'_, Outcome> {
        Endpoint::handle(self, message.into())
    }

    /// The payload types that have a handler, sorted.
    pub fn payload_types(&self) -> Vec<&str> {
        self.core.routes.payload_types()
    }

    fn bind<H, K>(&self, handler: H) -> Arc<dyn Endpoint>
    where
        Bound<H, K, S>: Endpoint,
    {
        Arc::new(Bound { handler, state: Arc::clone(&self.state), kind: PhantomData })
    }

    fn route(
        mut self,
        payload_type: impl Into<String>,
        accepts: Accepts,
        handler: Arc<dyn Endpoint>,
        origin: Origin,
    ) -> Self {
        Arc::make_mut(&mut self.core).routes.add(payload_type.into(), accepts, handler, origin);
        self
    }
}

impl<S: Send + Sync + 'static> Endpoint for MessageRouter<S> {
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        if self.core.layers.is_empty() {
            // The routes' handlers enter their context by themselves: one allocation, and no more.
            return self.core.routes.handle(incoming);
        }
        let context = Context::new(incoming.message().clone());
        let chain: Arc<dyn Chain> = Arc::clone(&self.core) as _;
        Box::pin(context.scope(Next::new(chain).run(incoming)))
    }

    fn problems(&self) -> Vec<String> {
        self.core.routes.problems()
    }

    fn has_handler(&self, payload_type: &str) -> bool {
        self.core.routes.has_handler(payload_type)
    }
}

impl Chain for Core {
    fn layers(&self) -> &[Arc<dyn Layer>] {
        &self.layers
    }

    fn endpoint(&self) -> &dyn Endpoint {
        &self.routes
    }
}

impl Default for MessageRouter {
    fn default() -> Self {
        Self::new()
    }
}

/// A cheap copy: handlers and state are shared.
impl<S> Clone for MessageRouter<S> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), state: Arc::clone(&self.state) }
    }
}

/// Prints the payload types; never the state.
impl<S> fmt::Debug for MessageRouter<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessageRouter")
            .field("payload_types", &self.core.routes.payload_types())
            .field("layers", &self.core.layers.len())
            .finish_non_exhaustive()
    }
}

/// A handler with its state; `K` says what kind of handler it is.
struct Bound<H, K, S> {
    handler: H,
    state: Arc<S>,
    kind: PhantomData<fn() -> K>,
}

struct Typed<A>(PhantomData<fn() -> A>);
struct Pack<A>(PhantomData<fn() -> A>);
struct Raw<A>(PhantomData<fn() -> A>);

macro_rules! bound_endpoint {
    ($kind:ident, $handler:ident) => {
        impl<H, A, S> Endpoint for Bound<H, $kind<A>, S>
        where
            H: $handler<A, S>,
            A: 'static,
            S: Send + Sync + 'static,
        {
            fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
                let context = Context::new(incoming.message().clone());
                Box::pin(context.scope(self.handler.call(incoming, &self.state)))
            }
        }
    };
}

bound_endpoint!(Typed, Handler);
bound_endpoint!(Pack, PackHandler);
bound_endpoint!(Raw, RawHandler);
