//! Searching without leasing: letters stay where they are, and walks are not in the way.

use std::time::Duration;

use event_runtime::consumer::repair::{LetterFilter, StoredLetter};
use jiff::Timestamp;

use crate::indexed::{indexed, printable};
use crate::{Database, StoreError};

use super::SqlDeadLetters;
use super::store::{Conditions, delivery};

/// Which letters of a queue are looked for: those that pass every condition.
///
/// ```
/// use event_store_sql::LetterQuery;
///
/// let query = LetterQuery { reason_contains: Some("no stock".to_owned()), ..LetterQuery::default() };
/// assert_eq!(query.limit, 100);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterQuery {
    /// The conditions that a walk knows too, so that what was found can be sent back.
    pub filter: LetterFilter,
    /// The queue that the message came from.
    pub source: Option<String>,
    /// A part of the error's line for people; case does not count, on SQLite that of ASCII
    /// letters.
    pub reason_contains: Option<String>,
    /// Only letters after this one, by [`StoredLetter::transport_id`]: the next page.
    pub after: i64,
    /// How many letters at most.
    pub limit: u32,
}

impl Default for LetterQuery {
    /// Every letter, the first hundred.
    fn default() -> Self {
        Self { filter: LetterFilter::default(), source: None, reason_contains: None, after: 0, limit: 100 }
    }
}

/// How many letters of one kind there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterCount {
    /// The payload type, where letters say it.
    pub payload_type: Option<String>,
    /// The error's code, where letters say it.
    pub code: Option<String>,
    /// How many.
    pub letters: u64,
    /// When the first of them failed.
    pub first_failed_at: Timestamp,
    /// When the last of them failed.
    pub last_failed_at: Timestamp,
}

impl<Db: Database> SqlDeadLetters<Db> {
    /// The letters that `query` means, oldest first, leased or not.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has changed nothing.
    pub async fn search(&self, query: &LetterQuery) -> Result<Vec<StoredLetter>, StoreError> {
        let now = self.now();
        let list = |texts: &[String]| {
            let texts: Vec<_> = texts.iter().map(|text| indexed(text)).collect();
            (!texts.is_empty()).then(|| serde_json::to_string(&texts).unwrap_or_default())
        };
        let ago = |age: Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let conditions = Conditions {
            queue: self.name.clone(),
            payload_types: list(&query.filter.payload_types),
            codes: list(&query.filter.codes),
            ids: list(&query.filter.ids),
            failed_before: query.filter.older_than.map(ago),
            failed_after: query.filter.younger_than.map(ago),
            source: query.source.as_deref().map(|source| indexed(source).into_owned()),
            reason: query.reason_contains.as_deref().map(printable),
            after: query.after,
            most: query.limit.into(),
        };
        let letters = Db::search_letters(&self.pool, conditions).await?;
        Ok(letters.into_iter().map(|letter| StoredLetter::new(&delivery(letter))).collect())
    }

    /// How many letters there are of each payload type and code, most first.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has changed nothing.
    pub async fn summary(&self) -> Result<Vec<LetterCount>, StoreError> {
        let counts = Db::count_letters(&self.pool, &self.name).await?;
        let moment = |millis| Timestamp::from_millisecond(millis).unwrap_or_default();
        let count = |(payload_type, code, letters, first, last)| LetterCount {
            payload_type,
            code,
            letters: count_of(letters),
            first_failed_at: moment(first),
            last_failed_at: moment(last),
        };
        Ok(counts.into_iter().map(count).collect())
    }
}

fn count_of(letters: i64) -> u64 {
    u64::try_from(letters).unwrap_or_default()
}
