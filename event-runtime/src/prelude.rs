//! The names that most files use: `use event_runtime::prelude::*;`.

pub use crate::envelope::{Envelope, IntoEnvelope, Message, Metadata};
pub use crate::{Event, Validate, message_pack};
pub use crate::factory::{MessagePack, Packs};

pub use crate::outcome::{HandlerError, Outcome};
