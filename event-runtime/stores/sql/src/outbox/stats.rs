//! What lies in the outbox: how much, how old, and what was set aside.

use std::time::Duration;

use jiff::Timestamp;

use event_runtime::Clock;

use crate::{Database, StoreError};

use super::rows::millis;
use super::store::SetAsideColumns;

/// What lies in the outbox at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Rows that are to be published; the depth.
    pub pending: u64,
    /// Of those, rows that a relay is publishing.
    pub claimed: u64,
    /// Of those, rows that failed and wait for their next attempt.
    pub delayed: u64,
    /// Rows that can't be published.
    pub set_aside: u64,
    /// Published rows that are kept for a while.
    pub kept: u64,
    /// How long the oldest pending row has waited; zero where none does.
    pub age: Duration,
}

impl OutboxStats {
    /// Counts the rows; the pending ones are read by an index, one by one.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has changed nothing.
    pub async fn read<Db: Database>(pool: &sqlx::Pool<Db>, clock: &Clock) -> Result<Self, StoreError> {
        let now = millis(clock.now());
        let (pending, claimed, delayed, set_aside, kept, oldest) = Db::outbox_stats(pool, now).await?;
        let count = |rows: i64| u64::try_from(rows).unwrap_or_default();
        let age = oldest.map_or(0, |oldest| count(now.saturating_sub(oldest)));
        Ok(Self {
            pending: count(pending),
            claimed: count(claimed),
            delayed: count(delayed),
            set_aside: count(set_aside),
            kept: count(kept),
            age: Duration::from_millis(age),
        })
    }
}

/// A row that could not be published and no longer stands in its key's way.
#[derive(Clone, Debug)]
pub struct SetAside {
    /// The row's number in the table.
    pub sequence: i64,
    /// The event's id.
    pub event_id: String,
    /// The payload type.
    pub payload_type: String,
    /// The ordering key.
    pub ordering_key: Option<String>,
    /// The encoded message.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last failure, for people.
    pub error: String,
    /// When it was set aside.
    pub at: Timestamp,
}

impl SetAside {
    /// The oldest rows that are set aside, up to `most`.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has changed nothing.
    pub async fn list<Db: Database>(pool: &sqlx::Pool<Db>, most: u32) -> Result<Vec<Self>, StoreError> {
        let rows = Db::outbox_list_set_aside(pool, most.into()).await?;
        let row = |columns: SetAsideColumns| {
            let (sequence, event_id, payload_type, ordering_key, body, attempts, error, at) = columns;
            Self {
                sequence,
                event_id,
                payload_type,
                ordering_key,
                body,
                attempts: u32::try_from(attempts).unwrap_or_default(),
                error,
                at: Timestamp::from_millisecond(at).unwrap_or_default(),
            }
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Puts rows back to be published, in their old place among what is still pending, and returns how many there were.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has put all of them back or none.
    pub async fn put_back<Db: Database>(pool: &sqlx::Pool<Db>, sequences: &[i64]) -> Result<u64, StoreError> {
        Db::outbox_end_set_aside(pool, sequences, true).await
    }

    /// Removes rows for good and returns how many there were.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has removed all of them or none.
    pub async fn discard<Db: Database>(pool: &sqlx::Pool<Db>, sequences: &[i64]) -> Result<u64, StoreError> {
        Db::outbox_end_set_aside(pool, sequences, false).await
    }
}
