//! Batches: up to ten requests in one, each with its own result.

use std::time::Duration;

use super::error::{QueueError, QueueErrorKind};
use super::ids::Receipt;
use super::limits;
use super::message::{Deletion, OutgoingMessage, SentMessage};
use super::queue::Queue;
use super::settle::Change;
use super::state::{Incoming, Refusal};

/// One request of a batch, with the id by which its result is found.
#[derive(Clone, Debug)]
pub struct BatchEntry<T> {
    /// Distinct in its batch; 1 to 80 of `A-Z a-z 0-9 _ -`.
    pub id: String,
    /// The request.
    pub request: T,
}

impl<T> BatchEntry<T> {
    /// An entry.
    pub fn new(id: impl Into<String>, request: T) -> Self {
        Self { id: id.into(), request }
    }
}

/// The result of one entry.
#[derive(Clone, Debug)]
pub struct BatchResult<T> {
    /// The entry's id.
    pub id: String,
    /// What became of it. Every error is the sender's fault but `QueueFull`.
    pub result: Result<T, QueueError>,
}

/// A change of one message's visibility.
#[derive(Clone, Copy, Debug)]
pub struct VisibilityChange {
    /// The receipt.
    pub receipt: Receipt,
    /// How long the message is hidden from now; zero shows it at once.
    pub timeout: Duration,
}

impl Queue {
    /// Sends up to ten messages, together at most 1,048,576 bytes, and waits for room where the queue is full.
    /// A message that is refused does not keep the others out; results are in the entries' order.
    ///
    /// # Errors
    /// `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId`, `BatchEntryIdsNotDistinct` or
    /// `BatchRequestTooLong` for the batch as a whole; `QueueDoesNotExist`.
    ///
    /// # Cancel safety
    /// A batch that is dropped while it waits for room has sent the entries before the one that waits.
    pub async fn send_batch(
        &self,
        entries: Vec<BatchEntry<OutgoingMessage>>,
    ) -> Result<Vec<BatchResult<SentMessage>>, QueueError> {
        check_ids(&entries)?;
        check_size(&entries)?;
        let (ids, messages): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|entry| (entry.id, entry.request)).unzip();
        let results = self.send_all(messages).await?.into_iter();
        let name =
            |(id, result): (String, Result<_, _>)| BatchResult { id, result: result.map_err(in_batch) };
        Ok(ids.into_iter().zip(results).map(name).collect())
    }

    /// Sends messages in their order, however many, with one result each.
    pub(super) async fn send_all(
        &self,
        messages: Vec<OutgoingMessage>,
    ) -> Result<Vec<Result<SentMessage, QueueError>>, QueueError> {
        let prepared: Vec<_> = messages.into_iter().map(|message| self.prepare(message)).collect();
        let mut results = Vec::with_capacity(prepared.len());
        let mut prepared = prepared.into_iter();
        while prepared.len() > 0 {
            if let Some(waiting) = self.admit_what_fits(&mut prepared, &mut results)? {
                results.push(self.admit(&waiting).await);
            }
        }
        Ok(results)
    }

    /// Sends messages under one lock, up to the first that has to wait, which it returns.
    fn admit_what_fits(
        &self,
        messages: &mut impl Iterator<Item = Result<Incoming, QueueError>>,
        results: &mut Vec<Result<SentMessage, QueueError>>,
    ) -> Result<Option<Incoming>, QueueError> {
        self.shared.at(self.hub.now(), |state| {
            for incoming in messages {
                let sent = incoming.and_then(|incoming| {
                    state.check_size(incoming.content.size)?;
                    Ok((state.send(&incoming, false), incoming))
                });
                results.push(match sent {
                    Ok((Err(Refusal::Full | Refusal::FullUntil(_)), incoming)) => return Ok(Some(incoming)),
                    Ok((Err(Refusal::Error(error)), _)) | Err(error) => Err(error),
                    Ok((Ok(sent), _)) => Ok(sent),
                });
            }
            Ok(None)
        })
    }

    /// Deletes up to ten messages; results are in the entries' order.
    ///
    /// # Errors
    /// `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId` or `BatchEntryIdsNotDistinct`
    /// for the batch as a whole; `QueueDoesNotExist`.
    pub fn delete_batch(
        &self,
        entries: Vec<BatchEntry<Receipt>>,
    ) -> Result<Vec<BatchResult<Deletion>>, QueueError> {
        check_ids(&entries)?;
        self.shared.at(self.hub.now(), |state| {
            let delete = |entry: BatchEntry<Receipt>| BatchResult {
                result: state.delete(entry.request),
                id: entry.id,
            };
            Ok(entries.into_iter().map(delete).collect())
        })
    }

    /// Changes the visibility of up to ten messages; results are in the entries' order.
    ///
    /// # Errors
    /// Those of [`Queue::delete_batch`].
    pub fn change_visibility_batch(
        &self,
        entries: Vec<BatchEntry<VisibilityChange>>,
    ) -> Result<Vec<BatchResult<()>>, QueueError> {
        check_ids(&entries)?;
        self.shared.at(self.hub.now(), |state| {
            let change = |entry: BatchEntry<VisibilityChange>| {
                let VisibilityChange { receipt, timeout } = entry.request;
                let result = super::check::visibility_timeout(timeout)
                    .and_then(|()| state.change_visibility(receipt, Change::Keep(timeout)));
                BatchResult { id: entry.id, result }
            };
            Ok(entries.into_iter().map(change).collect())
        })
    }
}

pub(super) fn check_size(entries: &[BatchEntry<OutgoingMessage>]) -> Result<(), QueueError> {
    let bytes: usize = entries.iter().map(|entry| entry.request.size()).sum();
    if bytes <= limits::MAX_MESSAGE_BYTES {
        return Ok(());
    }
    let text = format!(
        "Batch requests cannot be longer than {} bytes. You have sent {bytes} bytes.",
        limits::MAX_MESSAGE_BYTES
    );
    Err(QueueError::new(QueueErrorKind::BatchRequestTooLong, text))
}

pub(super) fn check_ids<T>(entries: &[BatchEntry<T>]) -> Result<(), QueueError> {
    if entries.is_empty() {
        return Err(QueueError::new(
            QueueErrorKind::EmptyBatchRequest,
            "There should be at least one entry in the request.",
        ));
    }
    if entries.len() > limits::MAX_BATCH {
        let text = format!(
            "Maximum number of entries per request are {}. You have sent {}.",
            limits::MAX_BATCH,
            entries.len()
        );
        return Err(QueueError::new(QueueErrorKind::TooManyEntriesInBatchRequest, text));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    for (index, entry) in entries.iter().enumerate() {
        let id = &entry.id;
        if id.is_empty() || id.len() > limits::MAX_BATCH_ENTRY_ID || !id.bytes().all(allowed) {
            return Err(QueueError::new(
                QueueErrorKind::InvalidBatchEntryId,
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                 It can be at most 80 letters long.",
            ));
        }
        if entries[..index].iter().any(|other| other.id == *id) {
            let text = format!("Id {id} repeated.");
            return Err(QueueError::new(QueueErrorKind::BatchEntryIdsNotDistinct, text));
        }
    }
    Ok(())
}

/// The error as the service words it inside a batch.
pub(super) fn in_batch(error: QueueError) -> QueueError {
    match error.kind() {
        QueueErrorKind::MissingParameter => {
            QueueError::new(QueueErrorKind::InvalidParameterValue, error.message().to_owned())
        }
        QueueErrorKind::MessageTooLong => {
            let text = error.message().replace("are invalid", "cannot be validated");
            QueueError::new(QueueErrorKind::MessageTooLong, text)
        }
        _ => error,
    }
}
