//! Deliveries out of an embedded queue.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::{Attributes, Delivery, Lease, SettleAction, Settlement};
use crate::transport::{Redrive, SettleError, Source, SourceError, SourceErrorKind, SourceInfo};

use super::dead_letters::EmbeddedDeadLetters;
use super::error::{QueueError, QueueErrorKind};
use super::ids::Receipt;
use super::limits;
use super::message::{Deletion, ReceivedMessage};
use super::queue::Queue;
use super::receive::ReceiveRequest;
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
        self.lease = Some(lease.min(limits::MAX_VISIBILITY_TIMEOUT));
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
        results.unwrap_or_else(|error| items.iter().map(|_| Err(settle_error(error.clone()))).collect())
    }
}

impl Source for EmbeddedSource {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        let refused = |error| source_error(&self.queue, error);
        let attributes = self.queue.attributes().map_err(refused)?;
        let name = self.queue.name().to_owned();
        let lease = self.lease.unwrap_or(attributes.visibility_timeout);
        if lease.is_zero() {
            let text = format!(
                "queue `{name}` has a visibility timeout of 0, with which nobody can hold a message: set \
                 `visibility_timeout_seconds` to longer than a handler takes"
            );
            return Err(SourceError::new(SourceErrorKind::Refused, text));
        }
        let dead_letters = self.queue.dead_letter_queue().map_err(refused)?;
        let redrive = attributes.redrive.zip(dead_letters).map(|(policy, queue)| Redrive {
            max_receive_count: policy.max_receive_count(),
            destination: Arc::new(EmbeddedDeadLetters::new(queue)),
        });
        Ok(SourceInfo {
            name,
            ordered: attributes.fifo,
            lease: Some(lease),
            max_lease: Some(limits::MAX_VISIBILITY_TIMEOUT),
            max_release_delay: limits::MAX_VISIBILITY_TIMEOUT,
            max_batch: limits::MAX_BATCH,
            cancel_safe: true,
            redrive,
        })
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let mut request =
            ReceiveRequest::new().max(max.clamp(1, limits::MAX_BATCH)).wait(wait.min(limits::MAX_WAIT));
        if let Some(lease) = self.lease {
            request = request.visibility_timeout(lease);
        }
        let received =
            self.queue.receive(&request).await.map_err(|error| source_error(&self.queue, error))?;
        Ok(received.into_iter().map(|message| delivery(message, self.queue.is_fifo())).collect())
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        self.each(batch, |state, settlement| {
            let receipt = receipt(&settlement.lease)?;
            let within = |after: Duration| after.min(limits::MAX_VISIBILITY_TIMEOUT);
            let change = match settlement.action {
                SettleAction::Remove => {
                    return match state.delete(receipt).map_err(settle_error)? {
                        Deletion::Removed => Ok(()),
                        Deletion::AlreadyGone => Err(lost("the message is gone")),
                        Deletion::ReceivedAgain => Err(lost("the message was received again")),
                    };
                }
                SettleAction::Release { after } => Change::Release(within(after)),
                SettleAction::HandBack { after } => Change::HandBack(within(after)),
            };
            state.change_visibility(receipt, change).map_err(settle_error)
        })
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        let lease = lease.min(limits::MAX_VISIBILITY_TIMEOUT);
        self.each(leases, |state, held| {
            state.change_visibility(receipt(held)?, Change::Keep(lease)).map_err(settle_error)
        })
    }
}

/// Binary attributes stay behind: nothing in the runtime writes or reads one.
fn delivery(message: ReceivedMessage, ordered: bool) -> Delivery {
    let (first, second) = message.receipt().to_numbers();
    // The queue has refused names that come twice.
    let attributes = message.attributes().iter();
    let attributes = Attributes::from_unique(
        attributes.filter_map(|attribute| Some((attribute.shared_name(), attribute.shared_text()?))),
    );
    Delivery {
        body: message.body().clone(),
        attributes,
        transport_id: message.id().to_text(),
        group: message.group().filter(|_| ordered).map(ToString::to_string),
        receive_count: Some(message.receive_count()),
        sent_at: Some(message.sent_at()),
        first_received_at: Some(message.first_received_at()),
        lease: Lease::Numbers(first, second),
    }
}

fn receipt(lease: &Lease) -> Result<Receipt, SettleError> {
    match lease {
        Lease::Numbers(first, second) => Ok(Receipt::from_numbers(*first, *second)),
        Lease::Text(text) => text.parse().map_err(settle_error),
    }
}

fn lost(reason: &str) -> SettleError {
    SettleError::LeaseLost(reason.to_owned())
}

/// A queue in this process has no passing troubles: whatever it refuses, it refuses again.
fn settle_error(error: QueueError) -> SettleError {
    SettleError::LeaseLost(error.to_string())
}

fn source_error(queue: &Queue, error: QueueError) -> SourceError {
    let kind = match error.kind() {
        QueueErrorKind::QueueDoesNotExist => SourceErrorKind::NotFound,
        QueueErrorKind::OverLimit => SourceErrorKind::Throttled,
        _ => SourceErrorKind::Refused,
    };
    SourceError::new(kind, format!("nothing received from queue `{}`", queue.name())).with_source(error)
}
