//! Sending: checks and hashing before the lock, waiting for room around it.

use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;

use bytestring::ByteString;
use sha2::{Digest as _, Sha256};

use super::check;
use super::error::{QueueError, QueueErrorKind};
use super::message::{Content, OutgoingMessage, SentMessage};
use super::queue::Queue;
use super::shared::RoomWait;
use super::state::{Incoming, Refusal};

impl Queue {
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
            Refusal::Full | Refusal::FullUntil(_) => queue_full(self.name()),
        })
    }

    /// Checks a message and gives it an id, outside the lock.
    pub(super) fn prepare(&self, message: OutgoingMessage) -> Result<Incoming, QueueError> {
        check::message(&message, self.shared.fifo)?;
        let size = message.size();
        let OutgoingMessage { body, attributes, delay, group, deduplication_id, trace_header } = message;
        let deduplication_id = match deduplication_id {
            None if self.shared.fifo => Some(content_deduplication(&body, self.shared.hashes_bodies())?),
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
                    self.hub.clock.sleep_until_steady(until).await;
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
                () = self.hub.clock.sleep_until_steady(expiry) => {
                    self.shared.at(self.hub.now(), |_| Ok(()))?;
                }
            }
        }
    }
}

pub(super) fn queue_full(queue: &str) -> QueueError {
    let text = format!("Queue {queue} holds as much as its capacity allows.");
    QueueError::new(QueueErrorKind::QueueFull, text)
}

/// The deduplication id of a message that has none.
pub(super) fn content_deduplication(body: &[u8], hashes_bodies: bool) -> Result<ByteString, QueueError> {
    if hashes_bodies {
        return Ok(body_hash(body));
    }
    Err(QueueError::new(
        QueueErrorKind::InvalidParameterValue,
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
         explicitly",
    ))
}

fn body_hash(body: &[u8]) -> ByteString {
    let digest = Sha256::digest(body);
    let mut text = String::with_capacity(64);
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}
