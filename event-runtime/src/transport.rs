//! What a broker implements: [`Producer`] to send, [`Source`] to receive, [`DeadLetterSink`] to keep what failed.
//!
//! Transports hold no consuming behaviour of their own: order, retries, delays, dead letters and draining live
//! once, in the consumer engine, which asks for capabilities where brokers differ. Each trait has a boxed twin
//! (`Dyn…`) for places that choose the transport at run time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::delivery::{Attributes, Delivery, Lease, Settlement};
use crate::envelope::Message;
use crate::error::with_causes;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a producer's destination can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProducerCapabilities {
    /// The destination keeps the order of messages with one key, and refuses messages without one.
    pub ordered: bool,
    /// What stands in for the key of a message that has none, on an ordered destination.
    pub keyless: Option<KeylessGroup>,
}

/// The group of a keyless event on an ordered destination; `fifo_group` in configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeylessGroup {
    /// All keyless events of one payload type stand in one group.
    PayloadType,
    /// Every keyless event is a group of its own.
    EventId,
}

/// Sends messages to one destination.
///
/// An implementation retries what its broker calls transient within its own limits, and reports what remains.
/// A message is taken when the broker has confirmed it. Sending the same message again keeps its id, and where
/// the broker deduplicates, its deduplication id.
pub trait Producer: Send + Sync + 'static {
    /// The name that configuration and reports use.
    fn id(&self) -> &str;

    /// What the destination can do.
    fn capabilities(&self) -> ProducerCapabilities {
        ProducerCapabilities::default()
    }

    /// Sends one message.
    ///
    /// # Errors
    /// See [`ProduceErrorKind`].
    ///
    /// # Cancel safety
    /// A dropped call may or may not have sent the message.
    fn produce(&self, message: &Message) -> impl Future<Output = Result<(), ProduceError>> + Send;

    /// Sends several messages, in as few calls as the broker allows; one result a message, in their order.
    ///
    /// # Cancel safety
    /// A dropped call may have sent any of them.
    fn produce_batch(
        &self,
        messages: &[Message],
    ) -> impl Future<Output = Vec<Result<(), ProduceError>>> + Send {
        async move {
            let mut results = Vec::with_capacity(messages.len());
            for message in messages {
                results.push(self.produce(message).await);
            }
            results
        }
    }
}

/// Why a producer did not send a message.
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct ProduceError {
    kind: ProduceErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure a [`ProduceError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProduceErrorKind {
    /// The broker cannot be reached or did not answer in time.
    Unavailable,
    /// The broker asks to slow down, or a bounded buffer is full.
    Throttled,
    /// The message with its attributes is over the destination's limit.
    TooLarge,
    /// The destination can't take this message (a character it refuses, a missing key, an unsupported delay).
    Refused,
    /// The destination does not exist.
    NotFound,
    /// The credentials do not allow it.
    Unauthorized,
    /// The producer is closed.
    Closed,
}

/// The kind, and the error with its causes.
impl fmt::Debug for ProduceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: ", self.kind)?;
        with_causes(self, formatter)
    }
}

impl ProduceError {
    /// An error with one line for people; name the place and the remedy.
    pub fn new(kind: ProduceErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ProduceErrorKind {
        self.kind
    }

    /// Whether the same message may pass later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ProduceErrorKind::Unavailable | ProduceErrorKind::Throttled)
    }
}

/// What a source's queue can do and how it is set up; read once at start-up.
#[derive(Clone)]
pub struct SourceInfo {
    /// The queue's name for logs, metrics and dead letters.
    pub name: String,
    /// The broker keeps the order inside [`Delivery::group`] and holds a group back while one of it is leased.
    pub ordered: bool,
    /// How long a delivery is leased; `None` where leases do not expire.
    pub lease: Option<Duration>,
    /// The longest that one delivery can be kept leased by extensions; 12 hours on SQS.
    pub max_lease: Option<Duration>,
    /// The longest delay of [`SettleAction::Release`](crate::delivery::SettleAction::Release). Zero where the source keeps
    /// nothing back: a consumer then keeps what is to wait leased, in its own places.
    pub max_release_delay: Duration,
    /// How many messages one [`Source::receive`] returns at most; 10 on SQS.
    pub max_batch: usize,
    /// Whether a dropped [`Source::receive`] has received nothing, or hands back what it received. A drain drops such a
    /// receive; any other one it waits for, because the answer may bring messages that would stay leased.
    pub cancel_safe: bool,
    /// The queue's own redrive policy.
    pub redrive: Option<Redrive>,
}

impl fmt::Debug for SourceInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SourceInfo")
            .field("name", &self.name)
            .field("ordered", &self.ordered)
            .field("lease", &self.lease)
            .field("redrive", &self.redrive.as_ref().map(|redrive| redrive.max_receive_count))
            .finish_non_exhaustive()
    }
}

/// A queue's own redrive policy.
#[derive(Clone)]
pub struct Redrive {
    /// The broker moves a message away when it was received this often.
    pub max_receive_count: u32,
    /// The queue that the policy names.
    pub destination: Arc<dyn DynDeadLetterSink>,
}

/// Receives from one queue and settles what it received.
pub trait Source: Send + Sync + 'static {
    /// Asks the broker how the queue is set up.
    ///
    /// # Errors
    /// See [`SourceErrorKind`]; a queue that does not exist is [`SourceErrorKind::NotFound`].
    fn describe(&self) -> impl Future<Output = Result<SourceInfo, SourceError>> + Send;

    /// Waits up to `wait` for messages and returns at most `max` of them, leased; an empty answer is no error.
    ///
    /// # Errors
    /// See [`SourceErrorKind`].
    ///
    /// # Cancel safety
    /// A dropped call may have leased messages at the broker; the engine drops one only where
    /// [`SourceInfo::cancel_safe`] says that it has not, and only to drain.
    fn receive(
        &self,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Delivery>, SourceError>> + Send;

    /// Settles a batch, in as few calls as the broker allows; one result a settlement, in their order.
    fn settle(&self, batch: &[Settlement]) -> impl Future<Output = Vec<Result<(), SettleError>>> + Send;

    /// Extends leases so that each ends `lease` from now; one result a lease, in their order.
    fn extend(
        &self,
        leases: &[Lease],
        lease: Duration,
    ) -> impl Future<Output = Vec<Result<(), SettleError>>> + Send;
}

/// Why a source did not receive.
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    kind: SourceErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure a [`SourceError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// The broker cannot be reached or did not answer in time.
    Unavailable,
    /// The broker asks to slow down.
    Throttled,
    /// The queue does not exist.
    NotFound,
    /// The credentials do not allow it.
    Unauthorized,
    /// The request was refused for another reason.
    Refused,
    /// The source is closed.
    Closed,
}

/// The kind, and the error with its causes.
impl fmt::Debug for SourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: ", self.kind)?;
        with_causes(self, formatter)
    }
}

impl SourceError {
    /// An error with one line for people; name the place and the remedy.
    pub fn new(kind: SourceErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later without anybody's help.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, SourceErrorKind::Unavailable | SourceErrorKind::Throttled)
    }
}

/// Why one delivery was not settled, or its lease not extended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// The lease is gone: expired, settled before, or the queue was purged. Trying again does not help.
    #[error("lease lost: {0}")]
    LeaseLost(String),
    /// The broker did not take it this time.
    #[error("not settled: {0}")]
    Transient(String),
}

/// A message on its way into a dead-letter destination.
#[derive(Clone)]
pub struct DeadLetter {
    /// The original body, or the wrapper that holds it where the record does not fit.
    pub body: Bytes,
    /// The original attributes and the record under [`attribute::DEAD_LETTER`](crate::delivery::attribute::DEAD_LETTER).
    pub attributes: Attributes,
    /// The original group, for ordered destinations.
    pub group: Option<String>,
    /// The deduplication id for destinations that deduplicate: `<event id>:<the broker's id>`, another one each
    /// time the message was redriven.
    pub deduplication_id: String,
}

/// Without what the body and the attributes say: they may hold personal data.
impl fmt::Debug for DeadLetter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeadLetter")
            .field("deduplication_id", &self.deduplication_id)
            .field("body_bytes", &self.body.len())
            .field("attributes", &self.attributes.len())
            .finish_non_exhaustive()
    }
}

/// Keeps dead letters.
pub trait DeadLetterSink: Send + Sync + 'static {
    /// The destination's name for logs and reports.
    fn name(&self) -> &str;

    /// The most bytes, and the most attributes, that one dead letter may have here.
    fn limits(&self) -> DeadLetterLimits;

    /// Stores one dead letter; when it returns, the letter is safe and the original may be removed.
    ///
    /// # Errors
    /// See [`ProduceErrorKind`].
    fn store(&self, letter: DeadLetter) -> impl Future<Output = Result<(), ProduceError>> + Send;
}

/// What a dead-letter destination takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterLimits {
    /// Bytes of body and attributes together.
    pub max_bytes: usize,
    /// Number of attributes.
    pub max_attributes: usize,
}

/// [`Producer`] behind a pointer; implemented for every producer.
pub trait DynProducer: Send + Sync + 'static {
    /// [`Producer::id`].
    fn id(&self) -> &str;
    /// [`Producer::capabilities`].
    fn capabilities(&self) -> ProducerCapabilities;
    /// [`Producer::produce`].
    fn produce<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), ProduceError>>;
    /// [`Producer::produce_batch`].
    fn produce_batch<'a>(&'a self, messages: &'a [Message]) -> BoxFuture<'a, Vec<Result<(), ProduceError>>>;
}

impl<P: Producer> DynProducer for P {
    fn id(&self) -> &str {
        Producer::id(self)
    }

    fn capabilities(&self) -> ProducerCapabilities {
        Producer::capabilities(self)
    }

    fn produce<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), ProduceError>> {
        Box::pin(Producer::produce(self, message))
    }

    fn produce_batch<'a>(&'a self, messages: &'a [Message]) -> BoxFuture<'a, Vec<Result<(), ProduceError>>> {
        Box::pin(Producer::produce_batch(self, messages))
    }
}

/// [`Source`] behind a pointer; implemented for every source.
pub trait DynSource: Send + Sync + 'static {
    /// [`Source::describe`].
    fn describe(&self) -> BoxFuture<'_, Result<SourceInfo, SourceError>>;
    /// [`Source::receive`].
    fn receive(&self, max: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, SourceError>>;
    /// [`Source::settle`].
    fn settle<'a>(&'a self, batch: &'a [Settlement]) -> BoxFuture<'a, Vec<Result<(), SettleError>>>;
    /// [`Source::extend`].
    fn extend<'a>(
        &'a self,
        leases: &'a [Lease],
        lease: Duration,
    ) -> BoxFuture<'a, Vec<Result<(), SettleError>>>;
}

impl<S: Source> DynSource for S {
    fn describe(&self) -> BoxFuture<'_, Result<SourceInfo, SourceError>> {
        Box::pin(Source::describe(self))
    }

    fn receive(&self, max: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, SourceError>> {
        Box::pin(Source::receive(self, max, wait))
    }

    fn settle<'a>(&'a self, batch: &'a [Settlement]) -> BoxFuture<'a, Vec<Result<(), SettleError>>> {
        Box::pin(Source::settle(self, batch))
    }

    fn extend<'a>(
        &'a self,
        leases: &'a [Lease],
        lease: Duration,
    ) -> BoxFuture<'a, Vec<Result<(), SettleError>>> {
        Box::pin(Source::extend(self, leases, lease))
    }
}

/// [`DeadLetterSink`] behind a pointer; implemented for every sink.
pub trait DynDeadLetterSink: Send + Sync + 'static {
    /// [`DeadLetterSink::name`].
    fn name(&self) -> &str;
    /// [`DeadLetterSink::limits`].
    fn limits(&self) -> DeadLetterLimits;
    /// [`DeadLetterSink::store`].
    fn store(&self, letter: DeadLetter) -> BoxFuture<'_, Result<(), ProduceError>>;
}

impl<D: DeadLetterSink> DynDeadLetterSink for D {
    fn name(&self) -> &str {
        DeadLetterSink::name(self)
    }

    fn limits(&self) -> DeadLetterLimits {
        DeadLetterSink::limits(self)
    }

    fn store(&self, letter: DeadLetter) -> BoxFuture<'_, Result<(), ProduceError>> {
        Box::pin(DeadLetterSink::store(self, letter))
    }
}
