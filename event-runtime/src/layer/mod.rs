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
pub use layer_fn::{LayerFn, layer_fn};
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
///     fn call<'a>(&'a self, incoming: Incoming, next: Next) -> BoxFuture<'a, Outcome> {
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
    /// # Cancel safety
    /// The future may be dropped at any await point, by a timeout further out or at the end of a drain.
    fn call<'a>(&'a self, incoming: Incoming, next: Next) -> BoxFuture<'a, Outcome>;
}

/// What stands inside a layer: the layers further in, and the endpoint.
///
/// A clone is cheap, for layers that handle a message more than once.
#[derive(Clone)]
pub struct Next {
    chain: Arc<dyn Chain>,
    depth: usize,
}

/// Layers, the first one outermost, around an endpoint.
pub(crate) trait Chain: Send + Sync {
    fn layers(&self) -> &[Arc<dyn Layer>];
    fn endpoint(&self) -> &dyn Endpoint;
}

impl Next {
    pub(crate) fn new(chain: Arc<dyn Chain>) -> Self {
        Self { chain, depth: 0 }
    }

    /// Whether the endpoint has a handler of its own for this payload type: [`Endpoint::has_handler`].
    pub fn has_handler(&self, payload_type: &str) -> bool {
        self.chain.endpoint().has_handler(payload_type)
    }

    /// Handles `incoming` by the rest of the chain.
    ///
    /// # Cancel safety
    /// Dropping the future stops the handler at its current await point.
    pub async fn run(self, incoming: Incoming) -> Outcome {
        let Self { chain, depth } = self;
        match chain.layers().get(depth) {
            Some(layer) => {
                let next = Self { chain: Arc::clone(&chain), depth: depth + 1 };
                layer.call(incoming, next).await
            }
            None => chain.endpoint().handle(incoming).await,
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.chain.layers().len().saturating_sub(self.depth);
        formatter.debug_struct("Next").field("layers", &layers).finish_non_exhaustive()
    }
}
