//! A body that is being written: everything before the payload, the payload, the end.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

use super::{WireFormat, cloudevents, eventbridge, native};
use crate::envelope::{Metadata, PayloadText};

/// A body up to its payload.
pub(super) struct Draft {
    out: Vec<u8>,
    payload_start: usize,
    end: End,
}

/// What ends the body.
enum End {
    Native,
    CloudEvents,
    EventBridge(eventbridge::End),
}

impl Draft {
    /// Writes everything that stands before the payload.
    pub(super) fn open(format: WireFormat, metadata: &Metadata, payload_bytes: usize) -> Self {
        let mut out = Vec::with_capacity(METADATA_BYTES + payload_bytes);
        let end = match format {
            WireFormat::Native => {
                native::open(&mut out, metadata);
                End::Native
            }
            WireFormat::CloudEvents => {
                cloudevents::open(&mut out, metadata);
                End::CloudEvents
            }
            WireFormat::EventBridge => End::EventBridge(eventbridge::open(&mut out, metadata)),
        };
        Self { payload_start: out.len(), out, end }
    }

    /// Where the payload's JSON goes.
    pub(super) fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Ends the body; `metadata` is what it was opened with.
    pub(super) fn close(mut self, metadata: &Metadata) -> (ByteString, PayloadText) {
        let length = self.out.len() - self.payload_start;
        let start = match self.end {
            End::Native => {
                self.out.push(b'}');
                Some(self.payload_start)
            }
            End::CloudEvents => cloudevents::close(&mut self.out, self.payload_start, metadata),
            End::EventBridge(end) => eventbridge::close(&mut self.out, self.payload_start, end),
        };
        let payload = match start {
            Some(start) => PayloadText::Within(start..start + length),
            None => PayloadText::Apart(Cow::Borrowed("null")),
        };
        (text(self.out), payload)
    }
}

/// Room for the metadata of an ordinary event, so that its body is allocated once.
const METADATA_BYTES: usize = 512;

/// Everything that is written here is UTF-8, so nothing is lost; checked, because no unsafe code says it.
fn text(out: Vec<u8>) -> ByteString {
    let out = Bytes::from(out);
    match ByteString::try_from(out.clone()) {
        Ok(text) => text,
        Err(_) => String::from_utf8_lossy(&out).into_owned().into(),
    }
}

/// The range of `part` in `whole`, which it is a slice of.
pub(super) fn range_in(whole: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}
