//! What stands around handlers: timeouts, limits, duplicates, poison, spans, metrics, and users' own layers.
//!
//! It owns the [`Layer`] trait, the chain that calls layers in order, and one file for each layer that comes with
//! the runtime. Where layers are hung up is the [router](crate::router::MessageRouter::layer)'s business, or
//! [`Layered`]'s for any other endpoint.

mod catch_panic;
mod circuit_breaker;
mod claims;
mod concurrency_limit;
mod idempotent;
mod layer_fn;
mod layered;
mod metrics;
mod poison_guard;
mod rate_limit;
mod timeout;
mod trace_span;

pub use catch_panic::CatchPanic;
pub(crate) use catch_panic::{catch_panic, unless_panicked};
pub use circuit_breaker::{CircuitBreaker, CircuitState};
pub use concurrency_limit::ConcurrencyLimit;
pub use idempotent::Idempotent;
pub use layer_fn::{LayerFunction, LayerFunctionWith, layer_fn, layer_fn_with};
pub use layered::Layered;
pub use metrics::Metrics;
pub use poison_guard::PoisonGuard;
pub use rate_limit::RateLimit;
pub use timeout::Timeout;
pub use trace_span::TraceSpan;

use std::fmt;
use std::sync::Arc;

use crate::handler::{Endpoint, Incoming};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Code around the handling of every message.
///
/// A layer of one's own is a function, made into a layer by [`layer_fn`]; a type implements the trait where it
/// has something to configure:
///
/// ```
/// use event_runtime::layer::{Layer, Next};
/// use event_runtime::transport::BoxFuture;
/// use event_runtime::{Incoming, Outcome};
///
/// struct OnlyTenant(String);
///
/// impl Layer for OnlyTenant {
///     fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
///         Box::pin(async move {
///             if incoming.message().metadata().tenant_id.as_deref() == Some(&self.0) {
///                 next.run(incoming).await
///             } else {
///                 Outcome::Discard { reason: "another tenant's message".to_owned() }
///             }
///         })
///     }
/// }
/// ```
pub trait Layer: Send + Sync + 'static {
    /// Handles `incoming`, usually by `next.run(incoming).await` with something before or after it.
    ///
    /// A layer that has nothing to do returns `next.run(incoming)` as it is, which costs nothing.
    ///
    /// # Cancel safety
    /// The future may be dropped at any await point, by a timeout further out or at the end of a drain.
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome>;

    /// Completes what the layer left to do when the last message was handled: a [consumer](crate::consumer::Consumer) waits for
    /// it at the end of its drain, within the drain's deadline.
    ///
    /// # Cancel safety
    /// The future is dropped where the deadline passes first; whatever it waits for must bear that.
    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// What stands inside a layer: the layers further in, and the endpoint.
///
/// It is a reference, which a layer may use more than once to handle a message more than once.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    layers: &'a [Arc<dyn Layer>],
    endpoint: &'a dyn Endpoint,
}

impl<'a> Next<'a> {
    pub(crate) fn new(layers: &'a [Arc<dyn Layer>], endpoint: &'a dyn Endpoint) -> Self {
        Self { layers, endpoint }
    }

    /// Whether the endpoint has a handler of its own for this payload type: [`Endpoint::has_handler`].
    pub fn has_handler(&self, payload_type: &str) -> bool {
        self.endpoint.has_handler(payload_type)
    }

    /// Handles `incoming` by the rest of the chain: the future of the next layer itself, or of the endpoint.
    ///
    /// A handler is called when its future is polled; a layer of one's own may run code, and panic, in this call.
    ///
    /// # Cancel safety
    /// Dropping the future stops the handler at its current await point.
    #[inline]
    pub fn run(self, incoming: Incoming) -> BoxFuture<'a, Outcome> {
        match self.layers.split_first() {
            Some((layer, layers)) => layer.call(incoming, Self { layers, ..self }),
            None => self.endpoint.handle(incoming),
        }
    }
}

/// Waits for layers, one after the other.
pub(crate) async fn drained(layers: &[Arc<dyn Layer>]) {
    for layer in layers {
        layer.drained().await;
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Next").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}
