//! Handlers: what is called with a message, and what can be taken out of it.
//!
//! It owns the shape of handlers ([`Handler`], [`PackHandler`], [`RawHandler`]), the extractors that are their
//! arguments, and [`Endpoint`], the one thing that a consumer calls. Which handler takes which message is the
//! [router](crate::router)'s business.

mod arity;
mod endpoint;
mod extensions;
mod extract;
mod incoming;
mod pack;
mod raw;
mod typed;

pub use endpoint::Endpoint;
pub use extract::{Attempt, Cancellation, Extension, FromIncoming, FromRef, Headers, Payload, State};
pub use incoming::Incoming;
pub use pack::PackHandler;
pub use raw::RawHandler;
/// The token behind [`Cancellation`], from `tokio-util`.
pub use tokio_util::sync::CancellationToken;
pub use typed::{EventArgument, Handler};
