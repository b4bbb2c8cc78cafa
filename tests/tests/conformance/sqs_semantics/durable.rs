//! The queues of a SQLite file under test, on a clock that stands still until a case advances it.

use std::collections::BTreeMap;
use std::time::Duration;

use event_runtime::ManualClock;
use event_runtime::embedded::{BatchEntry, Capacity, QueueError, QueueSettings, ReceiveRequest};
use event_tests::Folder;
use event_transport_sqlite::{SqliteBroker, SqliteError, SqliteQueue, Synchronous};

use super::embedded::{outgoing, received, sent};
use super::under_test::{Fault, QueueUnderTest, Receive, Received, Send, Sent};

pub struct Durable {
    broker: SqliteBroker,
    clock: ManualClock,
    _folder: Folder,
}

impl Durable {
    pub fn new() -> Self {
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        let folder = Folder::new();
        let builder = SqliteBroker::builder(folder.path().join("queues.db")).clock(clock.clock());
        let broker = builder.synchronous(Synchronous::Off).open().unwrap();
        Self { broker, clock, _folder: folder }
    }

    async fn queue(&self, name: &str) -> Result<SqliteQueue, Fault> {
        self.broker.queue(name).await.map_err(fault)
    }
}

impl QueueUnderTest for Durable {
    async fn create(&self, name: &str, attributes: &[(&str, &str)]) -> Result<String, Fault> {
        let settings = QueueSettings::from_pairs(attributes.iter().copied())?;
        Ok(self.broker.create_queue(name, settings).await.map_err(fault)?.name().to_owned())
    }

    async fn delete_queue(&self, queue: &str) -> Result<(), Fault> {
        self.broker.delete_queue(queue).await.map_err(fault)
    }

    async fn attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, Fault> {
        Ok(self.queue(queue).await?.attribute_pairs().await.map_err(fault)?.into_iter().collect())
    }

    async fn set_attributes(&self, queue: &str, attributes: &[(&str, &str)]) -> Result<(), Fault> {
        let settings = QueueSettings::from_pairs(attributes.iter().copied())?;
        self.queue(queue).await?.set_attributes(settings).await.map_err(fault)
    }

    async fn purge(&self, queue: &str) -> Result<(), Fault> {
        self.queue(queue).await?.purge().await.map_err(fault)
    }

    async fn send(&self, queue: &str, message: Send) -> Result<Sent, Fault> {
        self.queue(queue).await?.send(outgoing(message)).await.map(sent).map_err(fault)
    }

    async fn send_batch(
        &self,
        queue: &str,
        entries: Vec<(String, Send)>,
    ) -> Result<BTreeMap<String, Result<Sent, Fault>>, Fault> {
        let entries =
            entries.into_iter().map(|(id, message)| BatchEntry::new(id, outgoing(message))).collect();
        let results = self.queue(queue).await?.send_batch(entries).await.map_err(fault)?;
        let in_batch = |error: QueueError| Fault { http: None, ..Fault::from(error) };
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
        Ok(self.queue(queue).await?.receive(&wanted).await.map_err(fault)?.iter().map(received).collect())
    }

    async fn delete(&self, queue: &str, handle: &str) -> Result<(), Fault> {
        let receipt = handle.parse()?;
        self.queue(queue).await?.delete(receipt).await.map(drop).map_err(fault)
    }

    async fn change_visibility(&self, queue: &str, handle: &str, seconds: u64) -> Result<(), Fault> {
        let (receipt, timeout) = (handle.parse()?, Duration::from_secs(seconds));
        self.queue(queue).await?.change_visibility(receipt, timeout).await.map_err(fault)
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
        Some(self.broker.create_queue(name, settings).await.unwrap().name().to_owned())
    }
}

fn fault(error: SqliteError) -> Fault {
    error.refusal().unwrap_or_else(|| panic!("the file failed: {error:?}")).clone().into()
}
