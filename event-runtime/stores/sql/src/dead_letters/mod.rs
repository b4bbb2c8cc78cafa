//! Dead letters in a table: kept with what they say of their failure in columns, searched, and sent back.
//!
//! Owns the table `event_dead_letter`. What is a dead letter, and what redriving means, the
//! [consumer engine](event_runtime::consumer) and its [`repair`](event_runtime::consumer::repair) decide: a
//! [`SqlDeadLetters`] is a destination for the one and a source for the other.

mod search;
mod sink;
mod source;
pub mod sql;
mod store;

use std::fmt;

use event_runtime::Clock;

use crate::Database;

pub use search::{LetterCount, LetterQuery};
pub(crate) use store::DeadLetterStore;

/// One dead-letter queue in the table. Cloning is cheap, and clones are the same queue.
///
/// ```
/// use event_runtime::consumer::repair::DeadLetters;
/// use event_runtime::embedded::{Broker, EmbeddedDeadLetters, EmbeddedSource, QueueSettings};
/// use event_runtime::consumer::Consumer;
/// use event_store_sql::{LetterQuery, SqlDeadLetters, migrate};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
/// # let database = options.connect("sqlite::memory:").await?;
/// # let orders = Broker::new().create_queue("orders", QueueSettings::new())?;
/// migrate(&database).await?;
/// let dead = SqlDeadLetters::new(database, "orders-dead");
/// let consumer = Consumer::new(EmbeddedSource::new(orders.clone())).with_dead_letters(dead.clone());
///
/// // Later: what failed, and back with it.
/// let mut query = LetterQuery::default();
/// query.filter.codes.push("HANDLER_FAILED".to_owned());
/// for letter in dead.search(&query).await? {
///     println!("{:?}: {:?}", letter.event_id(), letter.reason());
/// }
/// let report = DeadLetters::new(dead).with_filter(query.filter).redrive(&EmbeddedDeadLetters::new(orders)).await?;
/// # assert_eq!(report.moved, 0);
/// # Ok(())
/// # }
/// ```
pub struct SqlDeadLetters<Db: Database> {
    pool: sqlx::Pool<Db>,
    name: String,
    clock: Clock,
}

impl<Db: Database> SqlDeadLetters<Db> {
    /// The queue `name`; it comes into being with its first letter.
    pub fn new(pool: sqlx::Pool<Db>, name: impl Into<String>) -> Self {
        Self { pool, name: name.into(), clock: Clock::system() }
    }

    /// Stamps and leases by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

impl<Db: Database> Clone for SqlDeadLetters<Db> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), name: self.name.clone(), clock: self.clock.clone() }
    }
}

impl<Db: Database> fmt::Debug for SqlDeadLetters<Db> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqlDeadLetters").field("name", &self.name).finish_non_exhaustive()
    }
}
