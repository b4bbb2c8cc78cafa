//! Settling: deletes and visibility changes, in batches of ten.

use std::time::Duration;

use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry};
use event_runtime::delivery::{Lease, SettleAction, Settlement};
use event_runtime::transport::SettleError;
use futures_util::future::{join, join_all};

use crate::batch::{entry_id, reconcile};
use crate::error::Fault;
use crate::limits::MAX_BATCH;
use crate::source::{SqsSource, receipt};

type Settled = Vec<Result<(), SettleError>>;

impl SqsSource {
    pub(super) async fn settle_all(&self, batch: &[Settlement]) -> Settled {
        let mut deletes = Vec::new();
        let mut changes = Vec::new();
        for (place, Settlement { lease, action }) in batch.iter().enumerate() {
            match action {
                SettleAction::Remove => deletes.push((place, lease)),
                // SQS counts a receive that nobody tried all the same: it has no request to take one back.
                SettleAction::Release { after } | SettleAction::HandBack { after } => {
                    changes.push((place, (lease, *after)));
                }
            }
        }
        let delete = in_batches(&deletes, |batch| self.delete(batch));
        let change = in_batches(&changes, |batch| self.change_visibility(batch));
        let (deleted, changed) = join(delete, change).await;
        let mut results: Vec<Option<Result<(), SettleError>>> = vec![None; batch.len()];
        for (place, result) in deleted.into_iter().chain(changed) {
            results[place] = Some(result);
        }
        let unanswered = || Err(Fault::unanswered().to_settle_error(true));
        results.into_iter().map(|result| result.unwrap_or_else(unanswered)).collect()
    }

    pub(super) async fn extend_all(&self, leases: &[Lease], lease: Duration) -> Settled {
        let changes: Vec<_> = leases.iter().map(|handle| (handle, lease)).enumerate().collect();
        let changed = in_batches(&changes, |batch| self.change_visibility(batch)).await;
        changed.into_iter().map(|(_, result)| result).collect()
    }

    async fn delete(&self, leases: Vec<&Lease>) -> Settled {
        let entry = |(index, lease): (usize, &Lease)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(entry_id(index));
            entry.receipt_handle(receipt::handle(lease)?).build().ok()
        };
        let entries: Option<Vec<_>> = leases.iter().copied().enumerate().map(entry).collect();
        let Some(entries) = entries else { return refused(&leases) };
        let call = self.client.delete_message_batch().queue_url(&*self.queue_url).set_entries(Some(entries));
        match call.send().await {
            Ok(reply) => {
                let successful = reply.successful().iter().map(|entry| entry.id());
                each(reconcile(leases.len(), successful, reply.failed()))
            }
            Err(error) => all(leases.len(), &Fault::from_sdk(&error)),
        }
    }

    async fn change_visibility(&self, changes: Vec<(&Lease, Duration)>) -> Settled {
        let now = self.clock.now();
        let entry = |(index, (lease, timeout)): (usize, (&Lease, Duration))| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(entry_id(index))
                .receipt_handle(receipt::handle(lease)?)
                .visibility_timeout(receipt::visibility(lease, timeout, now))
                .build()
                .ok()
        };
        let entries: Option<Vec<_>> = changes.iter().copied().enumerate().map(entry).collect();
        let Some(entries) = entries else { return refused(&changes) };
        let call = self
            .client
            .change_message_visibility_batch()
            .queue_url(&*self.queue_url)
            .set_entries(Some(entries));
        match call.send().await {
            Ok(reply) => {
                let successful = reply.successful().iter().map(|entry| entry.id());
                each(reconcile(changes.len(), successful, reply.failed()))
            }
            Err(error) => all(changes.len(), &Fault::from_sdk(&error)),
        }
    }
}

/// Runs `call` over parts of at most ten, all at once; each result with its item's place.
async fn in_batches<T: Copy, F: Future<Output = Settled>>(
    items: &[(usize, T)],
    call: impl Fn(Vec<T>) -> F,
) -> Vec<(usize, Result<(), SettleError>)> {
    let calls = items.chunks(MAX_BATCH).map(|part| call(part.iter().map(|(_, item)| *item).collect()));
    let results = join_all(calls).await.into_iter().flatten();
    items.iter().map(|(place, _)| *place).zip(results).collect()
}

fn each(results: Vec<Result<(), Fault>>) -> Settled {
    results.into_iter().map(|result| result.map_err(|fault| fault.to_settle_error(true))).collect()
}

fn all(count: usize, fault: &Fault) -> Settled {
    (0..count).map(|_| Err(fault.to_settle_error(false))).collect()
}

/// Leases that this source did not give out: a mistake of the caller.
fn refused<T>(leases: &[T]) -> Settled {
    leases.iter().map(|_| Err(SettleError::LeaseLost("not a lease of this source".to_owned()))).collect()
}
