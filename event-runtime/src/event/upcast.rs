//! Version chains: which event is the previous version of which, and how it becomes the next.

use super::descriptor::same_payload_type;
use super::{DecodeError, Event};

/// The upcaster from the version before: implemented by `impl From<Old> for New`.
#[diagnostic::on_unimplemented(
    message = "there is no upcaster from `{Old}` to `{Self}`",
    label = "`upcast_from` names an event that cannot become this one",
    note = "write `impl From<{Old}> for {Self}`"
)]
pub trait UpcastFrom<Old> {
    /// The older event as this version.
    fn upcast(old: Old) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Old, New: From<Old>> UpcastFrom<Old> for New {
    fn upcast(old: Old) -> Self {
        old.into()
    }
}

/// An event with a version before it; implemented by the derive for `upcast_from = Older`.
pub trait Upcast: Event {
    /// The version before.
    type Older: Event;
}

/// Whether the event that `E` is upcast from is its version before; the derive asserts it.
pub const fn follows_its_older<E: Upcast>() -> bool {
    <E::Older as Event>::VERSION + 1 == E::VERSION
}

/// Whether the event that `E` is upcast from has its payload type; the derive asserts it.
pub const fn has_type_of_its_older<E: Upcast>() -> bool {
    same_payload_type(<E::Older as Event>::PAYLOAD_TYPE, E::PAYLOAD_TYPE)
}

/// Reads a payload of an event that has no older version.
///
/// # Errors
/// A malformed payload, or another version.
#[inline]
pub(super) fn from_json<E: Event>(version: u32, json: &str) -> Result<E, DecodeError> {
    if version != E::VERSION {
        return Err(DecodeError::unknown_version(E::DESCRIPTOR, version));
    }
    E::read_json(json).map_err(|error| DecodeError::malformed_payload(E::DESCRIPTOR, json, error))
}

/// Reads a payload of an event that has a version before it.
///
/// # Errors
/// A malformed payload, or a version that the chain does not hold.
pub fn upcast_json<E>(version: u32, json: &str) -> Result<E, DecodeError>
where
    E: Upcast + UpcastFrom<<E as Upcast>::Older>,
{
    if version < E::VERSION && E::DESCRIPTOR.reads(version) {
        <E::Older as Event>::from_json(version, json).map(E::upcast)
    } else {
        from_json(version, json)
    }
}
