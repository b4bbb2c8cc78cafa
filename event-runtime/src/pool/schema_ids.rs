//! The header that says which schema of a registry an event was written by.

use std::collections::HashMap;

use crate::envelope::Message;

/// Where the id of an event's schema travels, unless another header is chosen.
const HEADER: &str = "schema-id";

/// The ids that a schema registry gave to the schemas of events, and the header that carries them.
///
/// A pool that has them ([`ProducersPoolBuilder::schema_ids`](crate::pool::ProducersPoolBuilder::schema_ids)) adds
/// the header to every event whose payload type and version it finds here. A message that has the header already
/// keeps it: it was written elsewhere, by that schema. Resolving the ids is not the pool's matter; the crate
/// `event-registry` does it at start-up, so that emitting never waits for a registry.
///
/// ```
/// use event_runtime::pool::SchemaIds;
///
/// let mut ids = SchemaIds::default();
/// ids.insert("orders.order.paid", 2, "1042");
/// assert_eq!(ids.header(), "schema-id");
/// assert_eq!(ids.get("orders.order.paid", 2), Some("1042"));
/// assert_eq!(ids.get("orders.order.paid", 1), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaIds {
    header: String,
    by_type: HashMap<String, HashMap<u32, String>>,
}

impl Default for SchemaIds {
    /// No ids, and the header `schema-id`.
    fn default() -> Self {
        Self::new(HEADER)
    }
}

impl SchemaIds {
    /// No ids, and this header.
    pub fn new(header: impl Into<String>) -> Self {
        Self { header: header.into(), by_type: HashMap::new() }
    }

    /// Adds the id of the schema of a payload type's version; an earlier one is replaced.
    pub fn insert(&mut self, payload_type: impl Into<String>, version: u32, id: impl Into<String>) {
        self.by_type.entry(payload_type.into()).or_default().insert(version, id.into());
    }

    /// The header's name.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The id of the schema of a payload type's version.
    pub fn get(&self, payload_type: &str, version: u32) -> Option<&str> {
        self.by_type.get(payload_type)?.get(&version).map(String::as_str)
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.by_type.values().map(HashMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_type.is_empty()
    }

    /// The message with the header, where there is an id for it and it has none. It costs one new body.
    pub(super) fn stamp(&self, message: Message) -> Message {
        let metadata = message.metadata();
        if metadata.headers.contains_key(&self.header) {
            return message;
        }
        match self.get(&metadata.payload_type, metadata.version) {
            Some(id) => {
                let id = id.to_owned();
                message.with_header(self.header.clone(), id)
            }
            None => message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;
    use crate::envelope::Metadata;

    fn message(version: u32) -> Message {
        let metadata = Metadata::new("orders.order.paid", version);
        Codec::Native.encode_raw(metadata, r#"{"amount":12}"#, None).unwrap()
    }

    #[test]
    fn known_versions_get_the_header_and_others_do_not() {
        let mut ids = SchemaIds::new("x-schema");
        ids.insert("orders.order.paid", 2, "1042");
        let stamped = ids.stamp(message(2));
        assert_eq!(stamped.metadata().headers["x-schema"], "1042");
        assert_eq!(stamped.payload(), r#"{"amount":12}"#);
        assert!(
            Codec::decode(stamped.body().as_bytes().clone())
                .unwrap()
                .metadata()
                .headers
                .contains_key("x-schema")
        );
        assert!(ids.stamp(message(1)).metadata().headers.is_empty());
    }

    #[test]
    fn a_message_that_has_the_header_keeps_it() {
        let mut ids = SchemaIds::default();
        ids.insert("orders.order.paid", 1, "1");
        let forwarded = message(1).with_header("schema-id", "7");
        assert_eq!(ids.stamp(forwarded).metadata().headers["schema-id"], "7");
    }
}
