//! Messages of payload types that have no Rust type.

use event_runtime::{Codec, Message, Metadata};

/// A message of `payload_type` whose payload is an empty object.
pub(super) fn message(payload_type: &str) -> Message {
    with_metadata(payload_type, |_| {})
}

/// A message whose metadata the test sets.
pub(super) fn with_metadata(payload_type: &str, set: impl FnOnce(&mut Metadata)) -> Message {
    let mut metadata = Metadata::new(payload_type.to_owned(), 1);
    set(&mut metadata);
    Codec::Native.encode_raw(metadata, "{}", None).unwrap()
}
