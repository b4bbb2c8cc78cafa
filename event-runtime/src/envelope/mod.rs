//! The envelope around a payload: metadata, the typed envelope, the untyped message, and the context that
//! events of one chain share.
//!
//! Owns what is said about an event and the types that hold it. How they look as bytes is
//! [`codec`](crate::codec)'s matter.

mod context;
mod message;
mod metadata;
mod partition_key;
mod trace;
mod typed;
mod wire_format;

pub use context::Context;
pub use message::Message;
pub(crate) use message::PayloadText;
pub use metadata::Metadata;
pub use trace::{ParseTraceError, ParseTraceErrorKind, TraceParent, TraceState};
pub use typed::{Envelope, IntoEnvelope};
pub use wire_format::{UnknownFormat, WireFormat};
