//! What an event is: the trait behind `#[derive(Event)]`, its descriptor, its rules, its place in a pack.
//!
//! It knows nothing of envelopes and brokers; those are [`envelope`](crate::envelope) and
//! [`transport`](crate::transport).

mod decode;
mod described;
mod descriptor;
mod erased;
mod ordering_key;
mod pointer;
pub mod rules;
mod upcast;
mod validate;
mod validate_std;

pub(crate) use decode::decode;
pub use decode::{DecodeError, DecodeErrorKind, ErrorCategory};
pub use described::{Described, Readable, Written};
pub(crate) use descriptor::same_payload_type;
pub use descriptor::{Compatibility, EventDescriptor, FieldDescriptor, Pii, Tagging, VariantDescriptor};
pub(crate) use erased::Erased;
pub use rules::Rule;
pub use upcast::UpcastFrom;
pub use validate::{Validate, ValidationError, ValidationErrors, Validator};

#[doc(hidden)]
pub use ordering_key::OrderingKey;
pub(crate) use ordering_key::broker_safe;
#[doc(hidden)]
pub use upcast::{Upcast, follows_its_older, has_type_of_its_older, upcast_json};

/// A payload that travels: implemented by `#[derive(Event)]`, not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "this type does not derive `Event`",
    note = "write `#[derive(Serialize, Deserialize, JsonSchema, Event)]` on it"
)]
pub trait Event: Validate + Written + Readable + Described + Send + Sync + 'static {
    /// The payload type on the wire; the struct's name unless `#[event(type = "…")]` says otherwise.
    const PAYLOAD_TYPE: &'static str;

    /// The version of the payload, from 1 on.
    const VERSION: u32 = 1;

    /// Everything that the derive knows of the event, as constant data.
    const DESCRIPTOR: &'static EventDescriptor;

    /// The ordering key, fit to be sent to any broker; `None` for an event without `#[event(key = …)]`.
    fn ordering_key(&self) -> Option<String> {
        None
    }

    /// Reads a payload of `version`, upcasting it where it is older than [`Event::VERSION`]. Does not validate.
    ///
    /// # Errors
    /// [`DecodeErrorKind::Malformed`] where `json` is not a payload of that version,
    /// [`DecodeErrorKind::UnknownVersion`] where no version of this event reads it.
    #[doc(hidden)]
    #[inline]
    fn from_json(version: u32, json: &str) -> Result<Self, DecodeError> {
        upcast::from_json(version, json)
    }
}

/// An event that stands in a message pack; implemented by `message_pack!`.
#[diagnostic::on_unimplemented(
    message = "event `{Self}` is not registered in any message pack",
    label = "this event is in no message pack",
    note = "list it in a pack of its own crate: `message_pack! {{ pub MyMessagePack<{Self}> }}`",
    note = "an old version, which another event names in `upcast_from`, stands in no pack: it decodes, and the newest version is the one to emit and to handle"
)]
pub trait Registered: Event {
    /// The name of the pack that lists the event.
    const PACK: &'static str;
}
