//! CloudEvents 1.0, structured JSON.
//!
//! | metadata | attribute |
//! |---|---|
//! | `id`, `source` | `id`, `source`; without a source, `urn:service:<service>` |
//! | `payload_type` | `type` |
//! | `occurred_at` | `time` |
//! | `version` | `eventversion`, and the end of `dataschema`: `<base>/<type>.v<version>` |
//! | `correlation_id`, `causation_id`, `partition_key`, `tenant_id`, `user_id` | the same without the underscore |
//! | `traceparent`, `tracestate` | the same (distributed tracing extension) |
//! | `headers`, `to`, `sender` | `eventmeta` |
//! | `extensions` | attributes of their own where CloudEvents allows name and value, else `eventmeta` |
//! | payload | `data` |
//!
//! An attribute's value is a string, a boolean or an integer, so `eventmeta` is a string that holds a JSON
//! object with the native format's names. Whatever an attribute can't say (an empty text, a source that is no
//! URI reference) stands there too. Read back, an `eventmeta` that is an object itself is understood as well.
//!
//! Binary data stays what it is: the payload is the JSON string with its base64 text, and the extension
//! `data_base64`, `true`, says so. Base64 of JSON becomes that JSON.

mod attribute;
mod base64;
mod read;
mod write;

pub(super) use read::read;
pub(super) use write::{close, open};

use std::sync::Arc;

use serde_json::value::RawValue;

use super::write::push_string;
use crate::envelope::Metadata;

/// The extension that marks a payload as base64 text.
const DATA_BASE64: &str = "data_base64";
const DATASCHEMA: &str = "dataschema";

/// How a service writes CloudEvents.
///
/// ```
/// use event_runtime::codec::{CloudEvents, Codec};
///
/// let codec = Codec::CloudEvents(CloudEvents::new("payments").with_schema_base("https://schemas.example.com"));
/// # let _ = codec;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEvents {
    source: Arc<str>,
    schema_base: Arc<str>,
}

impl CloudEvents {
    /// The format of the service `name`: its events' `source` is `urn:service:<name>` unless they have one, and
    /// their `dataschema` is `urn:service:<name>/<type>.v<version>`.
    pub fn new(name: &str) -> Self {
        let mut source = String::from("urn:service:");
        attribute::push_uri_segment(&mut source, if name.is_empty() { "unnamed" } else { name });
        let source = Arc::<str>::from(source);
        Self { schema_base: source.clone(), source }
    }

    /// The source of events that have none; `source` is a URI reference, anything else is written as one.
    #[must_use]
    pub fn with_source(mut self, source: &str) -> Self {
        self.source = write::uri_reference(source).into();
        self
    }

    /// Where schemas are found: `dataschema` is `<base>/<type>.v<version>`. `base` is an absolute URI; where it
    /// is none, no `dataschema` is written.
    #[must_use]
    pub fn with_schema_base(mut self, base: &str) -> Self {
        self.schema_base = base.trim_end_matches('/').into();
        self
    }

    /// Sets what this service adds to metadata that leaves it open.
    pub(super) fn prepare(&self, metadata: &mut Metadata) {
        if metadata.source.as_deref().is_none_or(str::is_empty) {
            metadata.source = Some(self.source.as_ref().into());
        }
        let stale =
            metadata.extensions.get(DATASCHEMA).and_then(|value| attribute::text(value)).is_none_or(
                |schema| schema_version(&schema).is_some_and(|version| version != metadata.version),
            );
        if !stale {
            return;
        }
        metadata.extensions.remove(DATASCHEMA);
        let mut schema = format!("{}/", self.schema_base);
        attribute::push_uri_segment(&mut schema, &metadata.payload_type);
        schema.push_str(&format!(".v{}", metadata.version));
        if attribute::is_valid(DATASCHEMA, &schema) {
            set_text(metadata, DATASCHEMA, &schema);
        }
    }
}

/// The version that a schema's name ends with: `….v2`.
fn schema_version(schema: &str) -> Option<u32> {
    let (_, version) = schema.rsplit_once(".v")?;
    if version.starts_with('0') || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    version.parse().ok()
}

/// Whether the data of the event is JSON, as far as its content type says.
fn holds_json(metadata: &Metadata) -> bool {
    let content_type = metadata.extensions.get("datacontenttype").and_then(|value| attribute::text(value));
    content_type.is_none_or(|content_type| attribute::is_json(&content_type))
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(bytes).is_ok()
}

fn set_text(metadata: &mut Metadata, name: &str, text: &str) {
    let mut json = Vec::with_capacity(text.len() + 2);
    push_string(&mut json, text);
    let json = String::from_utf8(json).ok().and_then(|json| RawValue::from_string(json).ok());
    if let Some(json) = json {
        metadata.extensions.insert(name.to_owned(), json);
    }
}
