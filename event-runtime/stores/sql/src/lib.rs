//! Outbox, inbox and dead letters of [`event_runtime`] on PostgreSQL and SQLite.

mod database;
mod error;
pub mod inbox;
pub mod migrate;

pub use database::Database;
pub use error::{StoreError, StoreErrorKind};
pub use migrate::{check_schema, migrate};

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests;
