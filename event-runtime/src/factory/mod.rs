//! The registry of events: packs, their composition, and the factory that knows every payload type by name.
//!
//! It reads and makes messages; where they go is the [`pool`](crate::pool)'s.

mod any_event;
mod clash;
mod compose;
mod error;
mod message_factory;
mod pack;

pub use any_event::AnyEvent;
pub use compose::Packs;
pub use error::{BuildError, BuildErrorKind, PackConflict, PackConflicts};
pub use message_factory::MessageFactory;
pub use pack::{MessagePack, PackDescriptor};

pub(crate) use any_event::read_any;
pub use clash::Clash;
pub(crate) use pack::not_in_pack;
pub use pack::place_in;
