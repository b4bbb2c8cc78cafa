//! Requests as they come: JSON with the service's field names, numbers checked before they become unsigned.

use std::collections::BTreeMap;
use std::time::Duration;

use event_runtime::embedded::QueueError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::local::error::ServiceError;

/// Reads a request; no body is an empty one.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ServiceError> {
    let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| ServiceError::serialization(&error))
}

/// A parameter that the request must have.
pub(crate) fn required<'a>(value: &'a Option<String>, name: &str) -> Result<&'a str, QueueError> {
    value.as_deref().filter(|value| !value.is_empty()).ok_or_else(|| QueueError::missing_parameter(name))
}

/// Seconds; what is negative can't be a duration, the upper end is the queue's to check.
pub(crate) fn seconds(value: Option<i64>, name: &str, reason: &str) -> Result<Option<Duration>, QueueError> {
    let Some(value) = value else { return Ok(None) };
    match u64::try_from(value) {
        Ok(seconds) => Ok(Some(Duration::from_secs(seconds))),
        Err(_) => Err(QueueError::invalid_parameter(value, name, reason)),
    }
}

/// The batch of an action; `T` is one entry.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchRequest<T> {
    pub(crate) queue_url: Option<String>,
    #[serde(default = "Vec::new")]
    pub(crate) entries: Vec<T>,
}

/// A request that only names its queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueRequest {
    pub(crate) queue_url: Option<String>,
}

/// One attribute of a message, user's or system's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeValue {
    #[serde(default)]
    pub(crate) data_type: String,
    pub(crate) string_value: Option<String>,
    pub(crate) binary_value: Option<String>,
}

pub(crate) type AttributeValues = BTreeMap<String, AttributeValue>;
