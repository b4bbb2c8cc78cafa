#![doc = include_str!("front_page.md")]
// Without a database there is nothing to ask and nobody who asks.
#![cfg_attr(not(any(feature = "postgres", feature = "sqlite")), allow(unused))]

mod database;
pub mod dead_letters;
mod error;
pub mod inbox;
mod indexed;
pub mod migrate;
pub mod outbox;

pub use database::Database;
pub use dead_letters::{LetterCount, LetterQuery, SqlDeadLetters};
pub use error::{StoreError, StoreErrorKind};
pub use inbox::{SqlInbox, Transactional, Tx};
pub use migrate::{check_schema, migrate};
pub use outbox::{
    KeyOrder, Outbox, OutboxError, OutboxErrorKind, OutboxStats, Relay, RelayReport, RelaySettings,
    Retention, SetAside,
};

#[cfg(test)]
mod tests;
