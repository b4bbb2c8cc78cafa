//! What the application shares with its handlers.

use std::ops::{Deref, DerefMut};

use crate::handler::{FromIncoming, Incoming};
use crate::outcome::HandlerError;

/// A part of the router's state: the state itself, or whatever it [gives](FromRef).
///
/// ```
/// use event_runtime::handler::{FromRef, State};
/// use event_runtime::router::MessageRouter;
///
/// #[derive(Clone)]
/// struct Db;
///
/// struct App { db: Db }
///
/// impl FromRef<App> for Db {
///     fn from_ref(app: &App) -> Self {
///         app.db.clone()
///     }
/// }
///
/// async fn store(State(db): State<Db>) {}
///
/// let router = MessageRouter::new().with_state(App { db: Db }).on_type("legacy.event", store);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct State<T>(pub T);

/// A value that can be had from a state `S`; every clonable state gives itself.
#[diagnostic::on_unimplemented(
    message = "a router whose state is `{S}` has no `{Self}` to give",
    note = "call `.with_state(..)` before the handler is registered, or implement `FromRef<{S}> for {Self}`"
)]
pub trait FromRef<S> {
    /// The value, usually a cheap clone.
    fn from_ref(state: &S) -> Self;
}

impl<T: Clone> FromRef<T> for T {
    fn from_ref(state: &T) -> Self {
        state.clone()
    }
}

impl<S, T: FromRef<S>> FromIncoming<S> for State<T> {
    fn from_incoming(_: &Incoming, state: &S) -> Result<Self, HandlerError> {
        Ok(Self(T::from_ref(state)))
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for State<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
