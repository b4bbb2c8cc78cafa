//! The dead letters of messages that no handler takes.

use serde_json::json;

use crate::envelope::Metadata;
use crate::error::{Failure, FailureCode};
use crate::event::EventDescriptor;
use crate::nearest::nearest;
use crate::outcome::Outcome;

/// Names from the wire may be of any length; a failure quotes no more characters of one than this.
const QUOTED_CHARACTERS: usize = 128;

/// Comparing costs memory in the name's length, and no payload type is longer than this.
const COMPARED_BYTES: usize = 256;

/// No handler of this payload type, and no fallback.
pub(super) fn unknown_payload_type<'a>(metadata: &Metadata, known: impl Iterator<Item = &'a str>) -> Outcome {
    let name = quoted(&metadata.payload_type);
    let nearest = match metadata.payload_type.len() {
        0..=COMPARED_BYTES => nearest(&metadata.payload_type, known),
        _ => None,
    };
    let message = match nearest {
        Some(nearest) => {
            format!("no handler takes payload type `{name}`; the nearest known one is `{nearest}`")
        }
        None => format!("no handler takes payload type `{name}`"),
    };
    let details = json!({ "payload_type": name, "nearest": nearest });
    Outcome::dead_letter(Failure::new(FailureCode::UnknownPayloadType, message).with_details(details))
}

/// The event is known, this version of it is not, and there is no fallback.
pub(super) fn unknown_version(metadata: &Metadata, descriptor: &EventDescriptor) -> Outcome {
    let (payload_type, version) = (descriptor.payload_type, metadata.version);
    let known = known_versions(descriptor);
    let message = format!("`{payload_type}` is read in versions {known:?}, not in version {version}");
    let details = json!({ "payload_type": payload_type, "version": version, "known_versions": known });
    Outcome::dead_letter(Failure::new(FailureCode::UnknownVersion, message).with_details(details))
}

/// The versions that an event reads, ascending.
fn known_versions(descriptor: &EventDescriptor) -> Vec<u32> {
    let mut versions = vec![descriptor.version];
    let mut descriptor = descriptor;
    while let Some(older) = descriptor.upcast_from {
        versions.push(older.version);
        descriptor = older;
    }
    versions.sort_unstable();
    versions
}

fn quoted(name: &str) -> String {
    match name.char_indices().nth(QUOTED_CHARACTERS) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_from_the_wire_is_quoted_in_part() {
        let metadata = Metadata::new("é".repeat(100_000), 1);
        let Outcome::DeadLetter { failure } = unknown_payload_type(&metadata, ["user.created"].into_iter())
        else {
            panic!("not a dead letter");
        };
        assert!(failure.message.len() < 400);
        assert_eq!(failure.details["nearest"], serde_json::Value::Null);
    }
}
