//! The one thread that uses the file: it takes what was asked meanwhile into one transaction, and answers when that is
//! committed.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use event_runtime::Clock;
use event_runtime::embedded::rules::{self, Wanted};
use event_runtime::embedded::{MessageId, QueueError, Receipt, ReceivedMessage};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{SqliteError, SqliteErrorKind};
use crate::limits::MAX_GROUP;

use super::View;
use super::cache::Cache;
use super::open::{self, OpenSettings};
use super::session::{Fault, Session};
use super::settle::Action;
use super::signals::Signals;
use super::tick::present;

/// Gives out message ids: a random half for the process, and a counter.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self { seed: RandomState::new().hash_one(std::process::id()), next: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> MessageId {
        rules::message_id(self.seed, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// What the writer works with.
#[derive(Clone, Debug)]
pub(crate) struct WriterSettings {
    pub(crate) path: PathBuf,
    pub(crate) open: OpenSettings,
    pub(crate) clock: Clock,
    pub(crate) poll_interval: Duration,
    pub(crate) signals: Arc<Signals>,
    pub(crate) ids: Arc<Ids>,
}

/// The handle on the thread; it ends when this is closed or dropped.
#[derive(Debug)]
pub(crate) struct Writer {
    path: Arc<Path>,
    orders: Sender<Order>,
    transactions: Arc<AtomicU64>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Order {
    Do(Box<dyn Job>),
    Close,
}

/// A part of a transaction. It may run more than once, each time after the former run was rolled back.
trait Job: Send {
    /// Whether nobody waits for the answer any more, so that it need not be done.
    fn is_abandoned(&self) -> bool {
        false
    }

    /// Does the work and keeps the outcome. A refusal is an outcome.
    fn run(&mut self, session: &mut Session<'_>) -> rusqlite::Result<()>;

    /// Answers, with the outcome once it is committed or with why it could not be.
    fn finish(self: Box<Self>, committed: Result<(), SqliteError>);
}

impl Writer {
    /// Opens the file and starts the thread.
    pub(crate) fn start(settings: WriterSettings) -> Result<Self, SqliteError> {
        let path: Arc<Path> = settings.path.as_path().into();
        let connection = open::open(&path, settings.open)?;
        let (orders, received) = mpsc::channel();
        let transactions = Arc::<AtomicU64>::default();
        let committed = Arc::clone(&transactions);
        let work =
            Work { connection, settings, cache: Cache::default(), now: i64::MIN, version: None, committed };
        let thread =
            std::thread::Builder::new().name("sqlite-queue".to_owned()).spawn(move || work.run(&received));
        let thread = thread.map_err(|error| {
            let text = format!("the thread that writes it can't be started: {error}");
            SqliteError::file(SqliteErrorKind::Unavailable, &path, text)
        })?;
        Ok(Self { path, orders, transactions, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Acquire)
    }

    /// Does something in a transaction.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Session<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let (reply, answer) = oneshot::channel();
        let finish = move |outcome| {
            // The caller may have gone.
            let _ = reply.send(outcome);
        };
        self.order(Box::new(Call { work, outcome: None, finish }))?;
        answer.await.unwrap_or_else(|_| Err(self.closed()))
    }

    /// [`Writer::call`] for those who are not async.
    pub(crate) fn call_blocking<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Session<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let finish = move |outcome| {
            let _ = reply.send(outcome);
        };
        self.order(Box::new(Call { work, outcome: None, finish }))?;
        answer.recv().unwrap_or_else(|_| Err(self.closed()))
    }

    /// Receives, after it settled `before`. What nobody takes over is handed back.
    pub(crate) async fn receive(
        &self,
        queue: i64,
        before: Vec<(Receipt, Action)>,
        wanted: Wanted,
    ) -> Result<(Vec<Settled>, View), SqliteError> {
        let (reply, answer) = oneshot::channel();
        let orders = self.orders.clone();
        self.order(Box::new(Receive { queue, before, wanted, outcome: None, reply, orders }))?;
        let claim = answer.await.unwrap_or_else(|_| Err(self.closed()))?;
        Ok(claim.take())
    }

    /// Ends the thread after what was asked until now, and waits for it.
    pub(crate) fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = self.orders.send(Order::Close);
            if thread.join().is_err() {
                tracing::error!(file = %self.path.display(), "the thread that wrote the queue file has panicked");
            }
        }
    }

    fn order(&self, job: Box<dyn Job>) -> Result<(), SqliteError> {
        self.orders.send(Order::Do(job)).map_err(|_| self.closed())
    }

    fn closed(&self) -> SqliteError {
        SqliteError::closed(&self.path)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Call<T, W, F> {
    work: W,
    outcome: Option<Result<T, QueueError>>,
    finish: F,
}

impl<T, W, F> Job for Call<T, W, F>
where
    T: Send,
    W: FnMut(&mut Session<'_>) -> Result<T, Fault> + Send,
    F: FnOnce(Result<T, SqliteError>) + Send,
{
    fn run(&mut self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        self.outcome = Some(match (self.work)(session) {
            Ok(value) => Ok(value),
            Err(Fault::Refused(error)) => Err(error),
            Err(Fault::Storage(error)) => return Err(error),
        });
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), SqliteError>) {
        let Self { outcome, finish, .. } = *self;
        match (committed, outcome) {
            (Err(error), _) => finish(Err(error)),
            (Ok(()), Some(outcome)) => finish(outcome.map_err(SqliteError::from)),
            (Ok(()), None) => {}
        }
    }
}

/// What became of one receipt.
pub(crate) type Settled = Result<event_runtime::embedded::Deletion, QueueError>;

struct Receive {
    queue: i64,
    before: Vec<(Receipt, Action)>,
    wanted: Wanted,
    outcome: Option<Result<(Vec<Settled>, View), QueueError>>,
    reply: oneshot::Sender<Result<Claim, SqliteError>>,
    orders: Sender<Order>,
}

impl Job for Receive {
    fn is_abandoned(&self) -> bool {
        self.before.is_empty() && self.reply.is_closed()
    }

    fn run(&mut self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        let mut work = || {
            let settled =
                if self.before.is_empty() { Vec::new() } else { session.settle(self.queue, &self.before)? };
            Ok((settled, session.receive(self.queue, &self.wanted)?))
        };
        self.outcome = Some(match work() {
            Ok(outcome) => Ok(outcome),
            Err(Fault::Refused(error)) => Err(error),
            Err(Fault::Storage(error)) => return Err(error),
        });
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), SqliteError>) {
        let Self { queue, outcome, reply, orders, .. } = *self;
        let answer = match (committed, outcome) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(Ok((settled, view)))) => Ok(Claim { queue, settled, view: Some(view), orders }),
            (Ok(()), Some(Err(error))) => Err(error.into()),
            (Ok(()), None) => return,
        };
        // A claim that nobody takes hands its messages back.
        let _ = reply.send(answer);
    }
}

/// Received messages on their way to who asked for them. Dropped on the way, it hands them back.
struct Claim {
    queue: i64,
    settled: Vec<Settled>,
    view: Option<View>,
    orders: Sender<Order>,
}

impl Claim {
    fn take(mut self) -> (Vec<Settled>, View) {
        let none =
            View { received: Vec::new(), own_wait: Duration::ZERO, over_limit: false, next_event: i64::MAX };
        (std::mem::take(&mut self.settled), self.view.take().unwrap_or(none))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let received = self.view.take().map(|view| view.received).unwrap_or_default();
        if received.is_empty() {
            return;
        }
        let queue = self.queue;
        let back: Vec<_> = received
            .iter()
            .map(ReceivedMessage::receipt)
            .map(|receipt| (receipt, Action::HandBack(Duration::ZERO)))
            .collect();
        let work = move |session: &mut Session<'_>| session.settle(queue, &back);
        // Where the broker is closed, the messages are visible again when their leases end.
        let _ = self.orders.send(Order::Do(Box::new(Call { work, outcome: None, finish: drop })));
    }
}

/// However the thread ends, by a panic too, whoever waits asks once more, and learns that nobody answers.
struct WakeAtEnd(Arc<Signals>);

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        self.0.wake_all();
    }
}

/// What the thread owns.
struct Work {
    connection: Connection,
    settings: WriterSettings,
    cache: Cache,
    /// The time of the last transaction.
    now: i64,
    /// What `PRAGMA data_version` said last, and when.
    version: Option<(i64, Instant)>,
    committed: Arc<AtomicU64>,
}

impl Work {
    fn run(mut self, orders: &Receiver<Order>) {
        let _end = WakeAtEnd(Arc::clone(&self.settings.signals));
        loop {
            let first = if self.settings.signals.has_waiting() {
                match orders.recv_timeout(self.settings.poll_interval) {
                    Err(RecvTimeoutError::Timeout) => {
                        self.look_for_others();
                        continue;
                    }
                    result => result.ok(),
                }
            } else {
                orders.recv().ok()
            };
            let Some(Order::Do(first)) = first else { break };
            let mut jobs = vec![first];
            let mut closing = false;
            while jobs.len() < MAX_GROUP && !closing {
                match orders.try_recv() {
                    Ok(Order::Do(job)) => jobs.push(job),
                    Ok(Order::Close) => closing = true,
                    Err(_) => break,
                }
            }
            jobs.retain(|job| !job.is_abandoned());
            if !jobs.is_empty() {
                self.transact(jobs);
            }
            if closing {
                break;
            }
            self.look_for_others();
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(file = %self.settings.path.display(), %error, "the queue file was not closed in good order");
        }
    }

    /// Runs the jobs in one transaction; where that fails, each in its own, so that only the one at fault fails.
    fn transact(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let error = match self.try_transact(&mut jobs) {
            Ok(woken) => {
                jobs.into_iter().for_each(|job| job.finish(Ok(())));
                woken.into_iter().for_each(|queue| self.settings.signals.wake(queue));
                return;
            }
            Err(error) => error,
        };
        self.cache.clear();
        let began = !self.connection.is_autocommit();
        if began && let Err(error) = self.connection.execute_batch("ROLLBACK") {
            tracing::error!(file = %self.settings.path.display(), %error, "a transaction was not rolled back");
        }
        let error = SqliteError::sqlite(&self.settings.path, error);
        if jobs.len() == 1 || error.kind() == SqliteErrorKind::Busy {
            jobs.into_iter().for_each(|job| job.finish(Err(error.clone())));
        } else {
            jobs.into_iter().for_each(|job| self.transact(vec![job]));
        }
    }

    fn try_transact(&mut self, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<BTreeSet<i64>> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        self.cache.refresh(&self.connection)?;
        self.now = present(self.now, self.settings.clock.now().as_microsecond());
        let mut session = Session::new(&self.connection, &mut self.cache, &self.settings.ids, self.now);
        for job in jobs {
            job.run(&mut session)?;
        }
        let woken = session.finish()?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.committed.fetch_add(1, Ordering::AcqRel);
        Ok(woken)
    }

    /// Wakes everybody who waits when another process wrote since the last look.
    fn look_for_others(&mut self) {
        if !self.settings.signals.has_waiting() {
            return;
        }
        let due = |(_, at): &(i64, Instant)| at.elapsed() >= self.settings.poll_interval;
        if !self.version.as_ref().is_none_or(due) {
            return;
        }
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)));
        match version {
            Ok(version) => {
                let before = self.version.replace((version, Instant::now()));
                if before.is_none_or(|(before, _)| before != version) {
                    self.settings.signals.wake_all();
                }
            }
            Err(error) => {
                tracing::warn!(file = %self.settings.path.display(), %error, "the queue file can't be looked at");
                // Whoever waits asks, and gets the error.
                self.version = Some((i64::MIN, Instant::now()));
                self.settings.signals.wake_all();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use event_runtime::embedded::{Capacity, OutgoingMessage, QueueSettings};

    use super::*;
    use crate::{SqliteBroker, Synchronous};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_thread_that_panics_leaves_nobody_waiting() {
        let folder = std::env::temp_dir().join(format!("event-sqlite-writer-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let builder = SqliteBroker::builder(folder.join("queues.db")).synchronous(Synchronous::Off);
        let broker = builder.open().unwrap();
        let settings = QueueSettings::new().capacity(Capacity::default().messages(1));
        let queue = broker.create_queue("q", settings).await.unwrap();
        queue.send(OutgoingMessage::new("1")).await.unwrap();
        let before = broker.transactions();
        let waiter = tokio::spawn({
            let queue = queue.clone();
            async move { queue.send(OutgoingMessage::new("2")).await }
        });
        // It asks twice before it waits.
        while broker.transactions() < before + 2 {
            tokio::task::yield_now().await;
        }
        let writer = &broker.inner.writer;
        let panicked = writer.call(|_| -> Result<(), Fault> { panic!("a bug") }).await;
        assert_eq!(panicked.unwrap_err().kind(), SqliteErrorKind::Closed);
        assert_eq!(waiter.await.unwrap().unwrap_err().kind(), SqliteErrorKind::Closed);
        assert_eq!(queue.counts().await.unwrap_err().kind(), SqliteErrorKind::Closed);
        broker.close();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
