//! The event itself.

use std::ops::{Deref, DerefMut};

/// The decoded and validated event; the first argument of a [handler](crate::handler::Handler).
///
/// ```
/// use event_runtime::handler::Payload;
/// use event_runtime::Event;
///
/// async fn by_reference<E: Event>(event: Payload<E>) {
///     let _: &E = &event;
/// }
///
/// async fn by_value<E: Event>(Payload(event): Payload<E>) {
///     let _: E = event;
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<E>(pub E);

impl<E> Payload<E> {
    /// The event alone.
    pub fn into_inner(self) -> E {
        self.0
    }
}

impl<E> Deref for Payload<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E> DerefMut for Payload<E> {
    fn deref_mut(&mut self) -> &mut E {
        &mut self.0
    }
}
