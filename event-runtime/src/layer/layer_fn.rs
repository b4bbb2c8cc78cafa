//! A function as a layer.

use std::future::Future;

use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Makes a layer of an async function, or of a closure that returns a future.
///
/// ```
/// use std::time::Instant;
/// use event_runtime::layer::{Next, layer_fn};
/// use event_runtime::router::MessageRouter;
/// use event_runtime::{Incoming, Outcome};
///
/// async fn report_slow(incoming: Incoming, next: Next) -> Outcome {
///     let message = incoming.message().clone();
///     let start = Instant::now();
///     let outcome = next.run(incoming).await;
///     if start.elapsed().as_secs() >= 5 {
///         eprintln!("{} took {:?}", message.metadata().payload_type, start.elapsed());
///     }
///     outcome
/// }
///
/// let router = MessageRouter::new().layer(layer_fn(report_slow));
/// ```
pub fn layer_fn<F, Fut>(function: F) -> LayerFn<F>
where
    F: Fn(Incoming, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    LayerFn(function)
}

/// The layer of [`layer_fn`].
#[derive(Clone, Copy, Debug)]
pub struct LayerFn<F>(F);

impl<F, Fut> Layer for LayerFn<F>
where
    F: Fn(Incoming, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    fn call<'a>(&'a self, incoming: Incoming, next: Next) -> BoxFuture<'a, Outcome> {
        Box::pin((self.0)(incoming, next))
    }
}
