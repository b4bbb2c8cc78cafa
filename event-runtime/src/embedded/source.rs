//! Deliveries out of an embedded queue.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::{Delivery, Lease, SettleAction, Settlement};
use crate::transport::{Redrive, SettleError, Source, SourceError, SourceInfo};

use super::dead_letters::EmbeddedDeadLetters;
use super::deliveries::{
    delivery, hidden_for, not_received, receipt_of, receive_request, refused, removed, source_error_kind,
    source_info,
};
use super::error::QueueError;
use super::queue::Queue;
use super::settle::Change;
use super::state::State;

/// Receives from one queue.
///
/// ```
/// use event_runtime::consumer::Consumer;
/// use event_runtime::embedded::{Broker, EmbeddedSource, QueueSettings};
///
/// let queue = Broker::new().create_queue("orders", QueueSettings::new())?;
/// let consumer = Consumer::new(EmbeddedSource::new(queue));
/// # let _ = consumer;
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddedSource {
    queue: Queue,
    lease: Option<Duration>,
}

impl EmbeddedSource {
    /// A source over this queue.
    pub fn new(queue: Queue) -> Self {
        Self { queue, lease: None }
    }

    /// The same source, leasing messages for `lease` (up to 12 hours) and not for the queue's visibility timeout.
    #[must_use]
    pub fn with_visibility_timeout(mut self, lease: Duration) -> Self {
        self.lease = Some(hidden_for(lease));
        self
    }

    /// The queue.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Settles or extends many messages under one lock.
    fn each<T>(
        &self,
        items: &[T],
        change: impl Fn(&mut State, &T) -> Result<(), SettleError>,
    ) -> Vec<Result<(), SettleError>> {
        let results = self.queue.shared.at(self.queue.hub.now(), |state| {
            Ok(items.iter().map(|item| change(state, item)).collect::<Vec<_>>())
        });
        results.unwrap_or_else(|error| items.iter().map(|_| Err(refused(&error))).collect())
    }
}

impl Source for EmbeddedSource {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        let refused = |error| source_error(&self.queue, error);
        let attributes = self.queue.attributes().map_err(refused)?;
        let dead_letters = self.queue.dead_letter_queue().map_err(refused)?;
        let redrive = attributes.redrive.as_ref().zip(dead_letters).map(|(policy, queue)| Redrive {
            max_receive_count: policy.max_receive_count(),
            destination: Arc::new(EmbeddedDeadLetters::new(queue)),
        });
        source_info(self.queue.name(), &attributes, self.lease, redrive)
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let request = receive_request(max, wait, self.lease);
        let received =
            self.queue.receive(&request).await.map_err(|error| source_error(&self.queue, error))?;
        Ok(received.iter().map(|message| delivery(message, self.queue.is_fifo())).collect())
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        self.each(batch, |state, settlement| {
            let receipt = receipt_of(&settlement.lease)?;
            let change = match settlement.action {
                SettleAction::Remove => {
                    return removed(state.delete(receipt).map_err(|error| refused(&error))?);
                }
                SettleAction::Release { after } => Change::Release(hidden_for(after)),
                SettleAction::HandBack { after } => Change::HandBack(hidden_for(after)),
            };
            state.change_visibility(receipt, change).map_err(|error| refused(&error))
        })
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        let change = Change::Keep(hidden_for(lease));
        self.each(leases, |state, held| {
            state.change_visibility(receipt_of(held)?, change).map_err(|error| refused(&error))
        })
    }
}

fn source_error(queue: &Queue, error: QueueError) -> SourceError {
    not_received(queue.name(), source_error_kind(error.kind()), error)
}
