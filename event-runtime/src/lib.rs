//! Typed events over message brokers: one annotated struct, and everything else derived from it.
//!
//! ```
//! use event_runtime::embedded::{Broker, EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, QueueSettings};
//! use event_runtime::prelude::*;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// An order was paid.
//! #[derive(Serialize, Deserialize, JsonSchema, Event)]
//! #[event(key = order_id)]
//! struct OrderPaid {
//!     #[validate(required)]
//!     order_id: String,
//!     amount: u64,
//! }
//!
//! message_pack! {
//!     /// What the shop tells the other services.
//!     ShopMessagePack<OrderPaid>
//! }
//!
//! async fn pack(Payload(order): Payload<OrderPaid>, State(done): State<tokio::sync::mpsc::Sender<String>>) {
//!     done.send(order.order_id).await.ok();
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = Broker::new();
//! let orders = broker.create_queue("orders", QueueSettings::new())?;
//! let dead = broker.create_queue("orders-dead", QueueSettings::new())?;
//!
//! let pool = ProducersPool::builder("main")
//!     .producer(EmbeddedProducer::new("orders", orders.clone()))
//!     .route_pack::<ShopMessagePack>("orders")
//!     .build()?;
//! OrderPaid::new("A-17".into(), 4_200).envelope().emit_to(&pool).await?;
//!
//! let (done, mut packed) = tokio::sync::mpsc::channel(1);
//! let router = MessageRouter::new().with_state(done).on(pack);
//! let consumer = Consumer::new(EmbeddedSource::new(orders)).with_dead_letters(EmbeddedDeadLetters::new(dead));
//! let shutdown = async { assert_eq!(packed.recv().await.as_deref(), Some("A-17")) };
//! # let consumer = consumer.with_settings(event_runtime::consumer::ConsumerSettings {
//! #     wait: std::time::Duration::ZERO, ..Default::default()
//! # });
//! let report = consumer.run(router, shutdown).await?;
//! assert_eq!(report.acknowledged, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! | to … | see |
//! |---|---|
//! | learn by example | [`guide`] |
//! | define events, their versions and rules | [`Event`](macro@Event), [`message_pack!`], [`event`] |
//! | know every event by name | [`factory`] |
//! | emit | [`Envelope`], [`pool`] |
//! | consume | [`consumer`], [`MessageRouter`], [`handler`], [`outcome`], [`layer`] |
//! | handle every event once | [`idempotency`], [`layer::Idempotent`] |
//! | retry later than a broker can | [`delay`] |
//! | pass on without reading | [`forwarder`] |
//! | choose formats on the wire | [`codec`] |
//! | configure | [`config`] |
//! | develop and test without a broker | [`embedded`], `testing` (feature `testing`), [`ManualClock`] |
//! | judge a change of a schema | [`schema`] |
//! | add a broker | [`transport`], [`delivery`] |
//!
//! # Features
//!
//! - `embedded` (default): queues in the process with the semantics of SQS.
//! - `signal` (default): [`shutdown_signal`], on Unix and Windows.
//! - `testing`: the probe and the harness for tests of applications.

/// The macros write `::event_runtime`, in this crate's own tests too.
#[cfg(test)]
extern crate self as event_runtime;

#[doc(hidden)]
pub mod __private;
pub mod clock;
pub mod codec;
pub mod config;
pub mod consumer;
pub mod delay;
pub mod delivery;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod envelope;
pub mod error;
pub mod event;
pub mod factory;
pub mod forwarder;
pub mod guide;
pub mod handler;
pub mod idempotency;
pub mod layer;
mod nearest;
pub mod outcome;
pub mod pool;
pub mod prelude;
pub mod router;
pub mod schema;
#[cfg(all(feature = "signal", any(unix, windows)))]
mod shutdown;
mod slab;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod testing_event;
pub mod transport;

pub use bytestring::ByteString;
pub use clock::{Clock, ManualClock};
pub use codec::Codec;
pub use delivery::{Attributes, Delivery};
pub use envelope::{Context, Envelope, IntoEnvelope, Message, Metadata};
pub use error::{Failure, FailureCode};
pub use event::{Event, Registered, Validate};
#[doc = include_str!("docs/derive_event.md")]
pub use event_macros::Event;
#[doc = include_str!("docs/derive_validate.md")]
pub use event_macros::Validate;
#[doc = include_str!("docs/message_pack.md")]
pub use event_macros::message_pack;
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
#[cfg(all(feature = "signal", any(unix, windows)))]
pub use shutdown::shutdown_signal;
pub use transport::{DeadLetterSink, Producer, Source};
