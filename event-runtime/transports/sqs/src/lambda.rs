//! Lambda: an SQS event to the router, and back what has to be tried again.
//!
//! Lambda receives, deletes and counts by itself; what is here is one batch: each record to the endpoint, and the
//! ids of those that failed as a partial batch response. The event source mapping must say
//! `FunctionResponseTypes: ["ReportBatchItemFailures"]`, or Lambda takes every batch as handled.
//!
//! On a FIFO queue the records of a group are handled one after the other, and the first that fails returns the rest
//! of its group with it, so that none overtakes it.
//!
//! ```
//! use aws_lambda_events::sqs::SqsEvent;
//! use event_runtime::{HandlerError, MessageRouter, Message};
//! use event_transport_sqs::lambda::SqsLambda;
//!
//! async fn order_created(message: Message) -> Result<(), HandlerError> {
//!     Err(HandlerError::retry("no stock"))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let lambda = SqsLambda::new(MessageRouter::new().on_type("order.created", order_created));
//! let event: SqsEvent = serde_json::from_str(r#"{ "Records": [ {
//!     "messageId": "m-1", "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders",
//!     "body": "{\"id\":\"e-1\",\"payload_type\":\"order.created\",\"payload\":{}}"
//! } ] }"#)?;
//! let response = lambda.handle(event).await;
//! assert_eq!(response.batch_item_failures[0].item_identifier, "m-1");
//! # Ok::<(), serde_json::Error>(())
//! # }).unwrap();
//! ```
//!
//! With `lambda_runtime`: `service_fn(|event: LambdaEvent<SqsEvent>| async { Ok(lambda.handle(event.payload).await) })`.
//!
//! Lambda offers no way to say when a message is to be tried again: that is the queue's visibility timeout. An event
//! that is to wait longer (`delayed-until`) comes back after each of them, and each counts as a receive.

use std::fmt;
use std::sync::Arc;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage, SqsMessageAttribute};
use event_runtime::consumer::{DeadLetterRecord, wrap};
use event_runtime::delivery::attribute;
use event_runtime::layer::{CatchPanic, Layered};
use event_runtime::transport::DynDeadLetterSink;
use event_runtime::{Attributes, Clock, Codec, Endpoint, Failure, Incoming, Message, Outcome};
use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;

/// How many records, or groups of a FIFO queue, are handled at once.
const CONCURRENCY: usize = 10;

/// Hands the records of SQS events to an endpoint.
#[derive(Clone)]
pub struct SqsLambda {
    endpoint: Layered,
    dead_letters: Option<Arc<dyn DynDeadLetterSink>>,
    max_attempts: Option<u32>,
    concurrency: usize,
    clock: Clock,
}

/// What becomes of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Lambda deletes it.
    Done,
    /// The queue hands it out again.
    Again,
}

impl SqsLambda {
    /// An adapter for a router or any other endpoint.
    pub fn new(endpoint: impl Endpoint) -> Self {
        Self {
            endpoint: Layered::new(endpoint).layer(CatchPanic::new()),
            dead_letters: None,
            max_attempts: None,
            concurrency: CONCURRENCY,
            clock: Clock::system(),
        }
    }

    /// Where dead letters go with their error; without it a dead letter is a failed record, and the queue's own
    /// redrive policy moves it after its receives.
    #[must_use]
    pub fn with_dead_letters(mut self, sink: impl DynDeadLetterSink) -> Self {
        self.dead_letters = Some(Arc::new(sink));
        self
    }

    /// How often a message is tried before it is a dead letter, at least 1; without it only the queue's own redrive
    /// policy ends the attempts.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts.max(1));
        self
    }

    /// How many records, or groups of a FIFO queue, are handled at once; at least 1, and 10 unless set.
    #[must_use]
    pub fn with_concurrency(mut self, records: usize) -> Self {
        self.concurrency = records.max(1);
        self
    }

    /// The clock for delayed messages; the system's unless set.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Mistakes of the endpoint that are known before the first event, one line each; ask when the function starts.
    pub fn problems(&self) -> Vec<String> {
        self.endpoint.problems()
    }

    /// Handles one batch and returns the records to be tried again.
    ///
    /// A record without a message id can't be named: where it fails, the response makes Lambda return the whole
    /// batch.
    ///
    /// # Cancel safety
    /// Dropping the future stops the handlers; Lambda then returns the whole batch.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let lanes = stream::iter(lanes(event.records));
        let failed: Vec<Vec<(usize, String)>> =
            lanes.map(|lane| self.handle_lane(lane)).buffer_unordered(self.concurrency).collect().await;
        // Lambda freezes the process until the next event: what layers do in the background is to be done by then.
        self.endpoint.drained().await;
        let mut failed: Vec<_> = failed.into_iter().flatten().collect();
        failed.sort_unstable();
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failed
            .into_iter()
            .map(|(_, id)| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            })
            .collect();
        response
    }

    /// Handles records one after the other, up to the first that is to be tried again; returns it and the rest.
    async fn handle_lane(&self, lane: Vec<(usize, SqsMessage)>) -> Vec<(usize, String)> {
        let mut records = lane.into_iter();
        while let Some((place, record)) = records.next() {
            let id = record.message_id.clone().unwrap_or_default();
            if self.handle_record(record).await == Verdict::Again {
                let rest = records.map(|(place, record)| (place, record.message_id.unwrap_or_default()));
                return std::iter::once((place, id)).chain(rest).collect();
            }
        }
        Vec::new()
    }

    async fn handle_record(&self, record: SqsMessage) -> Verdict {
        let record = Record::new(record);
        if record.is_early(self.clock.now()) {
            return Verdict::Again;
        }
        let message = match &record.message {
            Ok(message) => message.clone(),
            Err(failure) => return self.give_up(&record, failure.clone()).await,
        };
        let incoming = Incoming::new(message).with_attempt(record.attempt);
        match self.endpoint.handle(incoming).await {
            Outcome::Ack => Verdict::Done,
            Outcome::Retry { failure, .. }
                if self.max_attempts.is_some_and(|most| record.attempt >= most) =>
            {
                self.give_up(&record, failure).await
            }
            Outcome::Retry { failure, .. } => {
                tracing::info!(
                    source = record.source, id = record.event_id(), attempt = record.attempt, code = %failure.code,
                    "attempt failed; the message is returned to its queue"
                );
                Verdict::Again
            }
            Outcome::Defer { reason, .. } => {
                tracing::info!(
                    source = record.source,
                    id = record.event_id(),
                    reason,
                    "message returned untried"
                );
                Verdict::Again
            }
            Outcome::DeadLetter { failure } => self.give_up(&record, failure).await,
            Outcome::Discard { reason } => {
                tracing::warn!(source = record.source, id = record.event_id(), reason, "message discarded");
                Verdict::Done
            }
        }
    }

    /// Stores a dead letter; where that can't be, the record fails.
    async fn give_up(&self, record: &Record, failure: Failure) -> Verdict {
        let (id, code) = (record.event_id(), failure.code);
        let Some(sink) = &self.dead_letters else {
            tracing::error!(source = record.source, id, %code, "message can't be handled, and no sink keeps it");
            return Verdict::Again;
        };
        match sink.store(record.letter(failure, self.clock.now(), sink.as_ref())).await {
            Ok(()) => {
                tracing::warn!(source = record.source, id, %code, destination = sink.name(), "dead letter stored");
                Verdict::Done
            }
            Err(error) => {
                tracing::error!(
                    source = record.source, id, %code, destination = sink.name(), %error,
                    "dead letter not stored; the message is returned to its queue"
                );
                Verdict::Again
            }
        }
    }
}

impl fmt::Debug for SqsLambda {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqsLambda")
            .field("max_attempts", &self.max_attempts)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Records that are to be handled one after the other: a group of a FIFO queue, or one record of any other.
fn lanes(records: Vec<SqsMessage>) -> Vec<Vec<(usize, SqsMessage)>> {
    let mut groups: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let mut lanes: Vec<Vec<(usize, SqsMessage)>> = Vec::new();
    for (place, record) in records.into_iter().enumerate() {
        let fifo = record.event_source_arn.as_deref().is_some_and(crate::queue::is_fifo);
        let group = record.attributes.get("MessageGroupId").filter(|_| fifo);
        let lane = match group {
            Some(group) => *groups.entry(group.clone()).or_insert(lanes.len()),
            None => lanes.len(),
        };
        match lanes.get_mut(lane) {
            Some(lane) => lane.push((place, record)),
            None => lanes.push(vec![(place, record)]),
        }
    }
    lanes
}

/// A record as the runtime reads it.
struct Record {
    source: String,
    transport_id: String,
    body: String,
    attributes: Attributes,
    group: Option<String>,
    attempt: u32,
    first_received_at: Option<Timestamp>,
    message: Result<Message, Failure>,
}

impl Record {
    fn new(record: SqsMessage) -> Self {
        let body = record.body.unwrap_or_default();
        let attributes: Attributes =
            record.message_attributes.into_iter().map(|(name, value)| (name, text(value))).collect();
        let system = |name: &str| record.attributes.get(name);
        let first = system("ApproximateFirstReceiveTimestamp").and_then(|text| text.parse().ok());
        let message = Codec::decode(body.clone().into());
        Self {
            source: crate::queue::name(record.event_source_arn.as_deref().unwrap_or_default()).to_owned(),
            transport_id: record.message_id.unwrap_or_default(),
            group: system("MessageGroupId").cloned(),
            attempt: system("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1),
            first_received_at: first.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
            message: message
                .map(|message| message.with_attributes(&attributes))
                .map_err(|error| error.to_failure()),
            body,
            attributes,
        }
    }

    /// The event's id, or SQS's where the body can't be read.
    fn event_id(&self) -> &str {
        match &self.message {
            Ok(message) => &message.metadata().id,
            Err(_) => self.attributes.get(attribute::ID).unwrap_or(&self.transport_id),
        }
    }

    fn is_early(&self, now: Timestamp) -> bool {
        let due = self.attributes.get(attribute::DELAYED_UNTIL);
        due.and_then(|due| due.parse::<Timestamp>().ok()).is_some_and(|due| due > now)
    }

    fn letter(
        &self,
        failure: Failure,
        failed_at: Timestamp,
        sink: &dyn DynDeadLetterSink,
    ) -> event_runtime::transport::DeadLetter {
        let record = DeadLetterRecord {
            error: failure,
            attempts: self.attempt,
            first_received_at: self.first_received_at,
            failed_at,
            handler: self.message.as_ref().ok().map(|message| message.metadata().payload_type.to_string()),
            source: self.source.clone(),
        };
        let deduplication_id = format!("{}:{}", self.event_id(), self.attempt);
        let body = self.body.clone().into();
        wrap(body, self.attributes.clone(), &record, self.group.clone(), deduplication_id, sink.limits())
    }
}

/// An attribute's value as text; binary ones as base64, as from a source.
fn text(value: SqsMessageAttribute) -> String {
    use base64::Engine as _;
    match (value.string_value, value.binary_value) {
        (Some(text), _) => text,
        (None, Some(bytes)) => base64::engine::general_purpose::STANDARD.encode(&bytes.0),
        (None, None) => String::new(),
    }
}
