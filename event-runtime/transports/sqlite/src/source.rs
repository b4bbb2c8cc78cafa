//! Deliveries out of a queue of a file.

use std::sync::Arc;
use std::time::Duration;

use event_runtime::delivery::{Delivery, Lease, SettleAction, Settlement};
use event_runtime::embedded::{Receipt, rules};
use event_runtime::transport::{Redrive, SettleError, Source, SourceError, SourceErrorKind, SourceInfo};

use crate::dead_letters::SqliteDeadLetters;
use crate::error::{SqliteError, SqliteErrorKind};
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
        self.lease = Some(rules::hidden_for(lease));
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
                        Ok(deletion) if removes => rules::removed(deletion),
                        Ok(_) => Ok(()),
                        Err(error) => Err(rules::refused(&error)),
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
        let redrive =
            match attributes.redrive.as_ref().zip(self.queue.dead_letter_queue().await.map_err(failed)?) {
                Some((policy, queue)) => Some(Redrive {
                    max_receive_count: policy.max_receive_count(),
                    destination: Arc::new(SqliteDeadLetters::new(queue).await.map_err(failed)?),
                }),
                None => None,
            };
        rules::source_info(self.queue.name(), &attributes, self.lease, redrive)
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let request = rules::receive_request(max, wait, self.lease);
        let received =
            self.queue.receive(&request).await.map_err(|error| source_error(&self.queue, error))?;
        Ok(received.iter().map(|message| rules::delivery(message, self.queue.is_fifo())).collect())
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        let actions = batch.iter().map(|settlement| {
            let action = match settlement.action {
                SettleAction::Remove => Action::Delete,
                SettleAction::Release { after } => Action::Release(rules::hidden_for(after)),
                SettleAction::HandBack { after } => Action::HandBack(rules::hidden_for(after)),
            };
            Ok((rules::receipt_of(&settlement.lease)?, action))
        });
        self.settle_each(actions).await
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        let action = Action::Keep(rules::hidden_for(lease));
        self.settle_each(leases.iter().map(|held| Ok((rules::receipt_of(held)?, action)))).await
    }
}

fn settle_error(error: &SqliteError) -> SettleError {
    match error.refusal() {
        Some(refusal) => rules::refused(refusal),
        None => SettleError::Transient(error.to_string()),
    }
}

fn source_error(queue: &SqliteQueue, error: SqliteError) -> SourceError {
    let kind = match error.kind() {
        SqliteErrorKind::Refused(kind) => rules::source_error_kind(kind),
        SqliteErrorKind::Busy | SqliteErrorKind::DiskFull | SqliteErrorKind::Unavailable => {
            SourceErrorKind::Unavailable
        }
        SqliteErrorKind::Closed => SourceErrorKind::Closed,
        _ => SourceErrorKind::Refused,
    };
    rules::not_received(queue.name(), kind, error)
}
