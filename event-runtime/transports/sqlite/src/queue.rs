//! The handle on one queue.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use event_runtime::Clock;
use event_runtime::embedded::rules::{self, Wanted};
use event_runtime::embedded::{
    BatchEntry, BatchResult, Deletion, OutgoingMessage, QueueAttributes, QueueCounts, QueueError,
    QueueSettings, Receipt, ReceiveRequest, ReceivedMessage, SentMessage, VisibilityChange,
};
use jiff::Timestamp;

use crate::broker::Inner;
use crate::error::SqliteError;
use crate::store::{Action, Admission, Identity, Outgoing, View, Waiting, arn};

/// A queue of a [`SqliteBroker`](crate::SqliteBroker). Cloning is cheap; every clone is the same queue.
///
/// Its requests are those of [`event_runtime::embedded::Queue`], with the same rules. An answer comes when the change is
/// in the file, as durable as [`Synchronous`](crate::Synchronous) says; requests that arrive together share one
/// transaction.
#[derive(Clone, Debug)]
pub struct SqliteQueue {
    identity: Arc<Identity>,
    inner: Arc<Inner>,
}

impl SqliteQueue {
    pub(crate) fn new(identity: Identity, inner: Arc<Inner>) -> Self {
        Self { identity: Arc::new(identity), inner }
    }

    /// The queue's name.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// Whether the queue is FIFO.
    pub fn is_fifo(&self) -> bool {
        self.identity.fifo
    }

    /// The queue's ARN.
    pub fn arn(&self) -> String {
        arn(&self.identity.name)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Sends a message, and waits for room where the queue is full.
    ///
    /// # Errors
    /// `Refused` with `MissingParameter`, `InvalidParameterValue`, `InvalidMessageContents` or `MessageTooLong` for a
    /// message that the queue does not take, or `QueueDoesNotExist`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have sent the message.
    pub async fn send(&self, message: OutgoingMessage) -> Result<SentMessage, SqliteError> {
        let message = rules::prepare(message, self.is_fifo())?;
        let results = self.admit_all(vec![Ok((self.inner.ids.next(), message))], true).await?;
        Ok(first(results)?)
    }

    /// Sends a message, or fails where the queue is full.
    ///
    /// # Errors
    /// Those of [`SqliteQueue::send`], and `Refused(QueueFull)`.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have sent the message.
    pub async fn try_send(&self, message: OutgoingMessage) -> Result<SentMessage, SqliteError> {
        let message = rules::prepare(message, self.is_fifo())?;
        let results = self.admit_all(vec![Ok((self.inner.ids.next(), message))], false).await?;
        Ok(first(results)?)
    }

    /// Sends up to ten messages, together at most 1,048,576 bytes, in one transaction, and waits for room where the
    /// queue is full. A message that is refused does not keep the others out; results are in the entries' order.
    ///
    /// # Errors
    /// `Refused` with `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId`,
    /// `BatchEntryIdsNotDistinct` or `BatchRequestTooLong` for the batch as a whole, or `QueueDoesNotExist`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may have sent any of them.
    pub async fn send_batch(
        &self,
        entries: Vec<BatchEntry<OutgoingMessage>>,
    ) -> Result<Vec<BatchResult<SentMessage>>, SqliteError> {
        rules::batch_ids(&entries)?;
        rules::batch_size(&entries)?;
        let (ids, messages): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|entry| (entry.id, entry.request)).unzip();
        let results = self.send_all(messages).await?.into_iter();
        let name = |(id, result): (String, Result<_, _>)| BatchResult {
            id,
            result: result.map_err(rules::in_batch),
        };
        Ok(ids.into_iter().zip(results).map(name).collect())
    }

    /// Sends messages in their order, however many, with one result each.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may have sent any of them.
    pub async fn send_all(
        &self,
        messages: Vec<OutgoingMessage>,
    ) -> Result<Vec<Result<SentMessage, QueueError>>, SqliteError> {
        let fifo = self.is_fifo();
        let prepare = |message| Ok((self.inner.ids.next(), rules::prepare(message, fifo)?));
        self.admit_all(messages.into_iter().map(prepare).collect(), true).await
    }

    async fn admit_all(
        &self,
        messages: Vec<Result<Outgoing, QueueError>>,
        waits: bool,
    ) -> Result<Vec<Result<SentMessage, QueueError>>, SqliteError> {
        let queue = self.identity.id;
        let mut refused = Vec::new();
        let mut checked = Vec::with_capacity(messages.len());
        for (place, message) in messages.into_iter().enumerate() {
            match message {
                Ok(message) => checked.push(message),
                Err(error) => refused.push((place, error)),
            }
        }
        let mut results = Vec::with_capacity(checked.len() + refused.len());
        let checked = Arc::new(checked);
        let signal = self.inner.signals.of(queue);
        let mut changed = pin!(signal.notified());
        let mut waiting = None;
        while results.len() < checked.len() {
            changed.as_mut().enable();
            let (rest, from) = (Arc::clone(&checked), results.len());
            let Admission { results: sent, full_until } =
                self.inner.writer.call(move |session| session.send(queue, &rest[from..])).await?;
            results.extend(sent);
            let Some(until) = full_until else { continue };
            if !waits {
                results.push(Err(rules::queue_full(self.name())));
                continue;
            }
            if waiting.is_none() {
                // From now on other processes are looked for too: once more, in case one made room meanwhile.
                waiting = Some(Waiting::new(&self.inner.signals));
                changed.set(signal.notified());
                continue;
            }
            tokio::select! {
                () = changed.as_mut() => {}
                () = self.inner.clock.sleep_until(timestamp(until)) => {}
            }
            changed.set(signal.notified());
        }
        for (place, error) in refused {
            results.insert(place, Err(error));
        }
        Ok(results)
    }

    /// Receives messages and hides them from others; an empty answer is no error.
    ///
    /// # Errors
    /// `Refused` with `InvalidParameterValue` for a number out of its range, `OverLimit` on a standard queue with too
    /// many messages in flight, where the receive does not wait, or `QueueDoesNotExist`; the file's.
    ///
    /// # Cancel safety
    /// What a dropped receive has received is handed back.
    pub async fn receive(&self, request: &ReceiveRequest) -> Result<Vec<ReceivedMessage>, SqliteError> {
        Ok(self.settle_and_receive(Vec::new(), request).await?.1)
    }

    /// Receives what is there, without waiting.
    ///
    /// # Errors
    /// Those of [`SqliteQueue::receive`].
    ///
    /// # Cancel safety
    /// What a dropped receive has received is handed back.
    pub async fn try_receive(&self, request: &ReceiveRequest) -> Result<Vec<ReceivedMessage>, SqliteError> {
        self.receive(&request.clone().wait(Duration::ZERO)).await
    }

    /// Deletes the messages of `done` and receives the next ones, in one transaction: a loop over it commits once a
    /// batch. It returns what became of each deletion, in their order.
    ///
    /// # Errors
    /// Those of [`SqliteQueue::receive`]. After `OverLimit` the messages are deleted all the same.
    ///
    /// # Cancel safety
    /// A dropped call may have deleted the messages; what it has received is handed back.
    pub async fn delete_and_receive(
        &self,
        done: &[Receipt],
        request: &ReceiveRequest,
    ) -> Result<(Vec<Result<Deletion, QueueError>>, Vec<ReceivedMessage>), SqliteError> {
        let done = done.iter().map(|receipt| (*receipt, Action::Delete)).collect();
        self.settle_and_receive(done, request).await
    }

    async fn settle_and_receive(
        &self,
        before: Vec<(Receipt, Action)>,
        request: &ReceiveRequest,
    ) -> Result<(Vec<Result<Deletion, QueueError>>, Vec<ReceivedMessage>), SqliteError> {
        let wanted = rules::wanted(request)?;
        let (settled, view) = self.inner.writer.receive(self.identity.id, before, wanted.clone()).await?;
        let wait = wanted.wait.unwrap_or(view.own_wait);
        if view.over_limit && wait.is_zero() && !self.is_fifo() {
            return Err(rules::over_limit().into());
        }
        if !view.received.is_empty() || wait.is_zero() {
            return Ok((settled, view.received));
        }
        Ok((settled, self.wait_for_messages(&wanted, wait).await?))
    }

    async fn wait_for_messages(
        &self,
        wanted: &Wanted,
        wait: Duration,
    ) -> Result<Vec<ReceivedMessage>, SqliteError> {
        let clock = &self.inner.clock;
        let until = rules::after(clock.now(), wait);
        let _waiting = Waiting::new(&self.inner.signals);
        let signal = self.inner.signals.of(self.identity.id);
        let mut changed = pin!(signal.notified());
        loop {
            // Listen first, look second: what comes between the two is not missed.
            changed.as_mut().enable();
            let (_, View { received, next_event, .. }) =
                self.inner.writer.receive(self.identity.id, Vec::new(), wanted.clone()).await?;
            if !received.is_empty() || clock.now() >= until {
                return Ok(received);
            }
            tokio::select! {
                () = changed.as_mut() => {}
                () = clock.sleep_until(until.min(timestamp(next_event))) => {}
            }
            changed.set(signal.notified());
        }
    }

    /// Deletes the message of a receipt.
    ///
    /// # Errors
    /// `Refused` with `ReceiptHandleIsInvalid` for another queue's receipt, `LeaseLost` on a FIFO queue where the lease
    /// is over, or `QueueDoesNotExist`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have deleted the message.
    pub async fn delete(&self, receipt: Receipt) -> Result<Deletion, SqliteError> {
        Ok(first(self.settle(vec![(receipt, Action::Delete)]).await?)?)
    }

    /// Deletes up to ten messages; results are in the entries' order.
    ///
    /// # Errors
    /// `Refused` with `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId` or
    /// `BatchEntryIdsNotDistinct` for the batch as a whole, or `QueueDoesNotExist`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have deleted the messages.
    pub async fn delete_batch(
        &self,
        entries: Vec<BatchEntry<Receipt>>,
    ) -> Result<Vec<BatchResult<Deletion>>, SqliteError> {
        rules::batch_ids(&entries)?;
        let actions = entries.iter().map(|entry| (entry.request, Action::Delete)).collect();
        let results = self.settle(actions).await?;
        let ids = entries.into_iter().map(|entry| entry.id);
        Ok(ids.zip(results).map(|(id, result)| BatchResult { id, result }).collect())
    }

    /// Hides the message of a receipt until `timeout` from now, 0 to 43,200 s; zero shows it at once.
    ///
    /// # Errors
    /// `Refused` with `InvalidParameterValue` for a timeout that is too long, alone or together with what has passed
    /// since the receive, `ReceiptHandleIsInvalid`, `LeaseLost` or `QueueDoesNotExist`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have changed the visibility.
    pub async fn change_visibility(&self, receipt: Receipt, timeout: Duration) -> Result<(), SqliteError> {
        rules::visibility_timeout(timeout)?;
        first(self.settle(vec![(receipt, Action::Keep(timeout))]).await?)?;
        Ok(())
    }

    /// Changes the visibility of up to ten messages; results are in the entries' order.
    ///
    /// # Errors
    /// Those of [`SqliteQueue::delete_batch`].
    ///
    /// # Cancel safety
    /// A dropped call may or may not have changed the visibility of any of them.
    pub async fn change_visibility_batch(
        &self,
        entries: Vec<BatchEntry<VisibilityChange>>,
    ) -> Result<Vec<BatchResult<()>>, SqliteError> {
        rules::batch_ids(&entries)?;
        let mut results = Vec::with_capacity(entries.len());
        let mut actions = Vec::with_capacity(entries.len());
        for BatchEntry { id, request: VisibilityChange { receipt, timeout } } in entries {
            let checked = rules::visibility_timeout(timeout);
            actions.extend(checked.is_ok().then_some((receipt, Action::Keep(timeout))));
            results.push(BatchResult { id, result: checked });
        }
        let mut settled = self.settle(actions).await?.into_iter();
        for entry in results.iter_mut().filter(|entry| entry.result.is_ok()) {
            if let Some(Err(error)) = settled.next() {
                entry.result = Err(error);
            }
        }
        Ok(results)
    }

    /// Takes a receive back: the message is visible `after` from now (0 to 43,200 s), the receive is not counted, and
    /// the receipt ends.
    ///
    /// # Errors
    /// Those of [`SqliteQueue::change_visibility`].
    ///
    /// # Cancel safety
    /// A dropped call may or may not have handed the message back.
    pub async fn hand_back(&self, receipt: Receipt, after: Duration) -> Result<(), SqliteError> {
        rules::visibility_timeout(after)?;
        first(self.settle(vec![(receipt, Action::HandBack(after))]).await?)?;
        Ok(())
    }

    pub(crate) async fn settle(
        &self,
        actions: Vec<(Receipt, Action)>,
    ) -> Result<Vec<Result<Deletion, QueueError>>, SqliteError> {
        let queue = self.identity.id;
        self.inner.writer.call(move |session| session.settle(queue, &actions)).await
    }

    /// Removes every message, visible or not, and every deduplication id.
    ///
    /// # Errors
    /// `Refused` with `PurgeQueueInProgress` within 60 seconds of the last purge, or `QueueDoesNotExist`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have emptied the queue.
    pub async fn purge(&self) -> Result<(), SqliteError> {
        let queue = self.identity.id;
        self.inner.writer.call(move |session| session.purge(queue)).await
    }

    /// How many messages the queue holds.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn counts(&self) -> Result<QueueCounts, SqliteError> {
        let queue = self.identity.id;
        self.inner.writer.call(move |session| session.counts(queue)).await
    }

    /// The queue's attributes.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn attributes(&self) -> Result<QueueAttributes, SqliteError> {
        let queue = self.identity.id;
        let read = self
            .inner
            .writer
            .call(move |session| session.with(queue, |_, open| Ok(open.facts.attributes.clone())));
        read.await
    }

    /// All attributes as the service's names and texts, counts, ARN and timestamps included.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn attribute_pairs(&self) -> Result<Vec<(String, String)>, SqliteError> {
        let queue = self.identity.id;
        self.inner.writer.call(move |session| session.attribute_pairs(queue)).await
    }

    /// Changes attributes, all or none. On a FIFO queue a changed delay also holds for what is delayed now.
    ///
    /// # Errors
    /// `Refused` with `InvalidAttributeName`, `InvalidAttributeValue`, `InvalidParameterValue` for a redrive policy whose
    /// dead-letter queue does not exist, is of the other kind, or does not allow this source, or `QueueDoesNotExist`;
    /// the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have changed them.
    pub async fn set_attributes(&self, settings: QueueSettings) -> Result<(), SqliteError> {
        let queue = self.identity.id;
        self.inner.writer.call(move |session| session.set_attributes(queue, &settings)).await
    }

    /// [`SqliteQueue::set_attributes`], blocking.
    pub(crate) fn set_attributes_blocking(&self, settings: QueueSettings) -> Result<(), SqliteError> {
        let queue = self.identity.id;
        self.inner.writer.call_blocking(move |session| session.set_attributes(queue, &settings))
    }

    /// The queue that this one's redrive policy names; `None` without a policy, or where that queue is gone.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn dead_letter_queue(&self) -> Result<Option<Self>, SqliteError> {
        let queue = self.identity.id;
        let found = self.inner.writer.call(move |session| session.dead_letter_queue(queue)).await?;
        Ok(found.map(|identity| Self::new(identity, Arc::clone(&self.inner))))
    }
}

/// The one result of a request about one message.
fn first<T>(results: Vec<Result<T, QueueError>>) -> Result<T, QueueError> {
    results.into_iter().next().unwrap_or_else(|| Err(rules::does_not_exist()))
}

fn timestamp(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MAX)
}
