//! The producer pool: which producers take which event, and what emitting means.
//!
//! It owns the [`Emitter`] interface, the `emit…` methods of [`Envelope`](crate::Envelope), routing by payload type
//! and pack, partial failures, and the background queue of `emit_async`. It does not own encoding
//! ([`codec`](crate::codec)) nor anything about a broker ([`transport`](crate::transport)).
//!
//! # Metrics
//! Through the `metrics` facade; a payload type that no pack lists is counted as `unregistered`, so that foreign
//! messages cannot blow up the number of series.
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `event_emitted_total` | counter | `payload_type`, `producer`, `result`: `ok` or the kind of the produce error |
//! | `event_emit_refused_total` | counter | `payload_type`, `pool`, `reason`: `no_route`, `buffer_full`, `closed` |
//! | `event_emit_async_pending` | gauge | `pool` |
//! | `event_emit_async_failed_total` | counter | `payload_type`, `pool` |

mod background;
mod backlog;
mod builder;
mod check;
mod config;
mod deliver;
mod emit;
mod emitter;
mod error;
mod explain;
pub(crate) mod join;
mod problem;
mod producer_emitter;
mod producers;
mod routes;
mod schema_ids;
mod telemetry;

pub use builder::ProducersPoolBuilder;
pub use config::ProducerPoolConfig;
pub use emit::{
    Emitting, default_emitter, emit, emit_async, emit_batch, emit_batch_to, set_default_emitter,
    take_default_emitter,
};
pub use emitter::{DynEmitter, Emitter};
pub use error::{EmitError, EmitErrorKind, EmitErrors, Remaining};
pub use explain::{Explanation, ProducerExplanation, Verdict};
pub use problem::{PoolError, PoolProblem, PoolProblemKind};
pub use producer_emitter::ProducerEmitter;
pub use producers::ProducersPool;
pub use routes::{Route, Rule};
pub use schema_ids::SchemaIds;
