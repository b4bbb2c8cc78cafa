//! Writing events into the outbox, inside the caller's transaction.

use event_runtime::pool::EmitError;
use event_runtime::transport::BoxFuture;
use event_runtime::{Clock, Codec, Envelope, Message, Registered};
use sqlx::Transaction;

use crate::Database;

use super::OutboxError;
use super::rows::{NewRow, millis};

/// How the order of one key is kept among transactions that write it at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOrder {
    /// Events of one key are published in the order in which their transactions commit: on PostgreSQL, transactions that
    /// emit for one key wait for each other, from the emit to their end.
    #[default]
    Commit,
    /// Nobody waits. An event is published after those whose transactions were committed before it was emitted; the order
    /// among transactions that ran side by side is open. On SQLite the same as [`KeyOrder::Commit`].
    Unlocked,
}

/// Writes events into the table `event_outbox`, in the transaction that also writes what they tell of.
///
/// It holds no connection. A [`Relay`](crate::Relay) publishes the rows after the commit; a rollback takes them with it.
/// Without a transaction there is no emit:
///
/// ```compile_fail,E0308
/// # async fn example(outbox: event_store_sql::Outbox, mut connection: sqlx::pool::PoolConnection<sqlx::Sqlite>, message: event_runtime::Message) {
/// outbox.emit_message(&mut connection, message).await; // expected `&mut Transaction<'_, _>`
/// # }
/// ```
///
/// Begin SQLite's transactions by `pool.begin_with("BEGIN IMMEDIATE")`: one that reads first and writes later fails
/// where another wrote in between.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    codec: Codec,
    order: KeyOrder,
    clock: Clock,
}

impl Outbox {
    /// An outbox that writes the runtime's own format, in [`KeyOrder::Commit`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes another format; a relay changes it where its pool wants yet another one.
    #[must_use]
    pub fn with_codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Keeps the order of keys in another way.
    #[must_use]
    pub fn with_key_order(mut self, order: KeyOrder) -> Self {
        self.order = order;
        self
    }

    /// Stamps rows by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Writes one event into `transaction`.
    ///
    /// It is validated and encoded now, and inside a handler it inherits the context of the message being handled, like
    /// every other emit. A delay counts from now.
    ///
    /// # Errors
    /// [`OutboxErrorKind::Invalid`](crate::OutboxErrorKind::Invalid) and
    /// [`OutboxErrorKind::Encode`](crate::OutboxErrorKind::Encode) before anything is written, and the transaction can go
    /// on; [`OutboxErrorKind::Store`](crate::OutboxErrorKind::Store) where the database refuses, and it can't.
    ///
    /// # Cancel safety
    /// After a dropped call the row may or may not stand in the transaction: roll it back.
    pub fn emit<'a, E: Registered, Db: Database>(
        &self,
        transaction: &'a mut Transaction<'_, Db>,
        envelope: Envelope<E>,
    ) -> BoxFuture<'a, Result<(), OutboxError>> {
        self.write(transaction, envelope.into_message(&self.codec).map(|message| vec![message]))
    }

    /// Writes several events of one type into `transaction`, by one statement; all of them or, on an error, none.
    ///
    /// # Errors
    /// Those of [`Outbox::emit`]; the first event that is invalid ends it.
    ///
    /// # Cancel safety
    /// That of [`Outbox::emit`].
    pub fn emit_batch<'a, E: Registered, Db: Database>(
        &self,
        transaction: &'a mut Transaction<'_, Db>,
        envelopes: impl IntoIterator<Item = Envelope<E>>,
    ) -> BoxFuture<'a, Result<(), OutboxError>> {
        let messages = envelopes.into_iter().map(|envelope| envelope.into_message(&self.codec)).collect();
        self.write(transaction, messages)
    }

    /// Writes a message as it is, for instance one that is passed on from another queue.
    ///
    /// # Errors
    /// [`OutboxErrorKind::Store`](crate::OutboxErrorKind::Store).
    ///
    /// # Cancel safety
    /// That of [`Outbox::emit`].
    pub fn emit_message<'a, Db: Database>(
        &self,
        transaction: &'a mut Transaction<'_, Db>,
        message: Message,
    ) -> BoxFuture<'a, Result<(), OutboxError>> {
        self.write(transaction, Ok(vec![message]))
    }

    /// Writes messages as they are, of any types, by one statement; an empty list does nothing.
    ///
    /// # Errors
    /// [`OutboxErrorKind::Store`](crate::OutboxErrorKind::Store).
    ///
    /// # Cancel safety
    /// That of [`Outbox::emit`].
    pub fn emit_messages<'a, Db: Database>(
        &self,
        transaction: &'a mut Transaction<'_, Db>,
        messages: Vec<Message>,
    ) -> BoxFuture<'a, Result<(), OutboxError>> {
        self.write(transaction, Ok(messages))
    }

    /// The format that envelopes are written in.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// One instantiation a database, not one an event.
    fn write<'a, Db: Database>(
        &self,
        transaction: &'a mut Transaction<'_, Db>,
        messages: Result<Vec<Message>, EmitError>,
    ) -> BoxFuture<'a, Result<(), OutboxError>> {
        let now = millis(self.clock.now());
        let locked = self.order == KeyOrder::Commit;
        let connection: &'a mut Db::Connection = &mut *transaction;
        Box::pin(async move {
            let messages = messages.map_err(OutboxError::not_encoded)?;
            if messages.is_empty() {
                return Ok(());
            }
            let rows = messages.iter().map(|message| NewRow::new(message, now)).collect();
            Ok(Db::outbox_insert(connection, rows, now, locked).await?)
        })
    }
}
