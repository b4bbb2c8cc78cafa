//! The broker over a file: opening it, and every request that concerns more than one queue.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use event_runtime::Clock;
use event_runtime::embedded::{Capacity, MoveTask, QueueSettings, rules};

use crate::config::Synchronous;
use crate::error::{SqliteError, SqliteErrorKind};
use crate::limits::DEFAULT_POLL_INTERVAL;
use crate::queue::SqliteQueue;
use crate::store::{Fault, Identity, Ids, OpenSettings, Session, Signals, Writer, WriterSettings};

/// Queues in a SQLite file. Cloning is cheap; every clone is the same broker.
///
/// One thread of the process writes the file; other processes may have brokers of their own over the same file. The
/// thread ends, and the file is closed, when the last clone and the last queue handle are dropped, which waits for
/// what was asked until then.
///
/// ```
/// use event_runtime::embedded::{OutgoingMessage, QueueSettings, ReceiveRequest};
/// use event_transport_sqlite::SqliteBroker;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("event-queues-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let file = folder.join("queues.db");
/// let orders = SqliteBroker::open(&file)?.create_queue("orders", QueueSettings::new()).await?;
/// orders.send(OutgoingMessage::new("hello")).await?;
/// drop(orders);
///
/// // Another process, or this one after a crash.
/// let orders = SqliteBroker::open(&file)?.queue("orders").await?;
/// let received = orders.receive(&ReceiveRequest::new().max(10)).await?;
/// assert_eq!(received[0].body(), "hello");
/// orders.delete(received[0].receipt()).await?;
/// # drop(orders);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteBroker {
    pub(crate) inner: Arc<Inner>,
}

/// What the handles of a broker and of its queues share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) writer: Writer,
    pub(crate) clock: Clock,
    pub(crate) signals: Arc<Signals>,
    pub(crate) ids: Arc<Ids>,
    capacity: Capacity,
}

/// Sets a broker up.
#[derive(Clone, Debug)]
#[must_use]
pub struct SqliteBrokerBuilder {
    path: PathBuf,
    open: OpenSettings,
    clock: Clock,
    capacity: Capacity,
    poll_interval: Duration,
    creates_folder: bool,
}

impl SqliteBrokerBuilder {
    /// The clock that everything in the queues goes by; the system's unless set. Processes on one file need clocks
    /// that agree.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What a confirmation promises; [`Synchronous::Full`] unless set. Each process sets it for its own writes.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.open.synchronous = synchronous;
        self
    }

    /// The most that each queue holds that this broker creates. A queue keeps it in the file.
    pub fn capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// The most bytes of the file, its log aside, that writes of this process let it have; unlimited unless set.
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.open.max_bytes = Some(bytes);
        self
    }

    /// How often receives that wait look for what other processes wrote; 20 ms unless set, at least 1 ms. Within the
    /// process they are woken at once.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Lets [`open`](Self::open) make the file's folder, and those above it, where they are missing.
    pub fn create_folder(mut self) -> Self {
        self.creates_folder = true;
        self
    }

    /// Opens the file, or creates it where there is none; its folder must exist, unless it may be
    /// [created](Self::create_folder).
    ///
    /// It blocks for a few milliseconds, and longer where another process keeps the file locked.
    ///
    /// # Errors
    /// `NotADatabase`, `ForeignFile`, `NewerSchema` or `Corrupt` for a file that this crate did not write or that is
    /// damaged, in which nothing was changed; `Busy`, `DiskFull` or `Unavailable`.
    pub fn open(self) -> Result<SqliteBroker, SqliteError> {
        let Self { path, open, clock, capacity, poll_interval, creates_folder } = self;
        if creates_folder {
            create_folder_of(&path)?;
        }
        if path.is_dir() {
            let text = "it is a folder: name a file, or move the folder away";
            return Err(SqliteError::file(SqliteErrorKind::Unavailable, &path, text));
        }
        let (signals, ids) = (Arc::<Signals>::default(), Arc::new(Ids::new()));
        let writer = Writer::start(WriterSettings {
            path,
            open,
            clock: clock.clone(),
            poll_interval,
            signals: Arc::clone(&signals),
            ids: Arc::clone(&ids),
        })?;
        Ok(SqliteBroker { inner: Arc::new(Inner { writer, clock, signals, ids, capacity }) })
    }
}

impl SqliteBroker {
    /// A broker over this file, on the system's clock, that confirms what survives a power failure.
    ///
    /// # Errors
    /// Those of [`SqliteBrokerBuilder::open`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SqliteError> {
        Self::builder(path).open()
    }

    /// A broker with settings of one's own.
    pub fn builder(path: impl Into<PathBuf>) -> SqliteBrokerBuilder {
        SqliteBrokerBuilder {
            path: path.into(),
            open: OpenSettings::default(),
            clock: Clock::system(),
            capacity: Capacity::default(),
            poll_interval: DEFAULT_POLL_INTERVAL,
            creates_folder: false,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.inner.writer.path()
    }

    /// The clock that everything in the queues goes by.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Creates a queue, or returns the one that has this name and these attributes.
    ///
    /// # Errors
    /// `Refused` with the kinds of [`Broker::create_queue`](event_runtime::embedded::Broker::create_queue); the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have created the queue.
    pub async fn create_queue(
        &self,
        name: &str,
        settings: QueueSettings,
    ) -> Result<SqliteQueue, SqliteError> {
        let (name, capacity) = (name.to_owned(), self.inner.capacity);
        let found = self.inner.writer.call(move |session| session.create_queue(&name, &settings, capacity));
        Ok(self.handle(found.await?))
    }

    /// Creates a queue, or gives the one of this name these settings and the defaults for whatever they leave out, its
    /// redrive policy apart: what an application does at each start with the queues of its configuration.
    ///
    /// # Errors
    /// Those of [`SqliteBroker::create_queue`] but `QueueNameExists`.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have made the change.
    pub async fn declare_queue(
        &self,
        name: &str,
        settings: QueueSettings,
    ) -> Result<SqliteQueue, SqliteError> {
        let name = name.to_owned();
        let capacity = self.inner.capacity;
        let found = self.inner.writer.call(move |session| declare(session, &name, &settings, capacity));
        Ok(self.handle(found.await?))
    }

    /// [`SqliteBroker::declare_queue`], blocking.
    pub(crate) fn declare_blocking(
        &self,
        name: &str,
        settings: QueueSettings,
    ) -> Result<SqliteQueue, SqliteError> {
        let name = name.to_owned();
        let capacity = self.inner.capacity;
        let found =
            self.inner.writer.call_blocking(move |session| declare(session, &name, &settings, capacity));
        Ok(self.handle(found?))
    }

    /// The queue of this name, whichever process created it.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn queue(&self, name: &str) -> Result<SqliteQueue, SqliteError> {
        let name = name.to_owned();
        Ok(self.handle(self.inner.writer.call(move |session| session.find_queue(&name)).await?))
    }

    /// The queue of this ARN.
    ///
    /// # Errors
    /// Those of [`SqliteBroker::queue`].
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn queue_by_arn(&self, arn: &str) -> Result<SqliteQueue, SqliteError> {
        self.queue(rules::queue_of_arn(arn).ok_or_else(rules::does_not_exist)?).await
    }

    /// The names of all queues that begin with `prefix`, sorted.
    ///
    /// # Errors
    /// The file's.
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn queue_names(&self, prefix: &str) -> Result<Vec<String>, SqliteError> {
        let prefix = prefix.to_owned();
        self.inner.writer.call(move |session| session.queue_names(&prefix)).await
    }

    /// Deletes a queue with all it holds; whoever waits on it gets `QueueDoesNotExist`.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have deleted the queue.
    pub async fn delete_queue(&self, name: &str) -> Result<(), SqliteError> {
        let name = name.to_owned();
        self.inner.writer.call(move |session| session.delete_queue(&name)).await
    }

    /// The names of the queues whose redrive policy names this one, sorted.
    ///
    /// # Errors
    /// `Refused(QueueDoesNotExist)`; the file's.
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn dead_letter_source_queues(&self, name: &str) -> Result<Vec<String>, SqliteError> {
        let name = name.to_owned();
        let work = move |session: &mut Session<'_>| {
            session.find_queue(&name)?;
            session.dead_letter_sources(&name)
        };
        self.inner.writer.call(work).await
    }

    /// Starts to move the messages of a dead-letter queue to another queue, or back to where each came from, and
    /// returns the task's handle. It stands in the file: whichever process receives from a queue or counts one goes on
    /// with it.
    ///
    /// # Errors
    /// `Refused` with the kinds of
    /// [`Broker::start_message_move_task`](event_runtime::embedded::Broker::start_message_move_task); the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have started the task.
    pub async fn start_message_move_task(
        &self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
    ) -> Result<String, SqliteError> {
        let (source, destination, id) =
            (source.to_owned(), destination.map(str::to_owned), self.inner.ids.next());
        let work =
            move |session: &mut Session<'_>| session.start_move(&source, destination.as_deref(), rate, id);
        self.inner.writer.call(work).await
    }

    /// Cancels a running task and returns how many messages it moved.
    ///
    /// # Errors
    /// `Refused(ResourceNotFound)` for an unknown handle, `Refused(UnsupportedOperation)` for a task that has ended;
    /// the file's.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have cancelled the task.
    pub async fn cancel_message_move_task(&self, handle: &str) -> Result<u64, SqliteError> {
        let handle = handle.to_owned();
        self.inner.writer.call(move |session| session.cancel_move(&handle)).await
    }

    /// The tasks of a source, the latest first; at most `max` (1 to 10).
    ///
    /// # Errors
    /// `Refused(ResourceNotFound)` where the queue does not exist, `Refused(InvalidParameterValue)` for `max`; the
    /// file's.
    ///
    /// # Cancel safety
    /// A dropped call has moved what was due, or nothing.
    pub async fn list_message_move_tasks(
        &self,
        source: &str,
        max: usize,
    ) -> Result<Vec<MoveTask>, SqliteError> {
        let source = source.to_owned();
        self.inner.writer.call(move |session| session.list_moves(&source, max)).await
    }

    /// How many transactions this broker has committed. Requests that arrive together share one.
    pub fn transactions(&self) -> u64 {
        self.inner.writer.transactions()
    }

    /// Closes the file after what was asked until now, for every clone and every queue: whatever they are asked later
    /// fails as `Closed`. It blocks until the file is closed.
    pub fn close(&self) {
        self.inner.writer.close();
    }

    fn handle(&self, identity: Identity) -> SqliteQueue {
        SqliteQueue::new(identity, Arc::clone(&self.inner))
    }
}

fn create_folder_of(file: &Path) -> Result<(), SqliteError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| {
        let text =
            format!("its folder can't be made ({error}): name another one, or change what is in its way");
        SqliteError::file(SqliteErrorKind::Unavailable, file, text)
    })
}

fn declare(
    session: &mut Session<'_>,
    name: &str,
    settings: &QueueSettings,
    capacity: Capacity,
) -> Result<Identity, Fault> {
    session.declare_queue(name, settings, capacity)
}
