//! Extractors: what a handler's arguments can be.

mod cancellation;
mod extension;
mod headers;
mod payload;
mod state;

pub use cancellation::Cancellation;
pub use extension::Extension;
pub use headers::Headers;
pub use payload::Payload;
pub use state::{FromRef, State};

use tokio_util::sync::CancellationToken;

use crate::envelope::{Message, Metadata};
use crate::handler::Incoming;
use crate::outcome::HandlerError;

/// An argument of a handler: something that is in a message, in its delivery or in the router's state.
///
/// It takes what is there and does not wait: what has to be fetched is fetched by a
/// [layer](crate::Layer) or by the handler itself. An error decides about the message as a handler's
/// own error does, and the handler is not called.
///
/// ```
/// use event_runtime::HandlerError;
/// use event_runtime::handler::{FromIncoming, Incoming};
///
/// struct Tenant(String);
///
/// impl<S> FromIncoming<S> for Tenant {
///     fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
///         match &incoming.message().metadata().tenant_id {
///             Some(id) => Ok(Self(id.to_string())),
///             None => Err(HandlerError::dead_letter("the message names no tenant")),
///         }
///     }
/// }
///
/// async fn count(tenant: Tenant) {
///     println!("one more for {}", tenant.0);
/// }
/// # let _ = event_runtime::router::MessageRouter::new().on_type("legacy.event", count);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken out of a message by a router whose state is `{S}`",
    label = "not an extractor here",
    note = "extractors are `State<T>`, `Message`, `Metadata`, `Headers`, `Attempt`, `Cancellation`, `CancellationToken`, `Extension<T>`, `Option<Extension<T>>` and types that implement `FromIncoming<S>`",
    note = "the one `Payload<E>` or `Envelope<E>` is the first argument of a handler that goes to `.on(..)`",
    note = "`State<T>` needs `.with_state(..)` of a matching type before the handler is registered"
)]
pub trait FromIncoming<S>: Sized {
    /// Takes the value.
    ///
    /// # Errors
    /// What is to become of a message that does not have it.
    fn from_incoming(incoming: &Incoming, state: &S) -> Result<Self, HandlerError>;
}

/// The undecoded message; a cheap copy.
impl<S> FromIncoming<S> for Message {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(incoming.message().clone())
    }
}

/// A copy of the message's metadata; [`Message::metadata`] reads it without copying.
impl<S> FromIncoming<S> for Metadata {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(incoming.message().metadata().clone())
    }
}

/// Which attempt at the message this is, from 1 on; an upper bound where the broker counts what was no attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(pub u32);

impl<S> FromIncoming<S> for Attempt {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(Self(incoming.attempt()))
    }
}

/// A child of the message's token: see [`Cancellation::token`].
impl<S> FromIncoming<S> for CancellationToken {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(incoming.cancellation().token())
    }
}
