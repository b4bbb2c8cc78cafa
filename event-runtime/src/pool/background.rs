//! The background queue of `emit_async`: bounded, retried with delays, owned by its pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::consumer::Backoff;
use crate::pool::backlog::{Backlog, Job, Step};
use crate::pool::deliver::{Delivered, Parcel, deliver_batch};
use crate::pool::producers::Core;
use crate::pool::{EmitError, EmitErrorKind, telemetry};

pub(super) struct Settings {
    pub(super) capacity: usize,
    /// How often a message is tried in all.
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) hook: Arc<dyn Fn(EmitError) + Send + Sync>,
}

impl Settings {
    /// How long to wait after attempt number `attempt` (from 1 on) has failed; `None` where it was the last.
    fn delay_after(&self, attempt: u32) -> Option<Duration> {
        (attempt < self.attempts).then(|| self.backoff.random_delay(attempt))
    }
}

/// The queue and its task; the task ends with it.
pub(super) struct Background {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    core: Arc<Core>,
    settings: Settings,
    backlog: Mutex<Backlog>,
    /// Something for the task to do.
    work: Notify,
    /// The queue has become empty.
    empty: Notify,
}

impl Background {
    pub(super) fn new(core: Arc<Core>, settings: Settings) -> Self {
        let (backlog, work, empty) = (Mutex::default(), Notify::new(), Notify::new());
        Self { shared: Arc::new(Shared { core, settings, backlog, work, empty }), task: Mutex::new(None) }
    }

    pub(super) fn pending(&self) -> usize {
        self.shared.lock().len()
    }

    /// Accepts one message, and starts the task with the first.
    pub(super) fn enqueue(&self, parcel: Parcel) -> Result<(), EmitError> {
        self.start(&parcel)?;
        self.shared.accept(parcel)?;
        self.shared.work.notify_one();
        Ok(())
    }

    pub(super) async fn close(&self, within: Duration) -> Vec<EmitError> {
        self.shared.lock().closed = true;
        let mut deadline = pin!(self.shared.core.clock.sleep(within));
        loop {
            let mut empty = pin!(self.shared.empty.notified());
            empty.as_mut().enable();
            if self.shared.lock().len() == 0 {
                break;
            }
            tokio::select! {
                () = empty => {}
                () = &mut deadline => break,
            }
        }
        if let Some(task) = self.task().take() {
            task.abort();
        }
        let left = self.shared.lock().take_all();
        telemetry::pending(&self.shared.core.id, 0);
        left.into_iter().map(Job::unsent).collect()
    }

    /// Makes sure that a task is at work: the first call starts it, and so does the first one after the runtime that
    /// it ran on has ended.
    fn start(&self, parcel: &Parcel) -> Result<(), EmitError> {
        let mut task = self.task();
        if task.as_ref().is_some_and(|task| !task.is_finished()) || self.shared.lock().closed {
            return Ok(());
        }
        let Ok(runtime) = Handle::try_current() else {
            let text = "emitting in the background needs a tokio runtime; call it from inside of one";
            let error = EmitError::new(EmitErrorKind::Unsupported, text);
            return Err(error.with_message(parcel.message.clone()));
        };
        self.shared.lock().restart();
        *task = Some(runtime.spawn(run(self.shared.clone())));
        Ok(())
    }

    fn task(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(task) = self.task().take() {
            task.abort();
        }
        let pool = &self.shared.core.id;
        let left = self.shared.lock().take_all();
        if !left.is_empty() {
            telemetry::pending(pool, 0);
            for job in &left {
                telemetry::gave_up(pool, &job.parcel.label);
            }
            tracing::warn!(
                %pool, unsent = left.len(),
                "producer pool dropped with unsent events in its background queue; call `close` before"
            );
        }
    }
}

async fn run(shared: Arc<Shared>) {
    loop {
        let step = shared.lock().next_step(shared.core.clock.now());
        match step {
            Step::Send(parcels) => {
                let delivered = deliver_batch(&shared.core.members, &parcels).await;
                shared.settle(delivered);
            }
            Step::WaitUntil(due) => tokio::select! {
                () = shared.core.clock.sleep_until(due) => {}
                () = shared.work.notified() => {}
            },
            Step::Wait => shared.work.notified().await,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, parcel: Parcel) -> Result<(), EmitError> {
        let key = self.key(&parcel);
        let mut backlog = self.lock();
        let kind = if backlog.closed {
            EmitErrorKind::Closed
        } else if backlog.len() >= self.settings.capacity {
            EmitErrorKind::BufferFull
        } else {
            backlog.push(parcel, key);
            telemetry::pending(&self.core.id, backlog.len());
            return Ok(());
        };
        drop(backlog);
        Err(self.refuse(parcel, kind))
    }

    fn refuse(&self, parcel: Parcel, kind: EmitErrorKind) -> EmitError {
        let (pool, capacity) = (&self.core.id, self.settings.capacity);
        telemetry::refused(pool, &parcel.label, &parcel.message, kind);
        let text = match kind {
            EmitErrorKind::Closed => format!("producer pool `{pool}` is closed for background emits"),
            _ => format!(
                "the background queue of producer pool `{pool}` is full, capacity {capacity}; await `emit`, or \
                 raise `async_capacity`"
            ),
        };
        EmitError::new(kind, text).with_message(parcel.message)
    }

    /// The key by which the message keeps its place, where one of its targets keeps the order.
    fn key(&self, parcel: &Parcel) -> Option<String> {
        let mut targets = parcel.targets.iter().filter_map(|target| self.core.members.get(*target));
        let ordered = targets.any(|member| member.producer.capabilities().ordered);
        parcel.message.metadata().partition_key.as_ref().filter(|_| ordered).map(ToString::to_string)
    }

    fn settle(&self, delivered: Vec<Delivered>) {
        let now = self.core.clock.now();
        let delay_after = |attempt| self.settings.delay_after(attempt);
        let given_up = self.lock().settle(delivered, &self.core.members, now, delay_after);
        let count = given_up.len();
        given_up.into_iter().for_each(|job| self.report(job));
        let left = {
            let mut backlog = self.lock();
            backlog.reported(count);
            backlog.len()
        };
        telemetry::pending(&self.core.id, left);
        if left == 0 {
            self.empty.notify_waiters();
        }
    }

    fn report(&self, job: Job) {
        telemetry::gave_up(&self.core.id, &job.parcel.label);
        // A hook that panics must not end the task with everything that waits.
        let call = AssertUnwindSafe(|| (self.settings.hook)(job.unsent()));
        if catch_unwind(call).is_err() {
            tracing::error!(pool = %self.core.id, "the hook for failed background emits panicked");
        }
    }
}
