//! The names that most files of an application use: `use event_runtime::prelude::*;`.
//!
//! It has what events, handlers, layers and a `main` are written with. What belongs to one transport, to settings or to
//! tests is left to its module.

pub use crate::clock::Clock;
pub use crate::config::{Config, ConsumerBundle, ProcessEnvironment, ProducerPoolBundle};
pub use crate::consumer::Consumer;
pub use crate::envelope::{Envelope, IntoEnvelope, Message, Metadata};
pub use crate::factory::{MessagePack, Packs};
pub use crate::handler::{Attempt, Cancellation, Extension, Headers, Incoming, Payload, State};
pub use crate::layer::{Layer, Next, layer_fn, layer_fn_with};
pub use crate::outcome::{HandlerError, Outcome};
pub use crate::pool::{EmitError, Emitter, ProducersPool};
pub use crate::router::MessageRouter;
#[cfg(all(feature = "signal", any(unix, windows)))]
pub use crate::shutdown::shutdown_signal;
pub use crate::{Event, Validate, message_pack};
