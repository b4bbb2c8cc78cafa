//! The decode errors of envelopes and messages; those of payloads stand one level up.

use std::str::Utf8Error;

use serde::de::IgnoredAny;

use super::{DecodeError, DecodeErrorKind, ErrorCategory, Place, quoted};
use crate::event::pointer::escape;

impl DecodeError {
    /// An envelope whose `member` breaks a rule, which names no value; `at` is its place in `json`, in bytes.
    /// Where `json` is no JSON, that is the error.
    pub(crate) fn envelope(member: Option<&'static str>, rule: &'static str, json: &str, at: usize) -> Self {
        if let Some(error) = Self::no_json("envelope", json) {
            return error;
        }
        let subject = member.map_or("it".to_owned(), |member| format!("`{member}`"));
        let place = place(ErrorCategory::Data, before(json, at), member.map(pointer_to).unwrap_or_default());
        Self::new(DecodeErrorKind::Malformed, format!("malformed envelope: {subject} {rule}")).at(place)
    }

    /// An envelope that is no JSON; `at` is where the reader stopped, in bytes.
    pub(crate) fn envelope_syntax(json: &str, at: usize) -> Self {
        // The grammar allows escapes that stand for no character: half of a surrogate pair.
        Self::no_json("envelope", json).unwrap_or_else(|| {
            let place = place(ErrorCategory::Syntax, before(json, at), String::new());
            Self::new(DecodeErrorKind::Malformed, "malformed envelope".to_owned()).at(place)
        })
    }

    /// The error of a text that is no JSON. Its pointer names the member of the envelope and goes no deeper:
    /// names inside a payload can be personal data.
    fn no_json(what: &str, json: &str) -> Option<Self> {
        let error = serde_json::from_str::<IgnoredAny>(json).err()?;
        let mut malformed = Self::malformed(what, json, &error);
        if let Some(place) = &mut malformed.0.place {
            let member = place.pointer.match_indices('/').nth(1).map_or(place.pointer.len(), |(end, _)| end);
            place.pointer.truncate(member);
        }
        Some(malformed)
    }

    /// A body that is not UTF-8.
    pub(crate) fn not_utf8(bytes: &[u8], error: &Utf8Error) -> Self {
        let category = match error.error_len() {
            Some(_) => ErrorCategory::Encoding,
            None => ErrorCategory::Eof,
        };
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let place = place(category, valid, String::new());
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

fn before(json: &str, at: usize) -> &[u8] {
    json.as_bytes().get(..at).unwrap_or_default()
}

/// The place of what follows `before`: the line from 1, the column in bytes from 1.
fn place(category: ErrorCategory, before: &[u8], pointer: String) -> Place {
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    Place { category, line, column, pointer }
}

/// The JSON pointer of a top-level member.
fn pointer_to(member: &str) -> String {
    format!("/{}", escape(member))
}
