//! An endpoint with queues, and messages to send.

use std::time::Duration;

use event_runtime::embedded::{Queue, QueueSettings, ReceiveRequest, RedrivePolicy};
use event_runtime::{Codec, Message};
use event_transport_sqs::local::LocalEndpoint;
use event_transport_sqs::{ProducerSettings, SourceSettings, SqsProducer, SqsSource};

pub struct Fixture {
    pub endpoint: LocalEndpoint,
    pub queue: Queue,
    pub dead_letters: Queue,
}

impl Fixture {
    pub async fn standard() -> Self {
        Self::new("orders", QueueSettings::new()).await
    }

    pub async fn fifo() -> Self {
        Self::new("orders.fifo", QueueSettings::fifo()).await
    }

    /// A queue with these settings, and a dead-letter queue that its redrive policy names.
    pub async fn new(name: &str, settings: QueueSettings) -> Self {
        let endpoint = LocalEndpoint::start().await.unwrap();
        let broker = endpoint.broker();
        let (dead, dead_settings) = match name.strip_suffix(".fifo") {
            Some(stem) => (format!("{stem}-dead.fifo"), QueueSettings::fifo()),
            None => (format!("{name}-dead"), QueueSettings::new()),
        };
        let dead_letters = broker.create_queue(&dead, dead_settings).unwrap();
        let settings = settings.redrive(RedrivePolicy::new(dead, 1000));
        let queue = broker.create_queue(name, settings).unwrap();
        Self { endpoint, queue, dead_letters }
    }

    pub fn url(&self) -> String {
        self.endpoint.queue_url(self.queue.name())
    }

    pub fn producer(&self, settings: ProducerSettings) -> SqsProducer {
        SqsProducer::new("orders", self.endpoint.client(), self.url(), settings)
    }

    pub fn source(&self) -> SqsSource {
        SqsSource::new(self.endpoint.client(), self.url(), SourceSettings::default())
    }

    /// The ids of all messages in the queue, in the order in which it hands them out; they leave it.
    pub fn drain(&self) -> Vec<String> {
        drain(&self.queue).into_iter().map(|message| message.metadata().id.to_string()).collect()
    }
}

/// Everything that a queue hands out; it leaves the queue.
pub fn drain(queue: &Queue) -> Vec<Message> {
    let mut messages = Vec::new();
    loop {
        let received = queue.try_receive(&ReceiveRequest::new().max(10)).unwrap();
        if received.is_empty() {
            return messages;
        }
        for message in received {
            messages.push(Codec::decode(message.body().clone()).unwrap());
            queue.delete(message.receipt()).unwrap();
        }
    }
}

/// A message with an id and a key.
pub fn message(id: &str, key: &str) -> Message {
    let body = format!(
        r#"{{"id":"{id}","payload_type":"order.created","partition_key":"{key}","correlation_id":"c-1","payload":{{}}}}"#
    );
    Codec::decode(body.into()).unwrap()
}

/// `count` messages over `keys` keys, one after the other: `k0-0`, `k1-0`, …, `k0-1`.
pub fn messages(count: usize, keys: usize) -> Vec<Message> {
    (0..count).map(|n| message(&format!("k{}-{}", n % keys, n / keys), &format!("k{}", n % keys))).collect()
}

/// Whether the ids of each key stand in their order.
pub fn in_order(ids: &[String]) -> bool {
    let mut last = std::collections::HashMap::new();
    ids.iter().all(|id| {
        let (key, number) = id.split_once('-').unwrap();
        let number: i64 = number.parse().unwrap();
        last.insert(key.to_owned(), number).is_none_or(|before| before < number)
    })
}

/// Fails instead of hanging where something never happens.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it happens within a minute")
}
