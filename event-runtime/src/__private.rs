//! What generated code calls. No part of the public interface: it changes without notice.

pub use core;
pub use std;

pub use schemars::JsonSchema;
pub use serde::Serialize;
pub use serde::de::DeserializeOwned;

pub use std::borrow::Cow;
pub use std::default::Default;
pub use std::marker::{Send, Sync};
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};
pub use std::string::String;

pub use crate::envelope::{Envelope, Message};
pub use crate::event::rules::check::{self, At};
pub use crate::event::rules::{
    AlwaysThere, Bound, Choice, Elements, OwnRules, Pattern, Presence, Rule, WithoutRules, refuse_option,
    refuse_own_rules,
};
pub use crate::event::{
    Compatibility, DecodeError, Event, EventDescriptor, FieldDescriptor, OrderingKey, Pii, Registered,
    Tagging, Upcast, UpcastFrom, Validate, Validator, follows_its_older, has_type_of_its_older, upcast_json,
};
pub use crate::factory::{Clash, MessagePack, PackDescriptor, place_in};

/// No upper bound of a length.
pub const UNBOUNDED: usize = usize::MAX;

/// The ordering key of an event with `#[event(key = …)]`.
// Once a type of key, and not once an event.
#[inline(never)]
pub fn ordering_key<K: OrderingKey + ?Sized>(field: &K) -> Option<String> {
    Some(field.to_key())
}

/// A required field without rules.
pub const fn field(
    name: &'static str,
    type_name: &'static str,
    description: &'static str,
) -> FieldDescriptor {
    FieldDescriptor::new(name, type_name, description)
}

/// Prints a pack's event as its derived `Debug` would.
///
/// # Errors
/// Those of the formatter.
pub fn debug_variant(
    formatter: &mut core::fmt::Formatter<'_>,
    (name, event): (&str, &dyn core::fmt::Debug),
) -> core::fmt::Result {
    formatter.debug_tuple(name).field(event).finish()
}

/// Reads a message as one event of a pack.
///
/// # Errors
/// Those of [`Message::decode`].
#[inline(never)]
pub fn to_variant<E: Event, P>(
    message: &Message,
    variant: impl FnOnce(Envelope<E>) -> P,
) -> Result<P, DecodeError> {
    // Its payload type led here, and is not judged again.
    match message.envelope_of_its_type() {
        Ok(envelope) => Ok(variant(envelope)),
        Err(error) => Err(error),
    }
}

/// The error for a message that is of no event of a pack.
pub fn not_in_pack(pack: &'static PackDescriptor, message: &Message) -> DecodeError {
    crate::factory::not_in_pack(pack, message)
}

/// The test that `message_pack!` generates: see [`schema::gate`](crate::schema::gate).
///
/// # Errors
/// What the gate refuses.
pub fn schema_gate(pack: &'static PackDescriptor, root: &str) -> Result<(), crate::schema::GateError> {
    match std::env::var_os("EVENT_SCHEMAS").is_some_and(|mode| mode == "update") {
        true => crate::schema::update(pack, root),
        false => crate::schema::gate(pack, root),
    }
}
