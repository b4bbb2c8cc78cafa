//! Errors as the service answers with them.

use std::borrow::Cow;

use event_runtime::embedded::QueueError;
use serde_json::{Value, json};

/// One error answer.
#[derive(Clone, Debug)]
pub(crate) struct ServiceError {
    pub(crate) status: u16,
    /// The name in the JSON protocol, with its namespace.
    shape: Cow<'static, str>,
    /// The code of the older query protocol, which SDKs show.
    code: Cow<'static, str>,
    message: String,
}

/// What the service's own framework answers, before SQS sees the request.
const FRAMEWORK: &str = "com.amazon.coral.service#";
const SERVICE: &str = "com.amazonaws.sqs#";

impl ServiceError {
    fn framework(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        let shape = format!("{FRAMEWORK}{name}").into();
        Self { status, shape, code: name.into(), message: message.into() }
    }

    /// What SQS itself answers, under one name in both protocols.
    fn of_the_service(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, shape: format!("{SERVICE}{name}").into(), code: name.into(), message: message.into() }
    }

    /// A body that is not JSON, or a field of another type.
    pub(crate) fn serialization(error: &serde_json::Error) -> Self {
        Self::framework(400, "SerializationException", error.to_string())
    }

    pub(crate) fn serialization_of(what: &str) -> Self {
        Self::framework(400, "SerializationException", what)
    }

    pub(crate) fn unknown_operation(target: &str) -> Self {
        Self::framework(400, "UnknownOperationException", format!("The action {target} is not known here."))
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::framework(413, "RequestEntityTooLargeException", format!("The request is over {limit} bytes."))
    }

    pub(crate) fn method(method: &str) -> Self {
        let text = format!("Method {method} is not allowed: the protocol is AWS JSON 1.0 over POST.");
        Self::framework(405, "MethodNotAllowedException", text)
    }

    pub(crate) fn invalid_attribute_name(name: &str) -> Self {
        Self::of_the_service(400, "InvalidAttributeName", format!("Unknown Attribute {name}."))
    }

    pub(crate) fn throttled() -> Self {
        Self::of_the_service(400, "RequestThrottled", "Rate exceeded.")
    }

    pub(crate) fn expired_token() -> Self {
        let message = "The security token included in the request is expired";
        Self::framework(403, "ExpiredTokenException", message)
    }

    pub(crate) fn refused() -> Self {
        Self::framework(400, "InvalidParameterValueException", "A value of one entry is invalid, as ordered.")
    }

    pub(crate) fn internal() -> Self {
        Self::of_the_service(500, "InternalError", "We encountered an internal error. Please try again.")
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "__type": self.shape, "message": self.message })
    }

    /// The header by which SDKs of the query protocol's time know the error.
    pub(crate) fn query_error(&self) -> String {
        let fault = if self.status < 500 { "Sender" } else { "Receiver" };
        format!("{};{fault}", self.code)
    }
}

/// What the file failed with, in words that name it and the remedy: whoever reads them runs this endpoint.
#[cfg(feature = "durable")]
impl From<event_transport_sqlite::SqliteError> for ServiceError {
    fn from(error: event_transport_sqlite::SqliteError) -> Self {
        match error.refusal() {
            Some(refusal) => refusal.clone().into(),
            None if error.is_retryable() => {
                Self::of_the_service(503, "ServiceUnavailable", error.to_string())
            }
            None => Self::of_the_service(500, "InternalError", error.to_string()),
        }
    }
}

impl From<QueueError> for ServiceError {
    fn from(error: QueueError) -> Self {
        // Parameters are checked by the service's framework, everything else by SQS itself.
        let space = if error.shape().ends_with("Exception") { FRAMEWORK } else { SERVICE };
        Self {
            status: error.http_status(),
            shape: format!("{space}{}", error.shape()).into(),
            code: error.code().into(),
            message: error.message().to_owned(),
        }
    }
}
