//! The router: which handler takes which payload type.
//!
//! It owns the table of handlers, the overlap report, and the dead letters of what nobody takes. The shape of
//! handlers is [`handler`](crate::handler)'s, what stands around them [`layer`](crate::layer)'s.

mod bound;
mod refusal;
mod routes;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::envelope::Context;
use crate::event::{Event, Registered};
use crate::factory::MessagePack;
use crate::handler::{Endpoint, EventArguments, Handler, Incoming, PackArguments, RawArguments, in_context};
use crate::layer::{Layer, Next, drained};
use crate::outcome::{IntoOutcome, Outcome};
use crate::transport::BoxFuture;

use bound::{Bound, BoundHandler, Pack, Raw, Typed};
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
    /// See [`Handler`] for what a handler looks like, [`EventArguments`] for what it takes. The event has to stand in
    /// a message pack.
    #[must_use]
    #[track_caller]
    pub fn on<H, A>(self, handler: H) -> Self
    where
        H: Handler<A, Future: Future<Output: IntoOutcome> + Send> + Send + Sync + 'static,
        A: EventArguments<S, Event: Registered>,
    {
        let origin = Origin::of::<H>("on", Location::caller());
        let descriptor = <A::Event as Event>::DESCRIPTOR;
        let handler = self.bind::<_, Typed<A>>(handler);
        self.route(descriptor.payload_type, Accepts::VersionsOf(descriptor), handler, origin)
    }

    /// Hands every event of a pack to one handler, whose first argument is the pack's sum type.
    ///
    /// ```
    /// # use schemars::JsonSchema;
    /// # use serde::{Deserialize, Serialize};
    /// use event_runtime::prelude::*;
    /// use event_runtime::message_pack;
    ///
    /// /// A user registered.
    /// #[derive(Serialize, Deserialize, JsonSchema, Event)]
    /// struct UserRegistered { name: String }
    ///
    /// message_pack! {
    ///     /// What users do.
    ///     pub UserMessagePack<UserRegistered>
    /// }
    ///
    /// # fn main() {
    /// let router = MessageRouter::new().on_pack(|event: UserMessagePack| async move {
    ///     match event {
    ///         // Every event of the pack, or it does not compile.
    ///         UserMessagePack::UserRegistered(user) => println!("welcome, {}", user.payload.name),
    ///     }
    /// });
    /// assert_eq!(router.payload_types(), ["UserRegistered"]);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn on_pack<H, A>(self, handler: H) -> Self
    where
        H: Handler<A, Future: Future<Output: IntoOutcome> + Send> + Send + Sync + 'static,
        A: PackArguments<S>,
    {
        let origin = Origin::of::<A::Pack>("on_pack", Location::caller());
        let handler = self.bind::<_, Pack<A>>(handler);
        let events = <A::Pack as MessagePack>::DESCRIPTOR.events;
        events.iter().fold(self, |router, descriptor| {
            let accepts = Accepts::VersionsOf(descriptor);
            router.route(descriptor.payload_type, accepts, Arc::clone(&handler), origin)
        })
    }

    /// Hands messages of a payload type to a handler that takes them undecoded, in every version.
    ///
    /// See [`Handler`] for what a handler looks like, [`RawArguments`] for what it takes.
    #[must_use]
    #[track_caller]
    pub fn on_type<H, A>(self, payload_type: impl Into<String>, handler: H) -> Self
    where
        H: Handler<A, Future: Future<Output: IntoOutcome> + Send> + Send + Sync + 'static,
        A: RawArguments<S>,
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
        H: Handler<A, Future: Future<Output: IntoOutcome> + Send> + Send + Sync + 'static,
        A: RawArguments<S>,
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
    #[inline]
    pub fn handle(&self, message: impl Into<Incoming>) -> impl Future<Output = Outcome> + Send {
        let incoming = message.into();
        let context = Context::new(incoming.message().clone());
        let Core { layers, routes } = &*self.core;
        match layers.is_empty() {
            // A handler runs when it is polled; a layer may run code when it is called.
            true => context.around(routes.call(incoming)),
            false => context.around_call(|| Next::new(layers, routes).run(incoming)),
        }
    }

    /// The payload types that have a handler, sorted.
    pub fn payload_types(&self) -> Vec<&str> {
        self.core.routes.payload_types()
    }

    fn bind<H, K>(&self, handler: H) -> Arc<dyn BoundHandler>
    where
        Bound<H, K, S>: BoundHandler,
    {
        Arc::new(Bound::<H, K, S>::new(handler, Arc::clone(&self.state)))
    }

    fn route(
        mut self,
        payload_type: impl Into<String>,
        accepts: Accepts,
        handler: Arc<dyn BoundHandler>,
        origin: Origin,
    ) -> Self {
        Arc::make_mut(&mut self.core).routes.add(payload_type.into(), accepts, handler, origin);
        self
    }
}

impl<S: Send + Sync + 'static> Endpoint for MessageRouter<S> {
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        let Core { layers, routes } = &*self.core;
        in_context(incoming, move |incoming| match layers.is_empty() {
            true => routes.call(incoming),
            false => Next::new(layers, routes).run(incoming),
        })
    }

    fn problems(&self) -> Vec<String> {
        self.core.routes.problems()
    }

    fn has_handler(&self, payload_type: &str) -> bool {
        self.core.routes.has_handler(payload_type)
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(drained(&self.core.layers))
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
