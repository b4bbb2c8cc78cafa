//! Answers as the API writes them.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

/// What the API answers in.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

pub(super) struct Answer {
    status: StatusCode,
    body: Option<Value>,
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body: None }
    }

    pub(super) fn refusal(status: StatusCode, code: u32, message: &str) -> Self {
        Self { status, body: Some(json!({ "error_code": code, "message": message })) }
    }

    pub(super) fn no_subject(subject: &str) -> Self {
        Self::refusal(StatusCode::NOT_FOUND, 40401, &format!("Subject '{subject}' not found."))
    }

    pub(super) fn no_version(version: &str) -> Self {
        Self::refusal(StatusCode::NOT_FOUND, 40402, &format!("Version {version} not found."))
    }

    pub(super) fn no_schema() -> Self {
        Self::refusal(StatusCode::NOT_FOUND, 40403, "Schema not found")
    }

    pub(super) fn invalid_schema() -> Self {
        Self::refusal(StatusCode::UNPROCESSABLE_ENTITY, 42201, "Invalid schema of type JSON")
    }

    pub(super) fn invalid_version(version: &str) -> Self {
        let text = format!("The specified version '{version}' is not a valid version id.");
        Self::refusal(StatusCode::UNPROCESSABLE_ENTITY, 42202, &text)
    }

    pub(super) fn incompatible(reason: &str) -> Self {
        let text = format!("Schema being registered is incompatible with an earlier schema: {reason}");
        Self::refusal(StatusCode::CONFLICT, 409, &text)
    }
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let body = answer.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut response = Response::new(body);
        *response.status_mut() = answer.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

/// A segment of a path without its percent signs.
pub(super) fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) if byte == b'%' => {
                bytes.push(decoded);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
