//! The background queue of `emit_async`: bounded, retried with delays, owned by its pool.
//!
//! Every message stands in the shared state from the moment it is accepted until it was sent or given up, so that
//! closing or dropping the pool at any moment can say what is left.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::clock::after;
use crate::consumer::Backoff;
use crate::pool::deliver::{Delivered, Parcel, deliver_batch};
use crate::pool::producers::Core;
use crate::pool::{EmitError, EmitErrorKind, Remaining, telemetry};
use crate::transport::{ProduceError, ProduceErrorKind};

/// How many messages one round sends at most.
const ROUND: usize = 100;

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
    state: Mutex<State>,
    /// Something for the task to do.
    work: Notify,
    /// The queue has become empty.
    empty: Notify,
}

#[derive(Default)]
struct State {
    /// What waits, oldest first.
    waiting: VecDeque<Job>,
    /// What the task is sending now, oldest first.
    sending: Vec<Job>,
    next_number: u64,
    closed: bool,
}

/// One message until it is sent or given up.
struct Job {
    number: u64,
    /// Those of its targets that have yet to take it.
    parcel: Parcel,
    /// Its key, where one of its targets keeps the order: it goes after the earlier ones of its key.
    key: Option<String>,
    attempt: u32,
    /// Not before this; `None` = at once.
    due: Option<Timestamp>,
    taken: Vec<Arc<str>>,
    /// Who refused it for good.
    refused: Vec<Remaining>,
    /// Why the last attempt failed at those who are to get it again.
    failed: Vec<Remaining>,
}

/// What the task does next.
enum Step {
    Send(Vec<Parcel>),
    WaitUntil(Timestamp),
    Wait,
}

impl Background {
    pub(super) fn new(core: Arc<Core>, settings: Settings) -> Self {
        let (state, work, empty) = (Mutex::default(), Notify::new(), Notify::new());
        Self { shared: Arc::new(Shared { core, settings, state, work, empty }), task: Mutex::new(None) }
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
        match shared.next_step() {
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
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, parcel: Parcel) -> Result<(), EmitError> {
        let mut state = self.lock();
        let capacity = self.settings.capacity;
        let refusal = if state.closed {
            let text = format!("producer pool `{}` is closed for background emits", self.core.id);
            Some((EmitErrorKind::Closed, text))
        } else if state.len() >= capacity {
            let text = format!(
                "the background queue of producer pool `{}` is full, capacity {capacity}; await `emit`, or raise it",
                self.core.id
            );
            Some((EmitErrorKind::BufferFull, text))
        } else {
            None
        };
        if let Some((kind, text)) = refusal {
            drop(state);
            telemetry::refused(&self.core.id, &parcel.label, &parcel.message, kind);
            return Err(EmitError::new(kind, text).with_message(parcel.message));
        }
        let ordered = parcel.targets.iter().filter_map(|target| self.core.members.get(*target));
        let ordered = ordered.map(|member| member.producer.capabilities()).any(|can| can.ordered);
        let key = parcel.message.metadata().partition_key.clone().filter(|_| ordered);
        state.push(parcel, key);
        telemetry::pending(&self.core.id, state.len());
        Ok(())
    }

    /// Moves what can go now from waiting to sending: at most one message of a key, and none past an earlier one of
    /// its key.
    fn next_step(&self) -> Step {
        let now = self.core.clock.now();
        let mut state = self.lock();
        let mut keys: HashSet<String> = HashSet::new();
        let mut earliest: Option<Timestamp> = None;
        let mut kept = VecDeque::new();
        for job in mem::take(&mut state.waiting) {
            let behind = job.key.as_ref().is_some_and(|key| !keys.insert(key.clone()));
            let early = job.due.filter(|due| *due > now);
            if behind || early.is_some() || state.sending.len() == ROUND {
                if let Some(due) = early.filter(|_| !behind) {
                    earliest = Some(earliest.map_or(due, |earliest| earliest.min(due)));
                }
                kept.push_back(job);
            } else {
                state.sending.push(job);
            }
        }
        state.waiting = kept;
        if state.sending.is_empty() {
            return earliest.map_or(Step::Wait, Step::WaitUntil);
        }
        Step::Send(state.sending.iter().map(|job| job.parcel.clone()).collect())
    }

    /// Ends a round: what was sent goes, what failed for a reason that passes waits, the rest is given up.
    fn settle(&self, delivered: Vec<Delivered>) {
        let now = self.core.clock.now();
        let mut given_up = Vec::new();
        {
            let mut state = self.lock();
            for (mut job, delivered) in mem::take(&mut state.sending).into_iter().zip(delivered) {
                job.note(delivered);
                match self.settings.delay_after(job.attempt).filter(|_| !job.failed.is_empty()) {
                    Some(delay) => {
                        job.retry(&self.core, after(now, delay));
                        state.put_back(job);
                    }
                    None if job.is_sent() => {}
                    None => given_up.push(job),
                }
            }
        }
        for job in given_up {
            telemetry::gave_up(&self.core.id, &job.parcel.label);
            // A hook that panics must not end the task with everything that waits.
            let call = AssertUnwindSafe(|| (self.settings.hook)(job.unsent()));
            if catch_unwind(call).is_err() {
                tracing::error!(pool = %self.core.id, "the hook for failed background emits panicked");
            }
        }
        let left = self.lock().len();
        telemetry::pending(&self.core.id, left);
        if left == 0 {
            self.empty.notify_waiters();
        }
    }
}

impl State {
    fn len(&self) -> usize {
        self.waiting.len() + self.sending.len()
    }

    fn push(&mut self, parcel: Parcel, key: Option<String>) {
        let number = self.next_number;
        self.next_number += 1;
        let (taken, refused, failed) = (Vec::new(), Vec::new(), Vec::new());
        self.waiting.push_back(Job { number, parcel, key, attempt: 1, due: None, taken, refused, failed });
    }

    /// Back to its place by age.
    fn put_back(&mut self, job: Job) {
        let place = self.waiting.partition_point(|other| other.number < job.number);
        self.waiting.insert(place, job);
    }

    /// A task that ended with its runtime left its round behind.
    fn restart(&mut self) {
        for job in mem::take(&mut self.sending) {
            self.put_back(job);
        }
    }

    fn take_all(&mut self) -> VecDeque<Job> {
        self.restart();
        mem::take(&mut self.waiting)
    }
}

impl Job {
    fn note(&mut self, delivered: Delivered) {
        self.taken.extend(delivered.taken);
        self.failed.clear();
        for remaining in delivered.remaining {
            let list = if remaining.error().is_retryable() { &mut self.failed } else { &mut self.refused };
            list.push(remaining);
        }
    }

    fn is_sent(&self) -> bool {
        self.failed.is_empty() && self.refused.is_empty()
    }

    fn retry(&mut self, core: &Core, due: Timestamp) {
        let failed = |index: &usize| {
            core.members
                .get(*index)
                .is_some_and(|member| self.failed.iter().any(|remaining| *remaining.producer() == *member.id))
        };
        self.parcel.targets = self.parcel.targets.iter().copied().filter(failed).collect();
        self.attempt += 1;
        self.due = Some(due);
    }

    /// The report of a message that will not be sent.
    fn unsent(mut self) -> EmitError {
        self.refused.append(&mut self.failed);
        if self.refused.is_empty() {
            let text = "closed before the background queue got to it, or while it was being sent";
            let closed = ProduceError::new(ProduceErrorKind::Closed, text);
            return EmitError::new(EmitErrorKind::Closed, "the pool was closed before the event was sent")
                .with_source(closed)
                .with_message(self.parcel.message);
        }
        EmitError::undelivered(self.parcel.message, self.taken, self.refused)
    }
}
