//! What a call to the database can fail with.

use std::error::Error;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct StoreError {
    kind: StoreErrorKind,
    text: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`StoreError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The database cannot be reached, the connection broke, none came free in time, a statement took too long, or the server is
    /// a standby that takes no writes.
    Unavailable,
    /// Another transaction was in the way: a deadlock, a failed serialisation, a locked file. The whole transaction may pass
    /// when it is tried again from its start.
    Conflict,
    /// The tables are not there, or older than this version of the crate needs; run [`migrate`](crate::migrate()).
    SchemaMissing,
    /// The tables are newer than this version of the crate knows; update the application.
    SchemaNewer,
    /// The database refused it for another reason.
    Refused,
}

impl StoreError {
    pub(crate) fn new(kind: StoreErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    /// What sqlx reports, sorted into kinds; `action` completes "could not …".
    pub(crate) fn from_sqlx(action: &str, error: sqlx::Error) -> Self {
        Self { kind: kind_of(&error), text: format!("could not {action}"), source: Some(Box::new(error)) }
    }

    /// For `map_err`.
    pub(crate) fn during(action: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |error| Self::from_sqlx(action, error)
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same may pass later. After [`StoreErrorKind::Conflict`] the transaction is over: begin another one.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unavailable | StoreErrorKind::Conflict)
    }
}

pub(crate) fn kind_of(error: &sqlx::Error) -> StoreErrorKind {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
            StoreErrorKind::Unavailable
        }
        sqlx::Error::Database(error) => kind_of_answer(error.code().as_deref(), error.message()),
        _ => StoreErrorKind::Refused,
    }
}

/// PostgreSQL's codes are five characters (its documentation, appendix A), SQLite's are numbers of which the lowest byte is the
/// primary code.
fn kind_of_answer(code: Option<&str>, message: &str) -> StoreErrorKind {
    let code = code.unwrap_or_default();
    if code.len() == 5 && !code.starts_with(' ') {
        return match code {
            "40001" | "40P01" | "55P03" => StoreErrorKind::Conflict,
            "42P01" | "42703" | "3F000" => StoreErrorKind::SchemaMissing,
            // Ended by a timeout, a write to what is only a standby after a failover: both pass.
            "25006" | "25P03" | "25P04" | "57014" => StoreErrorKind::Unavailable,
            _ if ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) => {
                StoreErrorKind::Unavailable
            }
            _ => StoreErrorKind::Refused,
        };
    }
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const IO: u32 = 10;
    const FULL: u32 = 13;
    const PROTOCOL: u32 = 15;
    const CANNOT_OPEN: u32 = 14;
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(BUSY | LOCKED | PROTOCOL) => StoreErrorKind::Conflict,
        Ok(IO | FULL | CANNOT_OPEN) => StoreErrorKind::Unavailable,
        _ if message.contains("no such table") || message.contains("no such column") => {
            StoreErrorKind::SchemaMissing
        }
        _ => StoreErrorKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_both_databases_are_sorted_into_kinds() {
        for (code, message, kind) in [
            ("40P01", "", StoreErrorKind::Conflict),
            ("57P01", "", StoreErrorKind::Unavailable),
            ("25P03", "idle in a transaction for too long", StoreErrorKind::Unavailable),
            ("25006", "read-only: a standby, after a failover", StoreErrorKind::Unavailable),
            ("57014", "statement_timeout", StoreErrorKind::Unavailable),
            ("58030", "", StoreErrorKind::Unavailable),
            ("42P01", "", StoreErrorKind::SchemaMissing),
            ("23505", "", StoreErrorKind::Refused),
            ("5", "database is locked", StoreErrorKind::Conflict),
            ("15", "locking protocol", StoreErrorKind::Conflict),
            ("517", "database is locked", StoreErrorKind::Conflict),
            ("1", "no such table: event_outbox", StoreErrorKind::SchemaMissing),
            ("2067", "UNIQUE constraint failed", StoreErrorKind::Refused),
        ] {
            assert_eq!(kind_of_answer(Some(code), message), kind, "{code} {message}");
        }
    }
}
