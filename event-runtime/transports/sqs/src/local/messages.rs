//! Sending and receiving.

use event_runtime::embedded::{
    BatchEntry, OutgoingMessage, QueueError, ReceiveRequest, ReceivedMessage, SentMessage,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::local::backend::Queue;
use crate::local::error::ServiceError;
use crate::local::request::{AttributeValues, BatchRequest, parse, seconds};
use crate::local::results::{Results, fail_entry};
use crate::local::service::Service;
use crate::local::{attributes, digest};

/// One message of a request, alone or in a batch.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendRequest {
    queue_url: Option<String>,
    #[serde(default)]
    id: String,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_attributes: Option<AttributeValues>,
    message_system_attributes: Option<AttributeValues>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receive {
    queue_url: Option<String>,
    attribute_names: Option<Vec<String>>,
    message_system_attribute_names: Option<Vec<String>>,
    message_attribute_names: Option<Vec<String>>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
}

/// What a send returns beside the queue's own answer.
struct Digests {
    body: String,
    attributes: Option<String>,
    system_attributes: Option<String>,
}

impl Digests {
    fn answer(self, sent: SentMessage) -> Map<String, Value> {
        let mut answer = Map::new();
        answer.insert("MessageId".to_owned(), sent.id.to_string().into());
        answer.insert("MD5OfMessageBody".to_owned(), self.body.into());
        let optional = [
            ("MD5OfMessageAttributes", self.attributes),
            ("MD5OfMessageSystemAttributes", self.system_attributes),
            ("SequenceNumber", sent.sequence_number.map(|number| number.to_string())),
        ];
        let present = optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        answer.extend(present);
        answer
    }
}

impl SendRequest {
    fn read(self) -> Result<(OutgoingMessage, Digests), ServiceError> {
        let body = self.message_body.unwrap_or_default();
        let delay = seconds(self.delay_seconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")?;
        let user = attributes::read(self.message_attributes.unwrap_or_default())?;
        let trace = attributes::trace_header(self.message_system_attributes.unwrap_or_default())?;
        let digests = Digests {
            body: digest::of_body(body.as_bytes()),
            attributes: digest::of_attributes(&user),
            system_attributes: attributes::trace_digest(trace.as_deref()),
        };
        let mut message = OutgoingMessage::new(body);
        message = user.into_iter().fold(message, OutgoingMessage::with_attribute);
        if let Some(delay) = delay {
            message = message.with_delay(delay);
        }
        if let Some(group) = self.message_group_id {
            message = message.with_group(group);
        }
        if let Some(id) = self.message_deduplication_id {
            message = message.with_deduplication_id(id);
        }
        if let Some(trace) = trace {
            message = message.with_trace_header(trace);
        }
        Ok((message, digests))
    }
}

impl Service {
    pub(super) async fn send_message(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: SendRequest = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let (message, digests) = request.read()?;
        let sent = queue.send(message).await?;
        Ok(Value::Object(digests.answer(sent)))
    }

    pub(super) async fn send_message_batch(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: BatchRequest<SendRequest> = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let mut entries = Vec::with_capacity(request.entries.len());
        let mut digests = Vec::with_capacity(request.entries.len());
        for entry in request.entries {
            let id = entry.id.clone();
            match entry.read() {
                Ok((message, digest)) => {
                    entries.push(BatchEntry::new(id, message));
                    digests.push(Ok(digest));
                }
                // Stands for the broken entry while the batch is checked as a whole; the queue takes no empty body.
                Err(error) => {
                    entries.push(BatchEntry::new(id, OutgoingMessage::default()));
                    digests.push(Err(error));
                }
            }
        }
        let mut results = Results::default();
        for (result, digests) in queue.send_batch(entries).await?.into_iter().zip(digests) {
            match (digests, result.result) {
                (Err(error), _) => results.failed(fail_entry(&result.id, &error)),
                (Ok(_), Err(error)) => results.failed(fail_entry(&result.id, &error.into())),
                (Ok(digests), Ok(sent)) => results.successful(&result.id, digests.answer(sent)),
            }
        }
        Ok(results.into_json())
    }

    pub(super) async fn receive_message(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Receive = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let mut system = request.attribute_names.clone().unwrap_or_default();
        system.extend(request.message_system_attribute_names.clone().unwrap_or_default());
        attributes::check_system_names(&system)?;
        let names = request.message_attribute_names.clone().unwrap_or_default();
        let received = queue.receive(&request.read()?).await?;
        if received.is_empty() {
            return Ok(json!({}));
        }
        let account = self.account(&queue);
        let messages: Vec<Value> =
            received.iter().map(|message| message_json(message, &names, &system, &account)).collect();
        Ok(json!({ "Messages": messages }))
    }

    pub(super) fn account(&self, queue: &Queue) -> String {
        crate::queue::account(&queue.arn()).unwrap_or_default().to_owned()
    }
}

impl Receive {
    fn read(self) -> Result<ReceiveRequest, QueueError> {
        let mut request = ReceiveRequest::new();
        if let Some(max) = self.max_number_of_messages {
            let reason = "Must be between 1 and 10, if provided.";
            let invalid = |_| QueueError::invalid_parameter(max, "MaxNumberOfMessages", reason);
            request = request.max(usize::try_from(max).map_err(invalid)?);
        }
        let reason = "Must be >= 0 and <= 20, if provided.";
        if let Some(wait) = seconds(self.wait_time_seconds, "WaitTimeSeconds", reason)? {
            request = request.wait(wait);
        }
        let reason = "Must be between 0 and 43200, if provided.";
        if let Some(timeout) = seconds(self.visibility_timeout, "VisibilityTimeout", reason)? {
            request = request.visibility_timeout(timeout);
        }
        if let Some(id) = self.receive_request_attempt_id {
            request = request.attempt_id(id);
        }
        Ok(request)
    }
}

fn message_json(message: &ReceivedMessage, names: &[String], system: &[String], account: &str) -> Value {
    let mut answer = json!({
        "MessageId": message.id().to_string(),
        "ReceiptHandle": message.receipt().to_string(),
        "MD5OfBody": digest::of_body(message.body()),
        "Body": String::from_utf8_lossy(message.body()),
    });
    let system = attributes::system_json(message, system, account);
    if !system.is_empty() {
        answer["Attributes"] = Value::Object(system);
    }
    let selected = attributes::selected(message, names);
    if let Some(digest) = digest::of_attributes(selected.iter().copied()) {
        answer["MD5OfMessageAttributes"] = digest.into();
        answer["MessageAttributes"] = attributes::to_json(&selected);
    }
    answer
}
