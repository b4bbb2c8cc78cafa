//! The decode errors of envelopes and messages; those of payloads stand one level up.

use std::str::Utf8Error;

use serde::de::IgnoredAny;

use super::{DecodeError, DecodeErrorKind, ErrorCategory, Place};
use crate::event::ValidationErrors;

/// How much of a foreign payload type an error quotes, in characters.
const QUOTED_TYPE: usize = 128;

impl DecodeError {
    /// An envelope whose `member` breaks a rule, which names no value; `at` is its place in `json`, in bytes.
    /// Where `json` is no JSON, that is the error.
    pub(crate) fn envelope(member: Option<&'static str>, rule: &'static str, json: &str, at: usize) -> Self {
        if let Err(error) = serde_json::from_str::<IgnoredAny>(json) {
            return Self::malformed("envelope", json, &error);
        }
        let subject = member.map_or("it".to_owned(), |member| format!("`{member}`"));
        let pointer = member.map(pointer_to).unwrap_or_default();
        Self::at(ErrorCategory::Data, format!("malformed envelope: {subject} {rule}"), json, at, pointer)
    }

    /// An envelope that is no JSON; `at` is where the reader stopped, in bytes.
    pub(crate) fn envelope_syntax(json: &str, at: usize) -> Self {
        match serde_json::from_str::<IgnoredAny>(json) {
            Err(error) => Self::malformed("envelope", json, &error),
            // The grammar allows it: an escape that stands for no character.
            Ok(_) => {
                Self::at(ErrorCategory::Syntax, "malformed envelope".to_owned(), json, at, String::new())
            }
        }
    }

    fn at(category: ErrorCategory, message: String, json: &str, at: usize, pointer: String) -> Self {
        let before = json.as_bytes().get(..at).unwrap_or_default();
        let place = Place { category, line: line_of(before), column: column_of(before), pointer };
        Self { kind: DecodeErrorKind::Malformed, message, place: Some(place), validation: None }
    }

    /// A body that is not UTF-8.
    pub(crate) fn not_utf8(bytes: &[u8], error: &Utf8Error) -> Self {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let category = match error.error_len() {
            Some(_) => ErrorCategory::Encoding,
            None => ErrorCategory::Eof,
        };
        let place =
            Place { category, line: line_of(valid), column: column_of(valid), pointer: String::new() };
        Self {
            kind: DecodeErrorKind::Malformed,
            message: "malformed envelope: not UTF-8".to_owned(),
            place: Some(place),
            validation: None,
        }
    }

    /// The same error of the element at `index` of a batch, which begins `before` the end of `json`'s prefix.
    pub(crate) fn in_batch(mut self, index: usize, before: &str) -> Self {
        if let Some(place) = &mut self.place {
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
        let quoted: String = found.chars().take(QUOTED_TYPE).collect();
        Self {
            kind: DecodeErrorKind::UnknownPayloadType,
            message: format!("expected payload type `{expected}`, the message holds {quoted:?}"),
            place: None,
            validation: None,
        }
    }

    /// A payload that breaks its own rules.
    pub(crate) fn broken_rules(errors: ValidationErrors) -> Self {
        Self {
            kind: DecodeErrorKind::Invalid,
            message: format!("the payload breaks its rules: {errors}"),
            place: None,
            validation: Some(errors),
        }
    }
}

/// The line of what follows, from 1.
fn line_of(before: &[u8]) -> usize {
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The column of what follows, in bytes from 1.
fn column_of(before: &[u8]) -> usize {
    before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1
}

/// The JSON pointer of a top-level member.
fn pointer_to(member: &str) -> String {
    format!("/{}", member.replace('~', "~0").replace('/', "~1"))
}
