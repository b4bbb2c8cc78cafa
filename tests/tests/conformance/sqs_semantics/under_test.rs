//! The actions of SQS as the cases use them, and short ways to write a request.

use std::collections::BTreeMap;
use std::time::Duration;

/// A transport with the semantics of SQS. Queues are named by whatever text `create` returned.
pub trait QueueUnderTest {
    async fn create(&self, name: &str, attributes: &[(&str, &str)]) -> Result<String, Fault>;
    async fn delete_queue(&self, queue: &str) -> Result<(), Fault>;
    async fn attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, Fault>;
    async fn set_attributes(&self, queue: &str, attributes: &[(&str, &str)]) -> Result<(), Fault>;
    async fn purge(&self, queue: &str) -> Result<(), Fault>;
    async fn send(&self, queue: &str, message: Send) -> Result<Sent, Fault>;
    async fn send_batch(
        &self,
        queue: &str,
        entries: Vec<(String, Send)>,
    ) -> Result<BTreeMap<String, Result<Sent, Fault>>, Fault>;
    async fn receive(&self, queue: &str, request: Receive) -> Result<Vec<Received>, Fault>;
    async fn delete(&self, queue: &str, handle: &str) -> Result<(), Fault>;
    async fn change_visibility(&self, queue: &str, handle: &str, seconds: u64) -> Result<(), Fault>;

    /// Lets time pass.
    async fn advance(&self, duration: Duration);

    /// A queue that allows `in_flight` messages in flight; `None` where that can't be configured.
    async fn create_limited(
        &self,
        name: &str,
        attributes: &[(&str, &str)],
        in_flight: usize,
    ) -> Option<String>;
}

/// An error as the service answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: String,
    pub message: String,
    /// `None` inside a batch, or where the transport does not say.
    pub http: Option<u16>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub id: String,
    pub sequence_number: Option<String>,
}

/// What was received: `system` holds the system attributes under the service's names, `attributes` the message's
/// own as name, type, value.
#[derive(Clone, Debug)]
pub struct Received {
    pub id: String,
    pub handle: String,
    pub body: String,
    pub system: BTreeMap<String, String>,
    pub attributes: Vec<(String, String, String)>,
}

/// A message to send.
#[derive(Clone, Debug, Default)]
pub struct Send {
    pub body: String,
    pub delay: Option<u64>,
    pub group: Option<String>,
    pub deduplication_id: Option<String>,
    pub trace_header: Option<String>,
    pub attributes: Vec<(String, String, String)>,
}

impl Send {
    pub fn body(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// A message of a FIFO queue, with its body as the deduplication id.
    pub fn fifo(group: &str, body: &str) -> Self {
        Self::body(body).group(group).deduplication_id(body)
    }

    pub fn delay(mut self, seconds: u64) -> Self {
        self.delay = Some(seconds);
        self
    }

    pub fn group(mut self, group: &str) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    pub fn deduplication_id(mut self, id: &str) -> Self {
        self.deduplication_id = Some(id.to_owned());
        self
    }

    pub fn attribute(mut self, name: &str, data_type: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), data_type.to_owned(), value.to_owned()));
        self
    }
}

/// What to receive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receive {
    pub max: Option<usize>,
    pub wait: Option<u64>,
    pub visibility_timeout: Option<u64>,
}

impl Receive {
    pub fn max(messages: usize) -> Self {
        Self { max: Some(messages), ..Self::default() }
    }

    pub fn hidden_for(seconds: u64) -> Self {
        Self { visibility_timeout: Some(seconds), ..Self::max(1) }
    }

    pub fn waiting(seconds: u64) -> Self {
        Self { wait: Some(seconds), ..Self::max(10) }
    }
}

/// The errors of a case that the data words.
pub type Faults = Vec<Fault>;

pub const NO_FAULT: Faults = Vec::new();

pub fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// The error of a request that had to fail.
pub fn fault<T: std::fmt::Debug>(result: Result<T, Fault>) -> Fault {
    result.expect_err("the request had to be refused")
}

/// Requires a code where the data words no text.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Fault>, code: &str) {
    let fault = fault(result);
    assert!(fault.code == code || fault.code.ends_with(&format!(".{code}")), "{code} expected: {fault:?}");
}

/// The short requests that most cases consist of; each is expected to succeed.
pub trait Steps: QueueUnderTest {
    async fn standard(&self, attributes: &[(&str, &str)]) -> String {
        self.create("queue", attributes).await.unwrap()
    }

    async fn fifo(&self, attributes: &[(&str, &str)]) -> String {
        let attributes: Vec<_> = attributes.iter().copied().chain([("FifoQueue", "true")]).collect();
        self.create("queue.fifo", &attributes).await.unwrap()
    }

    async fn arn(&self, queue: &str) -> String {
        self.attributes(queue).await.unwrap()["QueueArn"].clone()
    }

    async fn put(&self, queue: &str, body: &str) -> Sent {
        self.send(queue, Send::body(body)).await.unwrap()
    }

    /// Sends to a FIFO queue: `g1-m1` into the group `g1`.
    async fn put_in_groups(&self, queue: &str, bodies: &[&str]) {
        for body in bodies {
            let group = body.split('-').next().unwrap();
            self.send(queue, Send::fifo(group, body)).await.unwrap();
        }
    }

    async fn take(&self, queue: &str, max: usize) -> Vec<Received> {
        self.receive(queue, Receive::max(max)).await.unwrap()
    }

    /// The one message that a receive must return.
    async fn take_one(&self, queue: &str) -> Received {
        let mut received = self.take(queue, 10).await;
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0)
    }

    async fn assert_empty(&self, queue: &str) {
        let received = self.take(queue, 10).await;
        assert!(received.is_empty(), "{received:?}");
    }
}

impl<Q: QueueUnderTest> Steps for Q {}

pub fn bodies(received: &[Received]) -> Vec<&str> {
    received.iter().map(|message| message.body.as_str()).collect()
}
