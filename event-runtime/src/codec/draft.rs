//! A body that is being written: everything before the payload, the payload, the end.

use std::borrow::Cow;
use std::ops::Range;

use bytestring::ByteString;

use super::{WireFormat, cloudevents, eventbridge, native};
use crate::envelope::{Metadata, PayloadText};

/// A body up to its payload.
pub(super) struct Draft {
    out: Vec<u8>,
    payload_start: usize,
    format: WireFormat,
    end: &'static str,
}

impl Draft {
    /// Writes everything that stands before the payload.
    pub(super) fn open(format: WireFormat, metadata: &Metadata, payload_bytes: usize) -> Self {
        let mut out = Vec::with_capacity(METADATA_BYTES + payload_bytes);
        let end = match format {
            WireFormat::Native => {
                native::open(&mut out, metadata);
                "}"
            }
            WireFormat::CloudEvents => {
                cloudevents::open(&mut out, metadata);
                ""
            }
            WireFormat::EventBridge => eventbridge::open(&mut out, metadata),
        };
        Self { payload_start: out.len(), out, format, end }
    }

    /// Where the payload's JSON goes.
    pub(super) fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Ends the body.
    pub(super) fn close(mut self) -> (ByteString, PayloadText) {
        let payload_end = self.out.len();
        let payload = if self.format == WireFormat::CloudEvents {
            cloudevents::close(&mut self.out, self.payload_start)
                .map(|start| start..payload_end - (self.payload_start - start))
        } else {
            self.out.extend_from_slice(self.end.as_bytes());
            Some(self.payload_start..payload_end)
        };
        (text(self.out), payload.map_or(PayloadText::Apart(Cow::Borrowed("null")), PayloadText::Within))
    }
}

/// Room for the metadata of an ordinary event, so that its body is allocated once.
const METADATA_BYTES: usize = 512;

/// Everything that is written here is UTF-8, so nothing is lost; checked, because no unsafe code says it.
fn text(out: Vec<u8>) -> ByteString {
    match String::from_utf8(out) {
        Ok(text) => text.into(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into(),
    }
}

/// The range of `part` in `whole`, which it is a slice of.
pub(super) fn range_in(whole: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}
