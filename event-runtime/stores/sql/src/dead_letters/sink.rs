//! Letters on their way in.

use std::collections::BTreeMap;

use event_runtime::Delivery;
use event_runtime::consumer::repair::StoredLetter;
use event_runtime::delivery::Lease;
use event_runtime::transport::{
    DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError, ProduceErrorKind,
};

use crate::indexed::{indexed, printable};
use crate::{Database, StoreError, StoreErrorKind};

use super::SqlDeadLetters;
use super::store::NewLetter;

/// A letter is a row; both databases hold more, but nobody wants to.
const MAX_BYTES: usize = 64 << 20;
const MAX_ATTRIBUTES: usize = 1_000;

impl<Db: Database> DeadLetterSink for SqlDeadLetters<Db> {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> DeadLetterLimits {
        DeadLetterLimits { max_bytes: MAX_BYTES, max_attributes: MAX_ATTRIBUTES }
    }

    async fn store(&self, letter: DeadLetter) -> Result<(), ProduceError> {
        let row = self.row(letter)?;
        Db::store_letter(&self.pool, row).await.map_err(not_stored)
    }
}

impl<Db: Database> SqlDeadLetters<Db> {
    fn row(&self, letter: DeadLetter) -> Result<NewLetter, ProduceError> {
        let now = self.clock.now();
        let attributes: BTreeMap<&str, &str> = letter.attributes.iter().collect();
        let attributes = serde_json::to_string(&attributes).map_err(|error| {
            let text = "the attributes of a dead letter can't be written as JSON";
            ProduceError::new(ProduceErrorKind::Refused, text).with_source(error)
        })?;
        // Read as a walk will read it.
        let read = StoredLetter::new(&Delivery {
            body: letter.body.clone(),
            attributes: letter.attributes,
            transport_id: String::new(),
            group: letter.group.clone(),
            receive_count: None,
            sent_at: Some(now),
            first_received_at: None,
            lease: Lease::Numbers(0, 0),
        });
        Ok(NewLetter {
            queue: self.name.clone(),
            body: letter.body.to_vec(),
            attributes,
            group_key: letter.group.as_deref().map(printable),
            deduplication_id: indexed(&letter.deduplication_id).into_owned(),
            event_id: read.event_id().map(column),
            payload_type: read.payload_type().map(column),
            code: read.code().map(column),
            reason: read.reason().map(printable),
            attempts: read.attempts().and_then(|attempts| i64::try_from(attempts).ok()),
            source: read.source().map(column).unwrap_or_default(),
            failed_at: read.failed_at().unwrap_or(now).as_millisecond(),
            stored_at: now.as_millisecond(),
        })
    }
}

fn column(text: &str) -> String {
    indexed(text).into_owned()
}

fn not_stored(error: StoreError) -> ProduceError {
    let kind = match error.kind() {
        StoreErrorKind::SchemaMissing | StoreErrorKind::SchemaNewer => ProduceErrorKind::NotFound,
        _ if error.is_retryable() => ProduceErrorKind::Unavailable,
        _ => ProduceErrorKind::Refused,
    };
    ProduceError::new(kind, "the dead letter was not stored in its table").with_source(error)
}
