//! Deleting messages and changing how long they are hidden.

use std::time::Duration;

use event_runtime::embedded::{BatchEntry, BatchResult, QueueError, Receipt, VisibilityChange};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::local::error::ServiceError;
use crate::local::request::{BatchRequest, parse, required, seconds};
use crate::local::results::{Results, fail_entry};
use crate::local::service::Service;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Handle {
    queue_url: Option<String>,
    #[serde(default)]
    id: String,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl Handle {
    fn receipt(&self) -> Result<Receipt, QueueError> {
        required(&self.receipt_handle, "ReceiptHandle")?.parse()
    }

    fn change(&self) -> Result<VisibilityChange, QueueError> {
        let reason = "Must be between 0 and 43200, if provided.";
        let timeout = seconds(self.visibility_timeout, "VisibilityTimeout", reason)?;
        let timeout = timeout.ok_or_else(|| QueueError::missing_parameter("VisibilityTimeout"))?;
        Ok(VisibilityChange { receipt: self.receipt()?, timeout })
    }
}

impl Service {
    pub(super) async fn delete_message(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Handle = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        queue.delete(request.receipt()?).await?;
        Ok(json!({}))
    }

    pub(super) async fn change_message_visibility(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Handle = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let change = request.change()?;
        queue.change_visibility(change).await?;
        Ok(json!({}))
    }

    pub(super) async fn delete_message_batch(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: BatchRequest<Handle> = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let (entries, broken) = read(request.entries, Handle::receipt, NOBODYS);
        Ok(results(queue.delete_batch(entries).await?, broken))
    }

    pub(super) async fn change_message_visibility_batch(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: BatchRequest<Handle> = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let nothing = || VisibilityChange { receipt: NOBODYS(), timeout: Duration::ZERO };
        let (entries, broken) = read(request.entries, Handle::change, nothing);
        Ok(results(queue.change_visibility_batch(entries).await?, broken))
    }
}

/// Stands for an entry that could not be read, while the batch is checked as a whole.
const NOBODYS: fn() -> Receipt = || Receipt::from_numbers(u64::MAX, u64::MAX);

fn read<T>(
    handles: Vec<Handle>,
    read: impl Fn(&Handle) -> Result<T, QueueError>,
    instead: impl Fn() -> T,
) -> (Vec<BatchEntry<T>>, Vec<Option<QueueError>>) {
    let entry = |handle: Handle| match read(&handle) {
        Ok(request) => (BatchEntry::new(handle.id, request), None),
        Err(error) => (BatchEntry::new(handle.id, instead()), Some(error)),
    };
    handles.into_iter().map(entry).unzip()
}

fn results<T>(answers: Vec<BatchResult<T>>, broken: Vec<Option<QueueError>>) -> Value {
    let mut results = Results::default();
    for (answer, broken) in answers.into_iter().zip(broken) {
        match (broken, answer.result) {
            (Some(error), _) | (None, Err(error)) => results.failed(fail_entry(&answer.id, &error.into())),
            (None, Ok(_)) => results.successful(&answer.id, Map::new()),
        }
    }
    results.into_json()
}
