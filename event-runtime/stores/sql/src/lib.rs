//! Outbox, inbox and dead letters of [`event_runtime`] on PostgreSQL and SQLite.

mod database;
mod error;
pub mod inbox;
pub mod migrate;
pub mod outbox;

pub use database::Database;
pub use error::{StoreError, StoreErrorKind};
pub use inbox::{SqlInbox, Transactional, Tx};
pub use migrate::{check_schema, migrate};
pub use outbox::{
    KeyOrder, Outbox, OutboxError, OutboxErrorKind, OutboxStats, Relay, RelayReport, RelaySettings,
    Retention, SetAside,
};

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests;
