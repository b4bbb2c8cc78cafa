//! The names that most files use: `use event_runtime::prelude::*;`.

pub use crate::consumer::Consumer;
pub use crate::envelope::{Envelope, IntoEnvelope, Message, Metadata};
pub use crate::event::{Event, Validate};
pub use crate::factory::{MessagePack, Packs};
pub use crate::handler::{Attempt, Cancellation, Extension, Headers, Payload, State};
pub use crate::outcome::{HandlerError, Outcome};
pub use crate::pool::ProducersPool;
pub use crate::router::MessageRouter;
