//! Deliveries out of a queue of a file.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use event_runtime::delivery::attribute;
use event_runtime::delivery::{Attributes, Delivery, Lease, SettleAction, Settlement};
use event_runtime::embedded::{
    Deletion, QueueError, QueueErrorKind, Receipt, ReceiveRequest, ReceivedMessage,
};
use event_runtime::transport::{Redrive, SettleError, Source, SourceError, SourceErrorKind, SourceInfo};

use crate::dead_letters::SqliteDeadLetters;
use crate::error::{SqliteError, SqliteErrorKind};
use crate::limits;
use crate::queue::SqliteQueue;
use crate::store::Action;

/// Receives from one queue. Settlements and receives that are under way at the same time share a transaction.
#[derive(Clone, Debug)]
pub struct SqliteSource {
    queue: SqliteQueue,
    lease: Option<Duration>,
}

impl SqliteSource {
    /// A source over this queue.
    pub fn new(queue: SqliteQueue) -> Self {
        Self { queue, lease: None }
    }

    /// The same source, leasing messages for `lease` (up to 12 hours) and not for the queue's visibility timeout.
    #[must_use]
    pub fn with_visibility_timeout(mut self, lease: Duration) -> Self {
        self.lease = Some(lease.min(limits::MAX_VISIBILITY_TIMEOUT));
        self
    }

    /// The queue.
    pub fn queue(&self) -> &SqliteQueue {
        &self.queue
    }

    /// Settles what has a receipt; the rest has its result already.
    async fn settle_each(
        &self,
        actions: impl Iterator<Item = Result<(Receipt, Action), SettleError>>,
    ) -> Vec<Result<(), SettleError>> {
        let mut known = Vec::new();
        let mut results: Vec<Result<(), SettleError>> =
            actions.map(|action| action.map(|action| known.push(action))).collect();
        let removes: Vec<bool> = known.iter().map(|(_, action)| matches!(action, Action::Delete)).collect();
        let open = results.iter_mut().filter(|result| result.is_ok());
        match self.queue.settle(known).await {
            Ok(settled) => {
                for ((result, settled), removes) in open.zip(settled).zip(removes) {
                    *result = match settled {
                        Ok(Deletion::AlreadyGone) if removes => Err(lost("the message is gone")),
                        Ok(Deletion::ReceivedAgain) if removes => Err(lost("the message was received again")),
                        Ok(_) => Ok(()),
                        Err(error) => Err(refused(&error)),
                    };
                }
            }
            Err(error) => open.for_each(|result| *result = Err(settle_error(&error))),
        }
        results
    }
}

impl Source for SqliteSource {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        let failed = |error| source_error(&self.queue, error);
        let attributes = self.queue.attributes().await.map_err(failed)?;
        let name = self.queue.name().to_owned();
        let lease = self.lease.unwrap_or(attributes.visibility_timeout);
        if lease.is_zero() {
            let text = format!(
                "queue `{name}` has a visibility timeout of 0, with which nobody can hold a message: set \
                 `visibility_timeout_seconds` to longer than a handler takes"
            );
            return Err(SourceError::new(SourceErrorKind::Refused, text));
        }
        let redrive = match attributes.redrive.zip(self.queue.dead_letter_queue().await.map_err(failed)?) {
            Some((policy, queue)) => Some(Redrive {
                max_receive_count: policy.max_receive_count(),
                destination: Arc::new(SqliteDeadLetters::new(queue).await.map_err(failed)?),
            }),
            None => None,
        };
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
        Ok(received.iter().map(|message| delivery(message, self.queue.is_fifo())).collect())
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        let within = |after: Duration| after.min(limits::MAX_VISIBILITY_TIMEOUT);
        let actions = batch.iter().map(|settlement| {
            let action = match settlement.action {
                SettleAction::Remove => Action::Delete,
                SettleAction::Release { after } => Action::Release(within(after)),
                SettleAction::HandBack { after } => Action::HandBack(within(after)),
            };
            Ok((receipt(&settlement.lease)?, action))
        });
        self.settle_each(actions).await
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        let action = Action::Keep(lease.min(limits::MAX_VISIBILITY_TIMEOUT));
        self.settle_each(leases.iter().map(|held| Ok((receipt(held)?, action)))).await
    }
}

/// Binary attributes stay behind: nothing in the runtime writes or reads one.
fn delivery(message: &ReceivedMessage, ordered: bool) -> Delivery {
    let (first, second) = message.receipt().to_numbers();
    let attributes = message.attributes().iter();
    let attributes: Attributes =
        attributes.filter_map(|attribute| Some((known_name(attribute.name()), attribute.text()?))).collect();
    Delivery {
        body: message.body().clone(),
        attributes,
        transport_id: message.id().to_string(),
        group: message.group().filter(|_| ordered).map(ToString::to_string),
        receive_count: Some(message.receive_count()),
        sent_at: Some(message.sent_at()),
        first_received_at: Some(message.first_received_at()),
        lease: Lease::Numbers(first, second),
    }
}

/// The runtime's own names, which nearly every message has, need no copy.
fn known_name(name: &str) -> Cow<'static, str> {
    const NAMES: [&str; 8] = [
        attribute::PAYLOAD_TYPE,
        attribute::VERSION,
        attribute::ID,
        attribute::CORRELATION_ID,
        attribute::TRACEPARENT,
        attribute::HOPS,
        attribute::DELAYED_UNTIL,
        attribute::DEAD_LETTER,
    ];
    match NAMES.into_iter().find(|known| *known == name) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(name.to_owned()),
    }
}

fn receipt(lease: &Lease) -> Result<Receipt, SettleError> {
    match lease {
        Lease::Numbers(first, second) => Ok(Receipt::from_numbers(*first, *second)),
        Lease::Text(text) => text.parse().map_err(|error| refused(&error)),
    }
}

fn lost(reason: &str) -> SettleError {
    SettleError::LeaseLost(reason.to_owned())
}

/// Whatever a queue refuses of a receipt, it refuses again.
fn refused(error: &QueueError) -> SettleError {
    SettleError::LeaseLost(error.to_string())
}

fn settle_error(error: &SqliteError) -> SettleError {
    match error.refusal() {
        Some(refusal) => refused(refusal),
        None => SettleError::Transient(error.to_string()),
    }
}

fn source_error(queue: &SqliteQueue, error: SqliteError) -> SourceError {
    let kind = match error.kind() {
        SqliteErrorKind::Refused(QueueErrorKind::QueueDoesNotExist) => SourceErrorKind::NotFound,
        SqliteErrorKind::Refused(QueueErrorKind::OverLimit) => SourceErrorKind::Throttled,
        SqliteErrorKind::Busy | SqliteErrorKind::DiskFull | SqliteErrorKind::Unavailable => {
            SourceErrorKind::Unavailable
        }
        SqliteErrorKind::Closed => SourceErrorKind::Closed,
        _ => SourceErrorKind::Refused,
    };
    SourceError::new(kind, format!("nothing received from queue `{}`", queue.name())).with_source(error)
}
