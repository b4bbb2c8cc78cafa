//! The transaction as an argument of a handler.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use event_runtime::handler::{FromIncoming, Incoming};
use event_runtime::outcome::HandlerError;
use sqlx::Transaction;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use crate::Database;

/// The transaction in which a message is handled; there with the layer [`Transactional`](crate::inbox::Transactional).
///
/// It is the sqlx transaction and goes where one goes: `&mut **tx` is the connection. The layer commits or rolls back when
/// the handler has ended, so a handler must neither end it by a statement of its own nor keep it: one that moves it to a task that is still running is retried.
/// A handler takes it once.
///
/// ```
/// use event_runtime::{HandlerError, Message};
/// use event_store_sql::inbox::Tx;
///
/// async fn book(message: Message, mut tx: Tx<sqlx::Postgres>) -> Result<(), HandlerError> {
///     sqlx::query("INSERT INTO ledger (event_id) VALUES ($1)")
///         .bind(&*message.metadata().id)
///         .execute(&mut **tx)
///         .await?;
///     Ok(())
/// }
/// # let _ = event_runtime::MessageRouter::new().on_type("legacy.event", book);
/// ```
pub struct Tx<Db: Database>(
    OwnedMappedMutexGuard<Option<Transaction<'static, Db>>, Transaction<'static, Db>>,
);

/// What the layer and the handler's argument share: the transaction is with one of them at a time.
pub(super) struct TxSlot<Db: Database>(Arc<Mutex<Option<Transaction<'static, Db>>>>);

impl<Db: Database> TxSlot<Db> {
    pub(super) fn new(transaction: Transaction<'static, Db>) -> Self {
        Self(Arc::new(Mutex::new(Some(transaction))))
    }

    /// The transaction, for good; `None` where somebody still holds it.
    pub(super) fn take(&self) -> Option<Transaction<'static, Db>> {
        self.0.try_lock().ok()?.take()
    }

    fn lend(&self) -> Option<Tx<Db>> {
        let guard = self.0.clone().try_lock_owned().ok()?;
        OwnedMutexGuard::try_map(guard, Option::as_mut).ok().map(Tx)
    }
}

impl<S, Db: Database> FromIncoming<S> for Tx<Db> {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        let Some(slot) = incoming.extension::<TxSlot<Db>>() else {
            return Err(HandlerError::retry(format!(
                "no transaction to give: add `.layer(Transactional::<{}>::new(..))` to the router",
                Db::NAME
            )));
        };
        slot.lend().ok_or_else(|| HandlerError::retry("the handler takes its transaction more than once"))
    }
}

impl<Db: Database> Deref for Tx<Db> {
    type Target = Transaction<'static, Db>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<Db: Database> DerefMut for Tx<Db> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<Db: Database> Clone for TxSlot<Db> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Db: Database> fmt::Debug for Tx<Db> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Tx({})", Db::NAME)
    }
}
