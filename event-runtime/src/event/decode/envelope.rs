//! The decode errors of envelopes and messages; those of payloads stand one level up.

use std::str::Utf8Error;

use super::{DecodeError, DecodeErrorKind, ErrorCategory, Place, pointer_at, quoted};
use crate::event::pointer::escape;

impl DecodeError {
    /// An envelope whose `member` breaks a rule; `fault` says which, and never quotes the value.
    ///
    /// `error` is where the parser stood. A fault of shape that nobody named is reported as serde sees it.
    pub(crate) fn envelope(
        member: Option<&'static str>,
        fault: Option<&'static str>,
        json: &str,
        error: &serde_json::Error,
    ) -> Self {
        let mut malformed = Self::malformed("envelope", json, error);
        if !error.is_data() {
            return malformed;
        }
        let fault = fault.unwrap_or("has another type than expected");
        if let (Some(place), Some(member)) = (&mut malformed.0.place, member) {
            place.pointer = pointer_to(member);
        } else if let Some(place) = &mut malformed.0.place {
            place.pointer = pointer_at(json, place.line, place.column);
        }
        malformed.0.message = match member {
            Some(member) => format!("malformed envelope: `{member}` {fault}"),
            None => format!("malformed envelope: it {fault}"),
        };
        malformed
    }

    /// A body that is not UTF-8.
    pub(crate) fn not_utf8(bytes: &[u8], error: &Utf8Error) -> Self {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line_start = valid.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
        let category = match error.error_len() {
            Some(_) => ErrorCategory::Encoding,
            None => ErrorCategory::Eof,
        };
        let place = Place {
            category,
            line: valid.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: valid.len() - line_start + 1,
            pointer: String::new(),
        };
        Self::new(DecodeErrorKind::Malformed, "malformed envelope: not UTF-8".to_owned()).at(place)
    }

    /// The same error of the element at `index` of a batch, which begins `before` the end of `json`'s prefix.
    pub(crate) fn in_batch(mut self, index: usize, before: &str) -> Self {
        if let Some(place) = &mut self.0.place {
            place.pointer.insert_str(0, &format!("/{index}"));
            if place.line == 1 {
                place.column += before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
            }
            place.line += before.bytes().filter(|&byte| byte == b'\n').count();
        }
        self
    }

    /// A message of another payload type than the one asked for.
    pub(crate) fn another_payload_type(expected: &str, found: &str) -> Self {
        let message = format!("expected payload type `{expected}`, the message holds {}", quoted(found));
        Self::new(DecodeErrorKind::UnknownPayloadType, message)
    }
}

/// The JSON pointer of a top-level member.
fn pointer_to(member: &str) -> String {
    format!("/{}", escape(member))
}
