//! Layers around an endpoint that is no router.

use std::sync::Arc;

use crate::handler::{Endpoint, Incoming, in_context};
use crate::layer::{Layer, Next, drained};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Any endpoint with layers around it; a router has [its own](crate::router::MessageRouter::layer).
///
/// ```
/// use std::time::Duration;
/// use event_runtime::Message;
/// use event_runtime::layer::{Layered, Timeout};
///
/// async fn handle(message: Message) {}
///
/// let endpoint = Layered::new(handle).layer(Timeout::new(Duration::from_secs(30)));
/// ```
#[derive(Clone)]
pub struct Layered(Arc<Stack>);

#[derive(Clone)]
struct Stack {
    layers: Vec<Arc<dyn Layer>>,
    endpoint: Arc<dyn Endpoint>,
}

impl Layered {
    /// The endpoint without any layer.
    pub fn new(endpoint: impl Endpoint) -> Self {
        Self(Arc::new(Stack { layers: Vec::new(), endpoint: Arc::new(endpoint) }))
    }

    /// Adds a layer inside those that are there: the first one stands outermost.
    #[must_use]
    pub fn layer(mut self, layer: impl Layer) -> Self {
        Arc::make_mut(&mut self.0).layers.push(Arc::new(layer));
        self
    }
}

impl Endpoint for Layered {
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        let next = Next::new(&self.0.layers, self.0.endpoint.as_ref());
        in_context(incoming, move |incoming| next.run(incoming))
    }

    fn problems(&self) -> Vec<String> {
        self.0.endpoint.problems()
    }

    fn has_handler(&self, payload_type: &str) -> bool {
        self.0.endpoint.has_handler(payload_type)
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            drained(&self.0.layers).await;
            self.0.endpoint.drained().await;
        })
    }
}

impl std::fmt::Debug for Layered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Layered").field("layers", &self.0.layers.len()).finish_non_exhaustive()
    }
}
