//! Receiving: long polls, and the redrive of what was received too often.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;

use super::check;
use super::error::{QueueError, QueueErrorKind};
use super::message::{Content, ReceivedMessage};
use super::pick::{Departure, Wanted};
use super::queue::Queue;
use super::shared::Waiting;

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

    pub(super) fn wanted(&self) -> Result<Wanted, QueueError> {
        let max = self.max.unwrap_or(1);
        check::max_messages(max)?;
        check::wait(self.wait.unwrap_or_default())?;
        check::visibility_timeout(self.visibility_timeout.unwrap_or_default())?;
        let visibility_timeout = self.visibility_timeout.map(|timeout| timeout.as_micros() as i64);
        Ok(Wanted { max, visibility_timeout, redrive: true })
    }

    /// The wait, the visibility timeout and the attempt id that were named.
    pub(super) fn parts(&self) -> (Option<Duration>, Option<Duration>, Option<ByteString>) {
        (self.wait, self.visibility_timeout, self.attempt_id.clone())
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
                () = self.hub.clock.sleep_until_steady(wake_at) => {}
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
                    state.remember_attempt(id.clone(), receipts);
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
}

pub(super) fn over_limit_error() -> QueueError {
    QueueError::new(QueueErrorKind::OverLimit, "Too many messages are in flight: delete some of them first.")
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
