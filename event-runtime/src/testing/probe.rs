//! A destination that records what reaches it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::codec::Codec;
use crate::envelope::{Envelope, Message};
use crate::event::Event;
use crate::pool::{EmitError, EmitErrors, Emitter, ProducerEmitter, Remaining};
use crate::transport::{KeylessGroup, ProduceError, ProduceErrorKind, Producer, ProducerCapabilities};

/// How long [`Probe::wait_for`] waits on tokio's clock before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A producer and an emitter that keeps what it is given, for assertions.
///
/// A clone shares the record: give one to a [pool](crate::pool::ProducersPool) or to handlers, keep another.
///
/// ```
/// use event_runtime::pool::Emitter;
/// use event_runtime::testing::Probe;
/// use event_runtime::transport::ProduceErrorKind;
/// use event_runtime::{Codec, Metadata};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let probe = Probe::new();
/// probe.fail_next(1, ProduceErrorKind::Unavailable);
///
/// let message = Codec::Native.encode_raw(Metadata::new("legacy.event", 1), "{}", None)?;
/// let error = probe.emit(message).await.unwrap_err();
/// assert!(error.is_retryable());
/// probe.assert_empty();
///
/// probe.retry(error).await?;
/// assert_eq!(probe.messages().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Probe {
    id: Arc<str>,
    capabilities: ProducerCapabilities,
    codec: Codec,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    record: Mutex<Record>,
    grown: Notify,
}

#[derive(Default)]
struct Record {
    messages: Vec<Message>,
    faults: VecDeque<ProduceErrorKind>,
}

impl Probe {
    /// A probe with the id `probe`, unordered, in the native format.
    pub fn new() -> Self {
        Self {
            id: "probe".into(),
            capabilities: ProducerCapabilities::default(),
            codec: Codec::default(),
            shared: Arc::default(),
        }
    }

    /// The same probe under another id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = id.into();
        self
    }

    /// The same probe as an ordered destination, which refuses messages that have no key.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        self.capabilities.ordered = true;
        self
    }

    /// The same probe as an ordered destination that takes messages without a key into `group`.
    #[must_use]
    pub fn ordered_with_keyless(mut self, group: KeylessGroup) -> Self {
        self.capabilities = ProducerCapabilities { ordered: true, keyless: Some(group) };
        self
    }

    /// The same probe, asking for another format where it is used as an emitter.
    #[must_use]
    pub fn with_codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Lets the next `count` messages fail with an error of this kind; further calls queue up behind it.
    pub fn fail_next(&self, count: usize, kind: ProduceErrorKind) {
        self.record().faults.extend(std::iter::repeat_n(kind, count));
    }

    /// What was emitted so far, in order.
    pub fn messages(&self) -> Vec<Message> {
        self.record().messages.clone()
    }

    /// What was emitted so far; the probe forgets it.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.record().messages)
    }

    /// The events of one type that were emitted so far, in order.
    ///
    /// # Panics
    /// Where one of them does not decode.
    #[track_caller]
    pub fn events<E: Event>(&self) -> Vec<E> {
        self.envelopes().into_iter().map(|envelope| envelope.payload).collect()
    }

    /// The events of one type that were emitted so far, with their metadata, in order.
    ///
    /// # Panics
    /// Where one of them does not decode.
    #[track_caller]
    pub fn envelopes<E: Event>(&self) -> Vec<Envelope<E>> {
        let mut envelopes = Vec::new();
        for message in self.messages().iter().filter(|message| is::<E>(message)) {
            match message.to_envelope() {
                Ok(envelope) => envelopes.push(envelope),
                Err(error) => panic!("an emitted `{}` does not decode: {error}", E::PAYLOAD_TYPE),
            }
        }
        envelopes
    }

    /// The only event of this type that was emitted.
    ///
    /// # Panics
    /// Where there is none or more than one.
    #[track_caller]
    pub fn only<E: Event>(&self) -> Envelope<E> {
        let mut envelopes = self.envelopes();
        match (envelopes.pop(), envelopes.len()) {
            (Some(envelope), 0) => envelope,
            (_, others) => panic!(
                "expected one `{}`, found {}; emitted were {:?}",
                E::PAYLOAD_TYPE,
                if others == 0 { 0 } else { others + 1 },
                self.payload_types(),
            ),
        }
    }

    /// Asserts that nothing was emitted.
    ///
    /// # Panics
    /// Where something was.
    #[track_caller]
    pub fn assert_empty(&self) {
        let emitted = self.payload_types();
        assert!(emitted.is_empty(), "expected nothing to be emitted, found {emitted:?}");
    }

    /// Waits until at least `count` messages were emitted, and returns all of them.
    ///
    /// # Panics
    /// When a minute has passed on tokio's clock (at once where it is paused and nothing else is to happen).
    ///
    /// # Cancel safety
    /// Dropping the future forgets the wait and nothing else.
    pub async fn wait_for(&self, count: usize) -> Vec<Message> {
        let reached = async {
            loop {
                let grown = self.shared.grown.notified();
                let messages = self.messages();
                if messages.len() >= count {
                    return messages;
                }
                grown.await;
            }
        };
        match tokio::time::timeout(PATIENCE, reached).await {
            Ok(messages) => messages,
            Err(_) => panic!("waited for {count} messages, found {:?}", self.payload_types()),
        }
    }

    fn payload_types(&self) -> Vec<String> {
        let record = self.record();
        record.messages.iter().map(|message| message.metadata().payload_type.to_string()).collect()
    }

    fn keep(&self, message: &Message) -> Result<(), ProduceError> {
        let ProducerCapabilities { ordered, keyless } = self.capabilities;
        let mut record = self.record();
        if let Some(kind) = record.faults.pop_front() {
            return Err(ProduceError::new(kind, "the test asked the probe to fail"));
        }
        if ordered && keyless.is_none() && message.metadata().partition_key.is_none() {
            return Err(ProduceError::new(
                ProduceErrorKind::Refused,
                "the message has no key and the probe is ordered; give the event a key, or the probe a keyless group",
            ));
        }
        record.messages.push(message.clone());
        drop(record);
        self.shared.grown.notify_waiters();
        Ok(())
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.shared.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is<E: Event>(message: &Message) -> bool {
    message.metadata().payload_type == E::PAYLOAD_TYPE
}

impl Producer for Probe {
    fn id(&self) -> &str {
        &self.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        self.capabilities
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        self.keep(message)
    }
}

/// Every message goes into the record; one that is taken for later goes there at once.
impl Emitter for Probe {
    fn codec(&self) -> &Codec {
        &self.codec
    }

    async fn emit(&self, message: Message) -> Result<(), EmitError> {
        ProducerEmitter::new(self.clone()).emit(message).await
    }

    async fn emit_batch(&self, messages: Vec<Message>) -> Result<(), EmitErrors> {
        ProducerEmitter::new(self.clone()).emit_batch(messages).await
    }

    fn enqueue(&self, message: Message) -> Result<(), EmitError> {
        self.keep(&message).map_err(|error| {
            EmitError::undelivered(message, Vec::new(), vec![Remaining::new(Arc::clone(&self.id), error)])
        })
    }
}

impl Default for Probe {
    fn default() -> Self {
        Self::new()
    }
}

/// Prints the payload types; never a payload.
impl fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Probe")
            .field("id", &self.id)
            .field("emitted", &self.payload_types())
            .finish_non_exhaustive()
    }
}
