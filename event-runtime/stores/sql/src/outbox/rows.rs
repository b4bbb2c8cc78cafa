//! What goes into the table, and what comes out of it.

use event_runtime::Message;
use jiff::Timestamp;
use serde::Serialize;

/// A row to be inserted.
#[derive(Debug, Serialize)]
pub struct NewRow {
    pub(super) event_id: String,
    pub(super) payload_type: String,
    pub(super) ordering_key: Option<String>,
    pub(super) body: String,
    pub(super) hops: i32,
    pub(super) deliver_at: Option<i64>,
}

impl NewRow {
    pub(super) fn new(message: &Message, now: i64) -> Self {
        let metadata = message.metadata();
        let delay = message.delay().map(|delay| i64::try_from(delay.as_millis()).unwrap_or(i64::MAX));
        Self {
            event_id: metadata.id.to_string(),
            payload_type: metadata.payload_type.to_string(),
            ordering_key: metadata.partition_key.as_ref().map(ToString::to_string),
            body: message.body().to_string(),
            hops: i32::try_from(message.hops()).unwrap_or(i32::MAX),
            deliver_at: delay.map(|delay| now.saturating_add(delay)),
        }
    }
}

/// A claimed row, in the order of the statement's columns.
#[derive(Debug)]
pub struct Claimed {
    pub(super) sequence: i64,
    pub(super) event_id: String,
    pub(super) payload_type: String,
    pub(super) ordering_key: Option<String>,
    pub(super) body: String,
    pub(super) hops: i32,
    pub(super) deliver_at: Option<i64>,
    pub(super) created_at: i64,
    pub(super) attempts: i32,
    pub(super) refusals: i32,
    pub(super) progress: Option<String>,
}

/// The columns of the statement `CLAIM`.
pub(super) type ClaimedColumns =
    (i64, String, String, Option<String>, String, i32, Option<i64>, i64, i32, i32, Option<String>);

impl From<ClaimedColumns> for Claimed {
    fn from(columns: ClaimedColumns) -> Self {
        let (
            sequence,
            event_id,
            payload_type,
            ordering_key,
            body,
            hops,
            deliver_at,
            created_at,
            attempts,
            refusals,
            progress,
        ) = columns;
        Self {
            sequence,
            event_id,
            payload_type,
            ordering_key,
            body,
            hops,
            deliver_at,
            created_at,
            attempts,
            refusals,
            progress,
        }
    }
}

/// Claimed rows in the order of their sequence.
pub(super) fn in_order(rows: Vec<ClaimedColumns>) -> Vec<Claimed> {
    let mut rows: Vec<Claimed> = rows.into_iter().map(Claimed::from).collect();
    rows.sort_unstable_by_key(|row| row.sequence);
    rows
}

/// A row that was not published, as the statement `FAIL` takes it.
#[derive(Debug, Serialize)]
pub(super) struct Failed {
    pub(super) sequence: i64,
    pub(super) refusals: i32,
    pub(super) state: i16,
    pub(super) available_at: i64,
    pub(super) settled_at: Option<i64>,
    pub(super) error: String,
    pub(super) progress: Option<String>,
}

pub(super) const PENDING: i16 = 0;
pub(super) const SET_ASIDE: i16 = 2;

/// What came of rows that were claimed.
#[derive(Debug, Default)]
pub struct Settled {
    pub(super) published: Vec<i64>,
    pub(super) failed: Vec<Failed>,
}

impl Settled {
    pub(super) fn is_empty(&self) -> bool {
        self.published.is_empty() && self.failed.is_empty()
    }
}

/// Milliseconds since 1970 as the tables have them.
pub(super) fn millis(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}
