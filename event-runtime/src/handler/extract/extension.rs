//! Values that layers add.

use std::any::type_name;
use std::ops::Deref;

use crate::handler::{FromIncoming, Incoming};
use crate::outcome::HandlerError;

/// A value that a layer added by [`Incoming::with_extension`]; clone-able, so an `Arc` where it is large.
///
/// Where no layer added one, the message is retried: not the message is wrong but the router.
/// `Option<Extension<T>>` is `None` instead.
///
/// ```
/// use event_runtime::Incoming;
/// use event_runtime::handler::Extension;
/// use event_runtime::layer::{Next, layer_fn};
/// use event_runtime::router::MessageRouter;
///
/// #[derive(Clone)]
/// struct Region(&'static str);
///
/// async fn handle(Extension(region): Extension<Region>) {
///     println!("handled in {}", region.0);
/// }
///
/// let router = MessageRouter::new()
///     .on_type("legacy.event", handle)
///     .layer(layer_fn(async |incoming: Incoming, next: Next<'_>| {
///         next.run(incoming.with_extension(Region("eu"))).await
///     }));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Extension<T>(pub T);

impl<S, T: Clone + 'static> FromIncoming<S> for Extension<T> {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        match incoming.extension::<T>() {
            Some(value) => Ok(Self(value.clone())),
            None => Err(HandlerError::retry(format!("no layer of the router adds a `{}`", type_name::<T>()))),
        }
    }
}

impl<S, T: Clone + 'static> FromIncoming<S> for Option<Extension<T>> {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(incoming.extension::<T>().cloned().map(Extension))
    }
}

impl<T> Deref for Extension<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
