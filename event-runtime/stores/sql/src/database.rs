//! Which databases there are.

use crate::{dead_letters, inbox, migrate, outbox};

/// A database that this crate speaks to: `sqlx::Postgres` and `sqlx::Sqlite`, each behind the feature of its name. Sealed:
/// what it asks for stands in private modules.
pub trait Database:
    sqlx::Database + migrate::Steps + outbox::OutboxStore + dead_letters::DeadLetterStore + inbox::Queries
{
}

#[cfg(feature = "postgres")]
impl Database for sqlx::Postgres {}

#[cfg(feature = "sqlite")]
impl Database for sqlx::Sqlite {}
