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
        let shape = format!("{SERVICE}InvalidAttributeName").into();
        Self {
            status: 400,
            shape,
            code: "InvalidAttributeName".into(),
            message: format!("Unknown Attribute {name}."),
        }
    }

    pub(crate) fn throttled() -> Self {
        let shape = format!("{SERVICE}RequestThrottled").into();
        Self { status: 400, shape, code: "RequestThrottled".into(), message: "Rate exceeded.".to_owned() }
    }

    pub(crate) fn expired_token() -> Self {
        let message = "The security token included in the request is expired";
        Self::framework(403, "ExpiredTokenException", message)
    }

    pub(crate) fn refused() -> Self {
        Self::framework(400, "InvalidParameterValueException", "A value of one entry is invalid, as ordered.")
    }

    pub(crate) fn internal() -> Self {
        let message = "We encountered an internal error. Please try again.".to_owned();
        Self {
            status: 500,
            shape: format!("{SERVICE}InternalError").into(),
            code: "InternalError".into(),
            message,
        }
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
