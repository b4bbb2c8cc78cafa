//! Which dead letters are meant.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::until;

use super::StoredLetter;

/// Which dead letters are meant: those that pass every one of its conditions; an empty list is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// The payload type is one of these.
    pub payload_types: Vec<String>,
    /// The error's code is one of these.
    pub codes: Vec<String>,
    /// The event's id or the transport's own id of the letter is one of these.
    pub ids: Vec<String>,
    /// It failed at least so long ago.
    pub older_than: Option<Duration>,
    /// It failed less than so long ago.
    pub younger_than: Option<Duration>,
}

impl LetterFilter {
    /// Whether the letter is meant, seen from `now`. A letter whose age nobody knows passes no condition on it.
    pub fn matches(&self, letter: &StoredLetter, now: Timestamp) -> bool {
        let age = letter.failed_at().map(|failed_at| until(failed_at, now));
        one_of(&self.payload_types, letter.payload_type())
            && one_of(&self.codes, letter.code())
            && (self.ids.is_empty()
                || one_of(&self.ids, letter.event_id())
                || one_of(&self.ids, Some(letter.transport_id())))
            && self.older_than.is_none_or(|limit| age.is_some_and(|age| age >= limit))
            && self.younger_than.is_none_or(|limit| age.is_some_and(|age| age < limit))
    }
}

fn one_of(wanted: &[String], found: Option<&str>) -> bool {
    wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|wanted| wanted == found))
}
