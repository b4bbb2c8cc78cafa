//! The embedded broker under test, on a clock that stands still until a case advances it.

use std::collections::BTreeMap;
use std::time::Duration;

use event_runtime::ManualClock;
use event_runtime::embedded::{
    BatchEntry, Broker, Capacity, MessageAttribute, OutgoingMessage, Queue, QueueError, QueueSettings,
    ReceiveRequest, ReceivedMessage, SentMessage,
};

use super::under_test::{Fault, QueueUnderTest, Receive, Received, Send, Sent};

pub struct Embedded {
    broker: Broker,
    clock: ManualClock,
}

impl Embedded {
    pub fn new() -> Self {
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        Self { broker: Broker::builder().clock(clock.clock()).build(), clock }
    }

    fn queue(&self, name: &str) -> Result<Queue, Fault> {
        Ok(self.broker.queue(name)?)
    }
}

impl QueueUnderTest for Embedded {
    async fn create(&self, name: &str, attributes: &[(&str, &str)]) -> Result<String, Fault> {
        let settings = QueueSettings::from_pairs(attributes.iter().copied())?;
        Ok(self.broker.create_queue(name, settings)?.name().to_owned())
    }

    async fn delete_queue(&self, queue: &str) -> Result<(), Fault> {
        Ok(self.broker.delete_queue(queue)?)
    }

    async fn attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, Fault> {
        Ok(self.queue(queue)?.attribute_pairs()?.into_iter().collect())
    }

    async fn set_attributes(&self, queue: &str, attributes: &[(&str, &str)]) -> Result<(), Fault> {
        let settings = QueueSettings::from_pairs(attributes.iter().copied())?;
        Ok(self.queue(queue)?.set_attributes(settings)?)
    }

    async fn purge(&self, queue: &str) -> Result<(), Fault> {
        Ok(self.queue(queue)?.purge()?)
    }

    async fn send(&self, queue: &str, message: Send) -> Result<Sent, Fault> {
        Ok(sent(self.queue(queue)?.send(outgoing(message)).await?))
    }

    async fn send_batch(
        &self,
        queue: &str,
        entries: Vec<(String, Send)>,
    ) -> Result<BTreeMap<String, Result<Sent, Fault>>, Fault> {
        let entries =
            entries.into_iter().map(|(id, message)| BatchEntry::new(id, outgoing(message))).collect();
        let results = self.queue(queue)?.send_batch(entries).await?;
        let in_batch = |error| Fault { http: None, ..Fault::from(error) };
        Ok(results.into_iter().map(|entry| (entry.id, entry.result.map(sent).map_err(in_batch))).collect())
    }

    async fn receive(&self, queue: &str, request: Receive) -> Result<Vec<Received>, Fault> {
        let mut wanted = ReceiveRequest::new();
        if let Some(max) = request.max {
            wanted = wanted.max(max);
        }
        if let Some(wait) = request.wait {
            wanted = wanted.wait(Duration::from_secs(wait));
        }
        if let Some(timeout) = request.visibility_timeout {
            wanted = wanted.visibility_timeout(Duration::from_secs(timeout));
        }
        Ok(self.queue(queue)?.receive(&wanted).await?.iter().map(received).collect())
    }

    async fn delete(&self, queue: &str, handle: &str) -> Result<(), Fault> {
        self.queue(queue)?.delete(handle.parse()?)?;
        Ok(())
    }

    async fn change_visibility(&self, queue: &str, handle: &str, seconds: u64) -> Result<(), Fault> {
        Ok(self.queue(queue)?.change_visibility(handle.parse()?, Duration::from_secs(seconds))?)
    }

    async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        // Whoever the new time woke has its turn before the case goes on.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    async fn create_limited(
        &self,
        name: &str,
        attributes: &[(&str, &str)],
        in_flight: usize,
    ) -> Option<String> {
        let settings = QueueSettings::from_pairs(attributes.iter().copied()).unwrap();
        let settings = settings.capacity(Capacity::default().in_flight(in_flight));
        Some(self.broker.create_queue(name, settings).unwrap().name().to_owned())
    }
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            http: Some(error.http_status()),
        }
    }
}

pub(super) fn outgoing(message: Send) -> OutgoingMessage {
    let mut outgoing = OutgoingMessage::new(message.body);
    for (name, data_type, value) in message.attributes {
        outgoing = outgoing.with_attribute(MessageAttribute::typed(name, data_type, value));
    }
    if let Some(seconds) = message.delay {
        outgoing = outgoing.with_delay(Duration::from_secs(seconds));
    }
    if let Some(group) = message.group {
        outgoing = outgoing.with_group(group);
    }
    if let Some(id) = message.deduplication_id {
        outgoing = outgoing.with_deduplication_id(id);
    }
    match message.trace_header {
        Some(header) => outgoing.with_trace_header(header),
        None => outgoing,
    }
}

pub(super) fn sent(sent: SentMessage) -> Sent {
    Sent { id: sent.id.to_string(), sequence_number: sent.sequence_number.map(|number| number.to_string()) }
}

pub(super) fn received(message: &ReceivedMessage) -> Received {
    let mut system = BTreeMap::from([
        ("ApproximateReceiveCount", message.receive_count().to_string()),
        ("SentTimestamp", message.sent_at().as_millisecond().to_string()),
        ("ApproximateFirstReceiveTimestamp", message.first_received_at().as_millisecond().to_string()),
    ]);
    let optional = [
        ("MessageGroupId", message.group().map(ToString::to_string)),
        ("MessageDeduplicationId", message.deduplication_id().map(ToString::to_string)),
        ("SequenceNumber", message.sequence_number().map(|number| number.to_string())),
        ("AWSTraceHeader", message.trace_header().map(ToString::to_string)),
        ("DeadLetterQueueSourceArn", message.dead_letter_source().map(str::to_owned)),
    ];
    system.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Received {
        id: message.id().to_string(),
        handle: message.receipt().to_string(),
        body: text(message.body()),
        system: system.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        attributes: message
            .attributes()
            .iter()
            .map(|attribute| {
                (attribute.name().to_owned(), attribute.data_type().to_owned(), text(attribute.value()))
            })
            .collect(),
    }
}
