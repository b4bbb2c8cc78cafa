//! Version chains: which event is the previous version of which, and how it becomes the next.

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

/// An event of version `N`; implemented by the derive so that a gap in a chain does not compile.
#[diagnostic::on_unimplemented(
    message = "gap in the version chain: `{Self}` is not version {N}",
    label = "`upcast_from` takes the version right before this one, which is version {N}",
    note = "name the event of version {N}, or correct one of the `version = …`"
)]
pub trait Versioned<const N: u32>: Event {}

/// The event `Old` as the version before version `N + 1`.
pub struct PreviousVersion<Old, const N: u32>(std::marker::PhantomData<Old>);

impl<Old: Versioned<N>, const N: u32> PreviousVersion<Old, N> {
    /// Whether `Old` is an older version of an event named `payload_type`.
    pub const fn is_of(payload_type: &str) -> bool {
        let (left, right) = (Old::PAYLOAD_TYPE.as_bytes(), payload_type.as_bytes());
        if left.len() != right.len() {
            return false;
        }
        let mut index = 0;
        while index < left.len() {
            if left[index] != right[index] {
                return false;
            }
            index += 1;
        }
        true
    }
}

/// Reads a payload of an event that has no older version.
///
/// # Errors
/// A malformed payload, or another version.
pub fn from_json<E: Event>(version: u32, json: &str) -> Result<E, DecodeError> {
    if version != E::VERSION {
        return Err(DecodeError::unknown_version(E::DESCRIPTOR, version));
    }
    serde_json::from_str(json).map_err(|error| DecodeError::malformed_payload(E::DESCRIPTOR, json, &error))
}

/// Reads a payload of an event that is upcast from `Old`.
///
/// # Errors
/// A malformed payload, or a version that the chain does not hold.
pub fn upcast_json<E, Old>(version: u32, json: &str) -> Result<E, DecodeError>
where
    E: Event + UpcastFrom<Old>,
    Old: Event,
{
    if version < E::VERSION && E::DESCRIPTOR.reads(version) {
        Old::from_json(version, json).map(E::upcast)
    } else {
        from_json(version, json)
    }
}
