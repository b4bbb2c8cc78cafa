//! Record and effects in one transaction.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use event_runtime::error::{Failure, FailureCode};
use event_runtime::idempotency::{Claim, ClaimOutcome, ClaimRequest, PayloadDigest};
use event_runtime::layer::{Idempotent, Layer, Next};
use event_runtime::transport::BoxFuture;
use event_runtime::{Incoming, Message, Outcome};
use sqlx::{Pool, Transaction};

use crate::inbox::tx::TxSlot;
use crate::{Database, StoreError, StoreErrorKind};

/// A message whose database does not answer comes again after this.
const UNAVAILABLE: Duration = Duration::from_secs(5);

/// A message that another transaction is handling comes again after this.
const BUSY: Duration = Duration::from_secs(1);

/// Handles a message in a transaction that also records that it was handled.
///
/// The layer begins a transaction, records the message in `event_inbox`, and runs the handler, which takes the
/// transaction by [`Tx`](crate::inbox::Tx). On `Ack` it commits; on anything else, and when the handler is dropped, it rolls
/// back. So what the handler wrote is there exactly once, however often the message comes: with its record, or not at
/// all. Events that it emits through the outbox in the same transaction are published if and only if it commits.
///
/// | what happens | outcome |
/// |---|---|
/// | handled before | `Ack`, the handler does not run |
/// | another transaction is handling it | `Defer`: at once on PostgreSQL (an advisory lock); on SQLite, which has one writer, when the pool's `busy_timeout` has passed |
/// | another payload came under this id | a dead letter `PAYLOAD_MISMATCH` |
/// | the database does not answer, before the handler | `Defer` for 5 seconds |
/// | a statement failed on PostgreSQL and the handler returned `Ok`, it rolled back itself, or the commit failed | `Retry` |
/// | a statement failed on SQLite and the handler returned `Ok` | what the others wrote is committed |
///
/// A process that dies rolls back, and leaves no trace of its attempt: a [`PoisonGuard`](event_runtime::layer::PoisonGuard)
/// further out notices messages that end the process. On SQLite give the guard's store a file of its own: it writes while
/// the transaction keeps others from writing.
///
/// A connection is held while the handler runs: give the pool at least as many as the consumer has places. Effects outside
/// of the transaction (calls, mails) happen as often as the handler runs.
///
/// Outcomes are counted as those of [`Idempotent`], under the same names.
///
/// ```no_run
/// use event_runtime::{HandlerError, Message, MessageRouter};
/// use event_store_sql::inbox::{Transactional, Tx};
///
/// async fn book(message: Message, mut tx: Tx<sqlx::Postgres>) -> Result<(), HandlerError> {
///     sqlx::query("INSERT INTO ledger (event_id) VALUES ($1)")
///         .bind(&*message.metadata().id)
///         .execute(&mut **tx)
///         .await?;
///     Ok(())
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = sqlx::PgPool::connect("postgres://localhost/shop").await?;
/// event_store_sql::migrate(&pool).await?;
/// let router = MessageRouter::new().on_type("order.paid", book).layer(Transactional::new(pool, "ledger"));
/// # Ok(())
/// # }
/// ```
pub struct Transactional<Db: Database> {
    pool: Pool<Db>,
    handler: Arc<str>,
    retention: Duration,
    key: Option<KeyFunction>,
}

type KeyFunction = Arc<dyn Fn(&Message) -> String + Send + Sync>;

impl<Db: Database> Transactional<Db> {
    /// The layer over a pool. `handler` names who handles, as for [`Idempotent`]; records are kept as long as its own
    /// unless set.
    pub fn new(pool: Pool<Db>, handler: impl Into<Arc<str>>) -> Self {
        Self { pool, handler: handler.into(), retention: Idempotent::DEFAULT_RETENTION, key: None }
    }

    /// How long a record is kept: longer than a duplicate can take to arrive.
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// What tells one message from another, instead of the event's id.
    #[must_use]
    pub fn with_key(mut self, key: impl Fn(&Message) -> String + Send + Sync + 'static) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    async fn handle(&self, incoming: Incoming, next: Next<'_>) -> Outcome {
        let request = self.request(incoming.message());
        let transaction = match self.record(&request).await {
            Ok(Recorded::Begun(transaction)) => transaction,
            Ok(Recorded::InTheWay(outcome)) => return self.refuse(outcome, incoming.message()),
            Err(error) => {
                let error = StoreError::from_sqlx("record a message in the inbox", error);
                self.count("unavailable");
                tracing::error!(handler = %self.handler, %error, source = ?std::error::Error::source(&error), "the inbox did not answer; nothing is handled");
                return Outcome::defer(UNAVAILABLE, "the inbox did not answer");
            }
        };
        let slot = TxSlot::new(transaction);
        let outcome = next.run(incoming.with_extension(slot.clone())).await;
        let Some(transaction) = slot.take() else {
            self.count("failed");
            return retry("the handler has ended and something still holds its transaction");
        };
        if outcome != Outcome::Ack {
            self.count("failed");
            roll_back(transaction).await;
            return outcome;
        }
        match self.commit(transaction, &request).await {
            Ok(true) => {
                self.count("handled");
                outcome
            }
            Ok(false) => {
                self.count("failed");
                retry("the handler ended its transaction by itself; what it wrote after that is not known")
            }
            Err(error) => {
                self.count("failed");
                let error = StoreError::from_sqlx("commit what the handler did", error);
                tracing::warn!(handler = %self.handler, %error, source = ?std::error::Error::source(&error), "not committed; the message is tried again");
                retry("the transaction was not committed")
            }
        }
    }

    fn request(&self, message: &Message) -> ClaimRequest {
        let key = match &self.key {
            Some(key) => key(message),
            None => message.metadata().id.to_string(),
        };
        ClaimRequest {
            claim: Claim::new(self.handler.clone(), key),
            digest: PayloadDigest::of(message),
            generation: message.hops(),
            // Nobody sees the claim before the commit, which completes it.
            ttl: self.retention,
            retention: self.retention,
        }
    }

    async fn record(&self, request: &ClaimRequest) -> sqlx::Result<Recorded<Db>> {
        let mut transaction = match Db::begin_writing(&self.pool).await {
            Ok(transaction) => transaction,
            Err(error) if is_conflict(&error) => return Ok(Recorded::busy()),
            Err(error) => return Err(error),
        };
        if !Db::lock_key(Db::connection(&mut transaction), &request.claim).await? {
            roll_back(transaction).await;
            return Ok(Recorded::busy());
        }
        match Db::claim_message(Db::connection(&mut transaction), request).await? {
            ClaimOutcome::Claimed { .. } => Ok(Recorded::Begun(transaction)),
            outcome => {
                roll_back(transaction).await;
                Ok(Recorded::InTheWay(outcome))
            }
        }
    }

    /// Completes the record and commits; `false` where the record is not in the transaction any more. A transaction in which
    /// a statement has failed refuses the completion, where a bare commit would pass and undo everything.
    async fn commit(
        &self,
        mut transaction: Transaction<'static, Db>,
        request: &ClaimRequest,
    ) -> sqlx::Result<bool> {
        if !Db::complete_claim(Db::connection(&mut transaction), &request.claim, self.retention).await? {
            Db::begin_again(Db::connection(&mut transaction)).await;
            roll_back(transaction).await;
            return Ok(false);
        }
        transaction.commit().await.map(|()| true)
    }

    fn refuse(&self, outcome: ClaimOutcome, message: &Message) -> Outcome {
        let metadata = message.metadata();
        match outcome {
            ClaimOutcome::InProgress { remaining } => {
                self.count("in_progress");
                Outcome::defer(remaining, "the message is being handled elsewhere")
            }
            ClaimOutcome::Mismatch => {
                self.count("mismatch");
                let text = "another payload came under this id before: the message was altered, or its producer gives an id \
                            twice";
                Outcome::dead_letter(Failure::new(FailureCode::PayloadMismatch, text))
            }
            ClaimOutcome::Completed | ClaimOutcome::Claimed { .. } => {
                self.count("duplicate");
                tracing::debug!(handler = %self.handler, id = %metadata.id, "duplicate suppressed");
                Outcome::Ack
            }
        }
    }

    fn count(&self, result: &'static str) {
        metrics::counter!(Idempotent::TOTAL, "handler" => self.handler.to_string(), "result" => result)
            .increment(1);
    }
}

enum Recorded<Db: Database> {
    Begun(Transaction<'static, Db>),
    InTheWay(ClaimOutcome),
}

impl<Db: Database> Recorded<Db> {
    fn busy() -> Self {
        Self::InTheWay(ClaimOutcome::InProgress { remaining: BUSY })
    }
}

fn is_conflict(error: &sqlx::Error) -> bool {
    crate::error::kind_of(error) == StoreErrorKind::Conflict
}

fn retry(text: &str) -> Outcome {
    Outcome::retry(Failure::new(FailureCode::HandlerFailed, text))
}

/// Where it can't be rolled back, its connection is gone, and with it the transaction.
async fn roll_back<Db: Database>(transaction: Transaction<'static, Db>) {
    if let Err(error) = transaction.rollback().await {
        tracing::debug!(%error, "transaction not rolled back; its connection is closed");
    }
}

impl<Db: Database> Layer for Transactional<Db> {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.handle(incoming, next))
    }
}

impl<Db: Database> Clone for Transactional<Db> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            handler: self.handler.clone(),
            retention: self.retention,
            key: self.key.clone(),
        }
    }
}

impl<Db: Database> fmt::Debug for Transactional<Db> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transactional")
            .field("database", &Db::NAME)
            .field("handler", &self.handler)
            .finish_non_exhaustive()
    }
}
