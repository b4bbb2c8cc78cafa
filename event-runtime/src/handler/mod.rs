//! Handlers: what is called with a message, and what can be taken out of it.
//!
//! It owns the shape of handlers ([`Handler`]), the extractors that are their arguments ([`FromIncoming`]), and [`Endpoint`], the one thing that a consumer calls. Which handler takes which message is the
//! [router](crate::router)'s business.

mod arguments;
mod arity;
mod endpoint;
mod extensions;
mod extract;
mod function;
mod incoming;

pub use arguments::{EventArgument, EventArguments, PackArguments, RawArguments};
pub use endpoint::Endpoint;
pub(crate) use endpoint::in_context;
pub use extract::{Attempt, Cancellation, Extension, FromIncoming, FromRef, Headers, Payload, State};
pub use function::Handler;
pub use incoming::Incoming;
/// The token behind [`Cancellation`], from `tokio-util`.
pub use tokio_util::sync::CancellationToken;
