//! Letters on their way out: what a walk of [`repair`](event_runtime::consumer::repair) leases and settles.

use std::time::Duration;

use event_runtime::Delivery;
use event_runtime::delivery::{Lease, SettleAction, Settlement};
use event_runtime::transport::{SettleError, Source, SourceError, SourceErrorKind, SourceInfo};

use crate::{Database, StoreError, StoreErrorKind, check_schema};

use super::SqlDeadLetters;
use super::store::{Move, delivery};

const LEASE: Duration = Duration::from_secs(60);
const MAX_BATCH: usize = 100;
/// How often an empty table is looked at while a receive waits.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl<Db: Database> Source for SqlDeadLetters<Db> {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        check_schema(&self.pool, "dead_letters").await.map_err(not_received)?;
        Ok(SourceInfo {
            name: self.name.clone(),
            ordered: false,
            lease: Some(LEASE),
            max_lease: None,
            max_release_delay: Duration::MAX,
            max_batch: MAX_BATCH,
            cancel_safe: false,
            redrive: None,
        })
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let most = i64::try_from(max.clamp(1, MAX_BATCH)).unwrap_or(1);
        let mut left = wait;
        loop {
            let now = self.now();
            let until = now.saturating_add(millis(LEASE));
            let letters = Db::receive_letters(&self.pool, &self.name, now, until, most).await;
            let letters = letters.map_err(not_received)?;
            if !letters.is_empty() || left.is_zero() {
                return Ok(letters.into_iter().map(delivery).collect());
            }
            let nap = left.min(LOOK_EVERY);
            self.clock.sleep(nap).await;
            left -= nap;
        }
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        let now = self.now();
        let moves = batch.iter().map(|settlement| {
            let to = match settlement.action {
                SettleAction::Remove => None,
                SettleAction::Release { after } => Some((now.saturating_add(millis(after)), 0)),
                SettleAction::HandBack { after } => Some((now.saturating_add(millis(after)), -1)),
            };
            (&settlement.lease, to)
        });
        self.apply(moves).await
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        let until = self.now().saturating_add(millis(lease));
        self.apply(leases.iter().map(|lease| (lease, Some((until, 0))))).await
    }
}

impl<Db: Database> SqlDeadLetters<Db> {
    async fn apply<'a>(
        &self,
        moves: impl Iterator<Item = (&'a Lease, Option<(i64, i32)>)>,
    ) -> Vec<Result<(), SettleError>> {
        let moves: Vec<Move> = moves
            .map(|(lease, to)| {
                let (id, receipt) = match lease {
                    Lease::Numbers(id, receipt) => (*id, *receipt),
                    // None of ours.
                    Lease::Text(_) => (0, 0),
                };
                let number = |number: u64| i64::try_from(number).unwrap_or_default();
                Move { id: number(id), receipt: number(receipt), to }
            })
            .collect();
        match Db::move_letters(&self.pool, &moves).await {
            Ok(held) => held
                .into_iter()
                .map(|held| {
                    if held {
                        Ok(())
                    } else {
                        Err(SettleError::LeaseLost("the letter was received again or removed".into()))
                    }
                })
                .collect(),
            Err(error) => moves.iter().map(|_| Err(SettleError::Transient(error.to_string()))).collect(),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn not_received(error: StoreError) -> SourceError {
    let kind = match error.kind() {
        StoreErrorKind::SchemaMissing | StoreErrorKind::SchemaNewer => SourceErrorKind::NotFound,
        _ if error.is_retryable() => SourceErrorKind::Unavailable,
        _ => SourceErrorKind::Refused,
    };
    SourceError::new(kind, "the table of dead letters was not read").with_source(error)
}
