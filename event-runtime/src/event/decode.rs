//! Reading payloads: where a JSON text failed, without quoting what it held.

mod envelope;

use std::fmt;

use serde_json::{Value, json};

use crate::error::{Failure, FailureCode};
use crate::event::pointer::{pointer_at, redacted_pointer_at};
use crate::event::{Event, EventDescriptor, ValidationErrors};

/// Reads a payload of `version` as `E`, upcasting an older one, and validates it.
///
/// # Errors
/// Those of [`Event::from_json`], and broken rules.
// Inline, as what it calls: each of its callers is compiled for each event, and it with them.
#[inline]
pub(crate) fn decode<E: Event>(version: u32, json: &str) -> Result<E, DecodeError> {
    let decoded = E::from_json(version, json);
    if E::HAS_RULES
        && let Ok(event) = &decoded
    {
        event.validate().map_err(DecodeError::broken_rules)?;
    }
    // As it is: taken apart and put together again, the event would be copied twice.
    decoded
}

/// How much of a foreign name an error quotes, in characters.
const QUOTED_NAME: usize = 128;

/// Why bytes are not the message or the event that was asked for.
///
/// It names the place (line and column from 1, JSON pointer) and never quotes the parser's text, which would
/// carry values of the payload into logs.
#[derive(Debug)]
pub struct DecodeError(Box<Details>);

#[derive(Debug)]
struct Details {
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

impl ErrorCategory {
    /// The category as it stands in dead letters, for instance `syntax`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Syntax => "syntax",
            Self::Data => "data",
            Self::Eof => "eof",
        }
    }
}

#[derive(Debug, PartialEq)]
struct Place {
    category: ErrorCategory,
    line: usize,
    column: usize,
    pointer: String,
}

impl DecodeError {
    fn new(kind: DecodeErrorKind, message: String) -> Self {
        Self(Box::new(Details { kind, message, place: None, validation: None }))
    }

    fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// A payload or an envelope that does not have its shape; `json` is the text that was parsed.
    pub(crate) fn malformed(what: &str, json: &str, error: &serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Data => ErrorCategory::Data,
            serde_json::error::Category::Eof => ErrorCategory::Eof,
            _ => ErrorCategory::Syntax,
        };
        let (line, column) = (error.line(), error.column());
        let place = Place { category, line, column, pointer: pointer_at(json, line, column) };
        Self::new(DecodeErrorKind::Malformed, format!("malformed {what}")).at(place)
    }

    /// A payload that does not have the shape of its event.
    #[cold]
    pub(crate) fn malformed_payload(
        descriptor: &'static EventDescriptor,
        json: &str,
        error: serde_json::Error,
    ) -> Self {
        let what = format!("payload of `{}` version {}", descriptor.payload_type, descriptor.version);
        let mut malformed = Self::malformed(&what, json, &error);
        if let Some(place) = &mut malformed.0.place {
            place.pointer = redacted_pointer_at(json, place.line, place.column, descriptor.fields);
        }
        malformed
    }

    /// A payload type that nobody registered; `hint` names the nearest known one.
    pub(crate) fn unknown_payload_type(found: &str, hint: &str) -> Self {
        let message = format!("unknown payload type {}{hint}", quoted(found));
        Self::new(DecodeErrorKind::UnknownPayloadType, message)
    }

    /// A version that the event and its older versions do not read.
    #[cold]
    pub(crate) fn unknown_version(descriptor: &'static EventDescriptor, version: u32) -> Self {
        let mut known: Vec<_> = descriptor.versions().map(|event| event.version.to_string()).collect();
        known.reverse();
        let message = format!(
            "unknown version {version} of `{}`, known: {}",
            descriptor.payload_type,
            known.join(", ")
        );
        Self::new(DecodeErrorKind::UnknownVersion, message)
    }

    /// A payload that breaks its own rules.
    pub(crate) fn broken_rules(errors: ValidationErrors) -> Self {
        let mut broken =
            Self::new(DecodeErrorKind::Invalid, format!("the payload breaks its rules: {errors}"));
        broken.0.validation = Some(errors);
        broken
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> DecodeErrorKind {
        self.0.kind
    }

    /// How the text failed to parse, for [`DecodeErrorKind::Malformed`].
    pub fn category(&self) -> Option<ErrorCategory> {
        self.0.place.as_ref().map(|place| place.category)
    }

    /// The line (from 1) and the column (from 1, in bytes) where the text failed to parse, for
    /// [`DecodeErrorKind::Malformed`].
    pub fn position(&self) -> Option<(usize, usize)> {
        self.0.place.as_ref().map(|place| (place.line, place.column))
    }

    /// The JSON pointer of the value that failed to parse, for [`DecodeErrorKind::Malformed`].
    pub fn pointer(&self) -> Option<&str> {
        self.0.place.as_ref().map(|place| place.pointer.as_str())
    }

    /// The broken rules, for [`DecodeErrorKind::Invalid`].
    pub fn validation(&self) -> Option<&ValidationErrors> {
        self.0.validation.as_ref()
    }

    /// The failure that a dead letter records.
    pub fn to_failure(&self) -> Failure {
        let code = match self.0.kind {
            DecodeErrorKind::Malformed => FailureCode::DecodeFailed,
            DecodeErrorKind::UnknownPayloadType => FailureCode::UnknownPayloadType,
            DecodeErrorKind::UnknownVersion => FailureCode::UnknownVersion,
            DecodeErrorKind::Invalid => FailureCode::ValidationFailed,
        };
        Failure::new(code, self.to_string()).with_details(self.details())
    }

    fn details(&self) -> Value {
        match (&self.0.place, &self.0.validation) {
            (Some(place), _) => json!({
                "category": place.category.as_str(),
                "line": place.line,
                "column": place.column,
                "pointer": place.pointer,
            }),
            (_, Some(validation)) => {
                json!({ "errors": validation.errors(), "omitted": validation.omitted() })
            }
            _ => Value::Null,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)?;
        if let Some(place) = &self.0.place {
            write!(formatter, " at line {} column {}", place.line, place.column)?;
            if !place.pointer.is_empty() {
                write!(formatter, " ({})", place.pointer)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

/// A name that came from outside: cut, with control characters escaped.
fn quoted(name: &str) -> String {
    let cut: String = name.chars().take(QUOTED_NAME).collect();
    format!("{cut:?}")
}
