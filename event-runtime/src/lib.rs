//! Typed events over message brokers: one annotated struct, and everything else derived from it.

#[doc(hidden)]
pub mod __private;
pub mod clock;
pub mod codec;
pub mod config;
pub mod consumer;
pub mod delivery;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod envelope;
pub mod error;
pub mod event;
pub mod factory;
pub mod forwarder;
pub mod handler;
pub mod layer;
mod nearest;
pub mod outcome;
pub mod pool;
pub mod prelude;
pub mod router;
pub mod schema;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod testing_event;
pub mod transport;

pub use clock::{Clock, ManualClock};
pub use codec::Codec;
pub use delivery::{Attributes, Delivery};
pub use envelope::{Context, Envelope, IntoEnvelope, Message, Metadata};
pub use error::{Failure, FailureCode};
pub use event::{Event, Registered, Validate};
pub use factory::{MessageFactory, MessagePack, PackDescriptor, Packs};
pub use forwarder::Forwarder;
pub use handler::{
    Attempt, Cancellation, Endpoint, Extension, FromIncoming, FromRef, Handler, Headers, Incoming, Payload,
    State,
};
pub use layer::{Layer, Next};
pub use outcome::{HandlerError, IntoOutcome, Outcome};
pub use pool::{
    DynEmitter, EmitError, Emitter, ProducersPool, emit, emit_async, emit_batch, set_default_emitter,
};
pub use router::MessageRouter;
pub use transport::{DeadLetterSink, Producer, Source};
