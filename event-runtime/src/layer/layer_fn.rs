//! A function as a layer.

use std::future::Future;

use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Makes a layer of an async function, or of an async closure that captures nothing.
///
/// What the function needs besides the message goes through [`layer_fn_with`].
///
/// ```
/// use std::time::Instant;
/// use event_runtime::layer::{Next, layer_fn};
/// use event_runtime::router::MessageRouter;
/// use event_runtime::{Incoming, Outcome};
///
/// async fn report_slow(incoming: Incoming, next: Next<'_>) -> Outcome {
///     let message = incoming.message().clone();
///     let start = Instant::now();
///     let outcome = next.run(incoming).await;
///     if start.elapsed().as_secs() >= 5 {
///         eprintln!("{} took {:?}", message.metadata().payload_type, start.elapsed());
///     }
///     outcome
/// }
///
/// let router = MessageRouter::new()
///     .layer(layer_fn(report_slow))
///     .layer(layer_fn(async |incoming: Incoming, next: Next<'_>| match incoming.attempt() {
///         1..100 => next.run(incoming).await,
///         _ => Outcome::discard("tried long enough"),
///     }));
/// ```
pub fn layer_fn<F>(function: F) -> impl Layer
where
    F: for<'a> LayerFunction<'a>,
{
    LayerFn(function)
}

/// Makes a layer of an async function, or of an async closure that captures nothing, and of what it shares between
/// messages: a counter, a client, a setting.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use event_runtime::layer::{Next, layer_fn_with};
/// use event_runtime::router::MessageRouter;
/// use event_runtime::{Incoming, Outcome};
///
/// async fn count(seen: &AtomicU64, incoming: Incoming, next: Next<'_>) -> Outcome {
///     seen.fetch_add(1, Ordering::Relaxed);
///     next.run(incoming).await
/// }
///
/// let router = MessageRouter::new().layer(layer_fn_with(AtomicU64::new(0), count)).layer(layer_fn_with(
///     "eu".to_owned(),
///     async |region: &String, incoming: Incoming, next: Next<'_>| {
///         match incoming.message().metadata().headers.get("region") {
///             Some(other) if other != region => Outcome::discard("another region's message"),
///             _ => next.run(incoming).await,
///         }
///     },
/// ));
/// ```
pub fn layer_fn_with<S, F>(state: S, function: F) -> impl Layer
where
    S: Send + Sync + 'static,
    F: for<'a> LayerFunctionWith<'a, S>,
{
    LayerFnWith { state, function }
}

/// A function that [`layer_fn`] takes; implemented for all of them.
// A future that borrows from the arguments and is `Send` can be named by a trait with the borrow's lifetime, and only for
// functions that capture nothing: the future of a closure borrows from the closure, too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a layer",
    label = "not an `async fn(Incoming, Next<'_>) -> Outcome`",
    note = "write `async fn name(incoming: Incoming, next: Next<'_>) -> Outcome`, or an async closure with these types; its future has to be `Send`",
    note = "a closure that captures something cannot be a layer: pass what it captures to `layer_fn_with(state, async |state: &State, incoming: Incoming, next: Next<'_>| ..)`"
)]
pub trait LayerFunction<'a>: Send + Sync + 'static {
    /// What the function returns.
    type Future: Future<Output = Outcome> + Send + 'a;

    /// Calls the function.
    fn call(&'a self, incoming: Incoming, next: Next<'a>) -> Self::Future;
}

#[diagnostic::do_not_recommend]
impl<'a, F, Fut> LayerFunction<'a> for F
where
    F: Fn(Incoming, Next<'a>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'a,
{
    type Future = Fut;

    fn call(&'a self, incoming: Incoming, next: Next<'a>) -> Fut {
        self(incoming, next)
    }
}

/// A function that [`layer_fn_with`] takes; implemented for all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a layer whose state is `{S}`",
    label = "not an `async fn(&{S}, Incoming, Next<'_>) -> Outcome`",
    note = "write `async fn name(state: &{S}, incoming: Incoming, next: Next<'_>) -> Outcome`, or an async closure with these types; its future has to be `Send`",
    note = "a closure that captures something cannot be a layer: put what it captures into the state"
)]
pub trait LayerFunctionWith<'a, S>: Send + Sync + 'static {
    /// What the function returns.
    type Future: Future<Output = Outcome> + Send + 'a;

    /// Calls the function.
    fn call(&'a self, state: &'a S, incoming: Incoming, next: Next<'a>) -> Self::Future;
}

#[diagnostic::do_not_recommend]
impl<'a, S, F, Fut> LayerFunctionWith<'a, S> for F
where
    S: 'static,
    F: Fn(&'a S, Incoming, Next<'a>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'a,
{
    type Future = Fut;

    fn call(&'a self, state: &'a S, incoming: Incoming, next: Next<'a>) -> Fut {
        self(state, incoming, next)
    }
}

struct LayerFn<F>(F);

impl<F> Layer for LayerFn<F>
where
    F: for<'a> LayerFunction<'a>,
{
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.0.call(incoming, next))
    }
}

struct LayerFnWith<S, F> {
    state: S,
    function: F,
}

impl<S, F> Layer for LayerFnWith<S, F>
where
    S: Send + Sync + 'static,
    F: for<'a> LayerFunctionWith<'a, S>,
{
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.function.call(&self.state, incoming, next))
    }
}
