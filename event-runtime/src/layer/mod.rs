//! What stands around handlers: timeouts, limits, spans, metrics, and users' own layers.

use std::sync::Arc;

use crate::handler::{Endpoint, Incoming};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Code around the handling of every message.
///
/// A closure is a layer: `|incoming, next| Box::pin(async move { … next.run(incoming).await … })`, and
/// [`layer_fn`](crate::layer) writes the box.
pub trait Layer: Send + Sync + 'static {
    /// Handles `incoming`, usually by `next.run(incoming).await` with something before or after it.
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome>;
}

/// What stands inside a layer: the layers further in, and the endpoint.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    layers: &'a [Arc<dyn Layer>],
    endpoint: &'a dyn Endpoint,
}

impl<'a> Next<'a> {
    /// The chain of `layers`, the first one outermost, around `endpoint`.
    pub fn new(layers: &'a [Arc<dyn Layer>], endpoint: &'a dyn Endpoint) -> Self {
        Self { layers, endpoint }
    }

    /// Handles `incoming` by the rest of the chain.
    pub fn run(self, incoming: Incoming) -> BoxFuture<'a, Outcome> {
        match self.layers.split_first() {
            Some((layer, layers)) => layer.call(incoming, Next { layers, endpoint: self.endpoint }),
            None => self.endpoint.handle(incoming),
        }
    }
}

/// TEMPORARY
pub(crate) async fn catch_panic(f: BoxFuture<'_, Outcome>) -> Outcome {
    f.await
}
