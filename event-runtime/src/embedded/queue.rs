//! The handle on one queue: every request that concerns a single queue.

use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use sha2::{Digest as _, Sha256};

use super::attributes::{QueueAttributes, QueueSettings};
use super::broker::Hub;
use super::check;
use super::error::{QueueError, QueueErrorKind};
use super::message::{Content, Deletion, OutgoingMessage, Receipt, ReceivedMessage, SentMessage, timestamp};
use super::pick::{Departure, Wanted};
use super::shared::{RoomWait, Shared, Waiting};
use super::state::{Incoming, QueueCounts, Refusal};

/// A queue of a [`Broker`](super::Broker). Cloning is cheap; every clone is the same queue.
///
/// ```
/// use event_runtime::embedded::{Broker, OutgoingMessage, QueueSettings, ReceiveRequest};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let queue = Broker::new().create_queue("orders", QueueSettings::new())?;
/// queue.send(OutgoingMessage::new("hello")).await?;
/// let received = queue.receive(&ReceiveRequest::new().max(10)).await?;
/// assert_eq!(received[0].body(), "hello");
/// queue.delete(received[0].receipt())?;
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Queue {
    pub(super) shared: Arc<Shared>,
    pub(super) hub: Arc<Hub>,
}

/// What a receive asks for: one message, no waiting beyond the queue's own, unless said otherwise.
#[derive(Clone, Debug, Default)]
pub struct ReceiveRequest {
    max: Option<usize>,
    wait: Option<Duration>,
    visibility_timeout: Option<Duration>,
    attempt_id: Option<ByteString>,
}

impl ReceiveRequest {
    /// One message, with the queue's own wait and visibility timeout.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most this many messages, 1 to 10.
    #[must_use]
    pub fn max(mut self, messages: usize) -> Self {
        self.max = Some(messages);
        self
    }

    /// How long to wait for the first message, 0 to 20 s.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// How long the messages are hidden, 0 to 43,200 s.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    /// On a FIFO queue: a receive with the id of an earlier one, within five minutes, returns the same messages,
    /// unless one of them was settled or its visibility changed.
    #[must_use]
    pub fn attempt_id(mut self, id: impl Into<ByteString>) -> Self {
        self.attempt_id = Some(id.into());
        self
    }

    fn wanted(&self) -> Result<Wanted, QueueError> {
        let max = self.max.unwrap_or(1);
        check::max_messages(max)?;
        check::wait(self.wait.unwrap_or_default())?;
        check::visibility_timeout(self.visibility_timeout.unwrap_or_default())?;
        let visibility_timeout = self.visibility_timeout.map(|timeout| timeout.as_micros() as i64);
        Ok(Wanted { max, visibility_timeout, redrive: true })
    }
}

/// What a receive saw of the queue beside the messages that it got.
#[derive(Clone, Copy, Debug)]
struct View {
    /// How long a receive waits that does not say it.
    own_wait: Duration,
    /// Too many messages are in flight.
    over_limit: bool,
    /// When something becomes visible by itself, in microseconds.
    next_event: i64,
}

impl Queue {
    /// The queue's name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Whether the queue is FIFO.
    pub fn is_fifo(&self) -> bool {
        self.shared.fifo
    }

    /// The queue's ARN.
    pub fn arn(&self) -> String {
        self.hub.arn(&self.shared.name)
    }

    /// Sends a message, and waits for room where the queue is full.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue`, `InvalidMessageContents` or `MessageTooLong` for a message
    /// that the queue does not take; `QueueDoesNotExist`.
    ///
    /// # Cancel safety
    /// A send that is dropped while it waits for room has sent nothing.
    pub async fn send(&self, message: OutgoingMessage) -> Result<SentMessage, QueueError> {
        let incoming = self.prepare(message)?;
        self.admit(&incoming).await
    }

    /// Sends a message, or fails at once where the queue is full.
    ///
    /// # Errors
    /// Those of [`Queue::send`], and `QueueFull`.
    pub fn try_send(&self, message: OutgoingMessage) -> Result<SentMessage, QueueError> {
        let incoming = self.prepare(message)?;
        self.try_admit(&incoming, false).map_err(|refusal| match refusal {
            Refusal::Error(error) => error,
            Refusal::Full | Refusal::FullUntil(_) => {
                let text = format!("Queue {} holds as much as its capacity allows.", self.name());
                QueueError::new(QueueErrorKind::QueueFull, text)
            }
        })
    }

    /// Receives messages and hides them from others; an empty answer is no error.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a number out of its range; `OverLimit` on a standard queue with too many
    /// messages in flight, where the receive does not wait; `QueueDoesNotExist`.
    ///
    /// # Cancel safety
    /// A dropped receive has received nothing.
    pub async fn receive(&self, request: &ReceiveRequest) -> Result<Vec<ReceivedMessage>, QueueError> {
        let wanted = request.wanted()?;
        let mut received = Vec::new();
        let view = self.look(wanted, request, false, &mut received)?;
        let wait = request.wait.unwrap_or(view.own_wait);
        if view.over_limit && wait.is_zero() && !self.shared.fifo {
            return Err(over_limit_error());
        }
        if received.is_empty() && !wait.is_zero() {
            self.wait_for_messages(wanted, request, wait, &mut received).await?;
        }
        Ok(received)
    }

    /// Receives what is there, without waiting.
    ///
    /// # Errors
    /// Those of [`Queue::receive`].
    pub fn try_receive(&self, request: &ReceiveRequest) -> Result<Vec<ReceivedMessage>, QueueError> {
        let mut received = Vec::new();
        let view = self.look(request.wanted()?, request, false, &mut received)?;
        if view.over_limit && !self.shared.fifo { Err(over_limit_error()) } else { Ok(received) }
    }

    async fn wait_for_messages(
        &self,
        wanted: Wanted,
        request: &ReceiveRequest,
        wait: Duration,
        received: &mut Vec<ReceivedMessage>,
    ) -> Result<(), QueueError> {
        let until = self.hub.now().saturating_add(wait.as_micros() as i64);
        let _waiting = Waiting::new(&self.shared);
        let mut arrival = pin!(self.shared.arrivals.notified());
        loop {
            // Listen first, look second: what comes between the two is not missed.
            arrival.as_mut().enable();
            let view = self.look(wanted, request, true, received)?;
            if !received.is_empty() || self.hub.now() >= until {
                return Ok(());
            }
            let wake_at = until.min(view.next_event).min(self.hub.next_move());
            tokio::select! {
                () = arrival.as_mut() => {}
                () = self.hub.clock.sleep_until(timestamp(wake_at)) => {}
            }
            arrival.set(self.shared.arrivals.notified());
        }
    }

    /// Takes what can be received now. Messages that were received too often move to the dead-letter queue on
    /// the way. A receive that `waits` sets its timer for what is due next, so that nobody needs to tell it.
    fn look(
        &self,
        mut wanted: Wanted,
        request: &ReceiveRequest,
        waits: bool,
        received: &mut Vec<ReceivedMessage>,
    ) -> Result<View, QueueError> {
        self.hub.drive_moves();
        let now = self.hub.now();
        let attempt = request.attempt_id.as_ref().filter(|_| self.shared.fifo);
        loop {
            let mut departures = Vec::new();
            let view = self.shared.at(now, |state| {
                if let Some(id) = attempt {
                    received.extend(state.repeat_attempt(id, wanted.visibility_timeout));
                }
                if received.is_empty() {
                    state.pick(wanted, received, &mut departures);
                }
                if let Some(id) = attempt.filter(|_| !received.is_empty()) {
                    let receipts = received.iter().map(ReceivedMessage::receipt).collect();
                    state.attempts.remember(id.clone(), receipts, state.now);
                }
                let next_event = state.next_event();
                if waits {
                    state.watched = next_event;
                }
                Ok(View {
                    own_wait: state.attributes.receive_wait,
                    over_limit: received.is_empty() && state.in_flight >= state.capacity.in_flight,
                    next_event,
                })
            })?;
            if departures.is_empty() {
                return Ok(view);
            }
            wanted.redrive = self.move_to_dead_letters(departures);
            if !received.is_empty() {
                return Ok(view);
            }
        }
    }

    /// Moves messages to the dead-letter queue; `false` where there is none, and they are visible again.
    ///
    /// The two queues are never locked together, since policies may form a circle. Until a message arrived it
    /// stays hidden here, so nothing is lost or seen twice on the way. Where the dead-letter queue is full it
    /// stays hidden for another visibility timeout: the source fills up in turn and holds its producers back.
    fn move_to_dead_letters(&self, departures: Vec<Departure>) -> bool {
        let policy = self.shared.with(|state| state.attributes.redrive.clone());
        let target = policy.and_then(|policy| self.hub.find(&policy.dead_letter_queue));
        let source: Arc<str> = self.arn().into();
        for departure in &departures {
            let arrived = target.as_ref().is_some_and(|target| {
                let now = self.hub.now();
                target.with(|state| {
                    let content = dead_letter_content(&departure.content, state.attributes.fifo);
                    // A standard dead letter keeps its age, a FIFO one starts anew, as the service documents.
                    let sent_at = if state.attributes.fifo { now } else { departure.sent_at };
                    state.tick(now).is_ok() && state.take_over(content, sent_at, Some(Arc::clone(&source)))
                })
            });
            self.shared.with(|state| {
                let timeout = state.attributes.visibility_timeout.as_micros() as i64;
                let hidden_for = if target.is_some() { timeout.max(1_000_000) } else { 0 };
                state.conclude(departure, arrived, hidden_for);
            });
        }
        target.is_some()
    }

    /// Deletes the message of a receipt.
    ///
    /// # Errors
    /// `ReceiptHandleIsInvalid` for another queue's receipt; `LeaseLost` on a FIFO queue where the lease is
    /// over; `QueueDoesNotExist`.
    pub fn delete(&self, receipt: Receipt) -> Result<Deletion, QueueError> {
        self.shared.at(self.hub.now(), |state| state.delete(receipt))
    }

    /// Hides the message of a receipt until `timeout` from now, 0 to 43,200 s; zero shows it at once.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a timeout that is too long, alone or together with what has passed since
    /// the receive; `ReceiptHandleIsInvalid` for another queue's receipt; `LeaseLost`; `QueueDoesNotExist`.
    pub fn change_visibility(&self, receipt: Receipt, timeout: Duration) -> Result<(), QueueError> {
        check::visibility_timeout(timeout)?;
        self.shared.at(self.hub.now(), |state| state.change_visibility(receipt, timeout, false))
    }

    /// Takes a receive back: the message is visible `after` from now (0 to 43,200 s), the receive is not
    /// counted, and the receipt ends. The service itself has no such request.
    ///
    /// # Errors
    /// Those of [`Queue::change_visibility`].
    pub fn hand_back(&self, receipt: Receipt, after: Duration) -> Result<(), QueueError> {
        check::visibility_timeout(after)?;
        self.shared.at(self.hub.now(), |state| state.change_visibility(receipt, after, true))
    }

    /// Removes every message, visible or not, and every deduplication id.
    ///
    /// # Errors
    /// `PurgeQueueInProgress` within 60 seconds of the last purge; `QueueDoesNotExist`.
    pub fn purge(&self) -> Result<(), QueueError> {
        self.shared.at(self.hub.now(), |state| state.purge(&self.shared.name))
    }

    /// How many messages the queue holds.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn counts(&self) -> Result<QueueCounts, QueueError> {
        self.hub.drive_moves();
        self.shared.at(self.hub.now(), |state| Ok(state.counts()))
    }

    /// The queue's attributes.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn attributes(&self) -> Result<QueueAttributes, QueueError> {
        self.shared.at(self.hub.now(), |state| Ok(state.attributes.clone()))
    }

    /// All attributes as the service's names and texts, counts, ARN and timestamps included.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn attribute_pairs(&self) -> Result<Vec<(String, String)>, QueueError> {
        let counts = self.counts()?;
        let (mut pairs, modified_at) = self.shared.at(self.hub.now(), |state| {
            Ok((state.attributes.to_pairs(self.hub.arn_prefix()), state.modified_at))
        })?;
        let seconds = |microseconds: i64| (microseconds / 1_000_000).to_string();
        let more = [
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("CreatedTimestamp", seconds(self.shared.created_at)),
            ("LastModifiedTimestamp", seconds(modified_at)),
            ("QueueArn", self.arn()),
        ];
        pairs.extend(more.map(|(name, value)| (name.to_owned(), value)));
        Ok(pairs)
    }

    /// Changes attributes, all or none. On a FIFO queue a changed delay also holds for what is delayed now.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidAttributeValue`, or `InvalidParameterValue` for a redrive policy whose
    /// dead-letter queue does not exist, is of the other kind, or does not allow this source;
    /// `QueueDoesNotExist`.
    pub fn set_attributes(&self, settings: QueueSettings) -> Result<(), QueueError> {
        self.hub.check_redrive(&self.shared.name, self.shared.fifo, &settings)?;
        let hashes_bodies = self.shared.at(self.hub.now(), |state| {
            let delay = state.attributes.delay;
            settings.apply(&mut state.attributes)?;
            state.modified_at = state.now;
            if state.attributes.fifo && state.attributes.delay != delay {
                state.reset_delays();
            }
            Ok(state.attributes.content_based_deduplication)
        })?;
        self.shared.set_hashes_bodies(hashes_bodies);
        Ok(())
    }

    /// Checks a message and gives it an id, outside the lock.
    pub(super) fn prepare(&self, message: OutgoingMessage) -> Result<Incoming, QueueError> {
        check::message(&message, self.shared.fifo)?;
        let size = message.size();
        let OutgoingMessage { body, attributes, delay, group, deduplication_id, trace_header } = message;
        let deduplication_id = match deduplication_id {
            None if self.shared.fifo && self.shared.hashes_bodies() => Some(body_hash(&body)),
            None if self.shared.fifo => {
                return Err(QueueError::new(
                    QueueErrorKind::InvalidParameterValue,
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId \
                     provided explicitly",
                ));
            }
            id => id,
        };
        let id = self.hub.next_message_id();
        let content = Content { id, body, attributes, group, deduplication_id, trace_header, size };
        let delay = delay.map(|delay| delay.as_micros() as i64);
        Ok(Incoming { content: Arc::new(content), delay })
    }

    pub(super) fn try_admit(&self, incoming: &Incoming, has_room: bool) -> Result<SentMessage, Refusal> {
        let now = self.hub.now();
        self.shared.with(|state| {
            state.tick(now)?;
            if !has_room {
                state.check_size(incoming.content.size)?;
            }
            state.send(incoming, has_room)
        })
    }

    pub(super) async fn admit(&self, incoming: &Incoming) -> Result<SentMessage, QueueError> {
        let mut has_room = false;
        loop {
            match self.try_admit(incoming, has_room) {
                Ok(sent) => return Ok(sent),
                Err(Refusal::Error(error)) => return Err(error),
                Err(Refusal::FullUntil(until)) => {
                    has_room = false;
                    self.hub.clock.sleep_until(timestamp(until)).await;
                }
                Err(Refusal::Full) => {
                    self.wait_for_room(incoming).await?;
                    has_room = true;
                }
            }
        }
    }

    async fn wait_for_room(&self, incoming: &Incoming) -> Result<(), QueueError> {
        let mut room = pin!(RoomWait::new(&self.shared, incoming.need()));
        loop {
            let expiry = self.shared.with(|state| state.next_expiry());
            tokio::select! {
                result = room.as_mut() => return result,
                // Nobody may touch the queue meanwhile: look when its oldest message expires.
                () = self.hub.clock.sleep_until(timestamp(expiry)) => {
                    self.shared.at(self.hub.now(), |_| Ok(()))?;
                }
            }
        }
    }
}

fn over_limit_error() -> QueueError {
    QueueError::new(QueueErrorKind::OverLimit, "Too many messages are in flight: delete some of them first.")
}

fn body_hash(body: &[u8]) -> ByteString {
    let digest = Sha256::digest(body);
    let mut text = String::with_capacity(64);
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

/// The content of a dead letter: a FIFO one is known by its message id from now on, so that two messages which
/// happened to share a deduplication id are both kept.
fn dead_letter_content(content: &Arc<Content>, fifo: bool) -> Arc<Content> {
    if !fifo {
        return Arc::clone(content);
    }
    let deduplication_id = Some(content.id.to_string().into());
    Arc::new(content.copy(content.id, deduplication_id))
}
