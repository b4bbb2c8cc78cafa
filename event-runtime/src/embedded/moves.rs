//! Message move tasks: dead letters on their way back, at a rate.
//!
//! A task has no thread of its own. It moves what is due when it starts, and goes on whenever somebody receives,
//! waits, counts or lists.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::broker::{Broker, Hub};
use super::error::{QueueError, QueueErrorKind};
use super::ids::timestamp;
use super::limits;
use super::pick::Departure;
use super::shared::Shared;

/// A move task as it stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MoveTask {
    /// The handle to cancel it with.
    pub handle: String,
    /// The dead-letter queue that is emptied.
    pub source: String,
    /// Where its messages go; `None` = each to the queue it came from.
    pub destination: Option<String>,
    /// Messages a second; `None` = all at once.
    pub rate: Option<u32>,
    /// How far it is.
    pub status: MoveStatus,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// Messages that arrived.
    pub moved: u64,
    /// Messages that were visible in the source when the task started.
    pub to_move: u64,
    /// When it started.
    pub started_at: Timestamp,
}

/// How far a move task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoveStatus {
    /// It moves messages.
    Running,
    /// Everything was moved.
    Completed,
    /// It was cancelled; what was moved stays moved.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl MoveStatus {
    /// The status as the service writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }
}

/// The tasks of a broker: each source's last ten.
#[derive(Debug, Default)]
pub(super) struct Moves {
    tasks: Vec<MoveTask>,
}

enum Step {
    Moved,
    SourceEmpty,
    DestinationFull,
    UnknownDestination,
}

impl Broker {
    /// Starts to move the messages of a dead-letter queue to another queue, or back to where each came from.
    /// Messages in flight stay. What arrives is a new message: new id, receive count zero, a new age. Returns
    /// the task's handle.
    ///
    /// # Errors
    /// `ResourceNotFound` where a queue does not exist; `InvalidParameterValue` where the source is nobody's
    /// dead-letter queue, the destination is the source or of the other kind, or `rate` is not 1 to 500;
    /// `UnsupportedOperation` while another task empties the source.
    pub fn start_message_move_task(
        &self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
    ) -> Result<String, QueueError> {
        let hub = &self.hub;
        let source_queue = hub.check_move(source, destination, rate)?;
        let handle = format!("{}-{}", source, hub.next_message_id());
        let to_move = source_queue.at(hub.now(), |state| Ok(state.counts().visible as u64))?;
        {
            let mut moves = hub.lock_moves();
            if moves.tasks.iter().any(|task| task.source == source && task.status == MoveStatus::Running) {
                return Err(is_running());
            }
            moves.forget_oldest(source);
            moves.tasks.push(MoveTask {
                handle: handle.clone(),
                source: source.to_owned(),
                destination: destination.map(str::to_owned),
                rate,
                status: MoveStatus::Running,
                failure_reason: None,
                moved: 0,
                to_move,
                started_at: timestamp(hub.now()),
            });
            hub.has_moves.store(true, Ordering::Release);
        }
        hub.drive_moves();
        // Receives that wait have set their timers without this task.
        for queue in hub.all() {
            queue.arrivals.notify_waiters();
        }
        Ok(handle)
    }

    /// Cancels a running task and returns how many messages it moved.
    ///
    /// # Errors
    /// `ResourceNotFound` for an unknown handle; `UnsupportedOperation` for a task that has ended.
    pub fn cancel_message_move_task(&self, handle: &str) -> Result<u64, QueueError> {
        self.hub.drive_moves();
        let mut moves = self.hub.lock_moves();
        let Some(task) = moves.tasks.iter_mut().find(|task| task.handle == handle) else {
            return Err(not_found("TaskHandle"));
        };
        if task.status != MoveStatus::Running {
            return Err(has_ended());
        }
        task.status = MoveStatus::Cancelled;
        Ok(task.moved)
    }

    /// The tasks of a source, the latest first; at most `max` (1 to 10).
    ///
    /// # Errors
    /// `ResourceNotFound` where the queue does not exist; `InvalidParameterValue` for `max`.
    pub fn list_message_move_tasks(&self, source: &str, max: usize) -> Result<Vec<MoveTask>, QueueError> {
        check_listed(max)?;
        if self.hub.find(source).is_none() {
            return Err(not_found("SourceArn"));
        }
        self.hub.drive_moves();
        let moves = self.hub.lock_moves();
        Ok(moves.tasks.iter().rev().filter(|task| task.source == source).take(max).cloned().collect())
    }
}

pub(super) fn check_listed(max: usize) -> Result<(), QueueError> {
    if (1..=limits::MAX_LISTED_MOVE_TASKS).contains(&max) {
        return Ok(());
    }
    Err(QueueError::invalid_parameter(max, "MaxResults", "Must be between 1 and 10."))
}

pub(super) fn is_running() -> QueueError {
    QueueError::new(
        QueueErrorKind::UnsupportedOperation,
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    )
}

pub(super) fn has_ended() -> QueueError {
    QueueError::new(QueueErrorKind::UnsupportedOperation, "Only active tasks can be cancelled.")
}

pub(super) fn not_found(parameter: &str) -> QueueError {
    let text = format!("The resource that you specified for the {parameter} parameter doesn't exist.");
    QueueError::new(QueueErrorKind::ResourceNotFound, text)
}

impl Moves {
    fn forget_oldest(&mut self, source: &str) {
        while self.tasks.iter().filter(|task| task.source == source).count() >= limits::MAX_LISTED_MOVE_TASKS
        {
            match self.tasks.iter().position(|task| task.source == source) {
                Some(oldest) => drop(self.tasks.remove(oldest)),
                None => break,
            }
        }
    }

    fn running(&mut self) -> impl Iterator<Item = &mut MoveTask> {
        self.tasks.iter_mut().filter(|task| task.status == MoveStatus::Running)
    }
}

impl MoveTask {
    /// How many messages may have been moved by now: each second's share at its beginning.
    pub(super) fn allowance(&self, now: i64) -> u64 {
        match self.rate {
            None => u64::MAX,
            Some(rate) => (self.seconds(now) + 1).saturating_mul(u64::from(rate)),
        }
    }

    fn seconds(&self, now: i64) -> u64 {
        (now - self.started_at.as_microsecond()).max(0).unsigned_abs() / 1_000_000
    }

    /// When the next second's share is due.
    pub(super) fn next_due(&self, now: i64) -> i64 {
        let next = i64::try_from(self.seconds(now) + 1).unwrap_or(i64::MAX);
        self.started_at.as_microsecond().saturating_add(next.saturating_mul(1_000_000))
    }
}

impl Hub {
    fn check_move(
        &self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
    ) -> Result<Arc<Shared>, QueueError> {
        let source_queue = self.find(source).ok_or_else(|| not_found("SourceArn"))?;
        let target = destination.map(|name| (name, self.find(name).map(|target| target.fifo)));
        let sources = self.dead_letter_sources(source).len();
        check_move((source, source_queue.fifo), sources, target, rate).map(|()| source_queue)
    }

    fn lock_moves(&self) -> MutexGuard<'_, Moves> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what is due of every running task.
    pub(super) fn drive_moves(&self) {
        if !self.has_moves.load(Ordering::Acquire) {
            return;
        }
        let now = self.now();
        let mut moves = self.lock_moves();
        for task in moves.running() {
            self.drive_move(task, now);
        }
        let running = moves.running().next().is_some();
        self.has_moves.store(running, Ordering::Release);
    }

    /// When a running task has to go on; the end of time without one.
    pub(super) fn next_move(&self) -> i64 {
        if !self.has_moves.load(Ordering::Acquire) {
            return i64::MAX;
        }
        let now = self.now();
        self.lock_moves().running().map(|task| task.next_due(now)).min().unwrap_or(i64::MAX)
    }

    fn drive_move(&self, task: &mut MoveTask, now: i64) {
        let Some(source) = self.find(&task.source) else {
            return fail(task, "AWS.SimpleQueueService.NonExistentQueue");
        };
        while task.moved < task.to_move && task.moved < task.allowance(now) {
            match self.move_one(&source, task.destination.as_deref(), now) {
                Step::Moved => task.moved += 1,
                Step::SourceEmpty => {
                    task.status = MoveStatus::Completed;
                    return;
                }
                Step::DestinationFull => return,
                Step::UnknownDestination => return fail(task, "CouldNotDetermineMessageSource"),
            }
        }
        if task.moved >= task.to_move {
            task.status = MoveStatus::Completed;
        }
    }

    fn move_one(&self, source: &Shared, destination: Option<&str>, now: i64) -> Step {
        let departure = source.at(now, |state| Ok(state.pick_departure()));
        let Ok(Some(departure)) = departure else { return Step::SourceEmpty };
        let origin = || departure.dead_letter_source.as_deref().and_then(super::redrive::queue_of_arn);
        let target = destination.or_else(origin).and_then(|name| self.find(name));
        let arrived = target.as_ref().map(|target| self.arrive(target, &departure, now));
        source.with(|state| state.conclude(&departure, arrived == Some(true), 0));
        match arrived {
            Some(true) => Step::Moved,
            Some(false) => Step::DestinationFull,
            None => Step::UnknownDestination,
        }
    }

    /// Puts a message into its destination as a new one. Deduplication does not apply: the message was taken
    /// once and may come back within its five minutes.
    fn arrive(&self, target: &Shared, departure: &Departure, now: i64) -> bool {
        let id = self.next_message_id();
        let content = departure.content.copy(id, departure.content.deduplication_id.clone());
        target.with(|state| state.tick(now).is_ok() && state.take_over(Arc::new(content), now, None))
    }
}

/// Whether a move is possible; `source` = name and kind of the queue to empty, `sources` = how many queues name it as
/// their dead-letter queue, `target` = name and kind of the destination, where one is named.
pub(super) fn check_move(
    (source, fifo): (&str, bool),
    sources: usize,
    target: Option<(&str, Option<bool>)>,
    rate: Option<u32>,
) -> Result<(), QueueError> {
    let invalid = |text| Err(QueueError::new(QueueErrorKind::InvalidParameterValue, text));
    if let Some(rate) = rate.filter(|rate| !(1..=limits::MAX_MOVE_RATE).contains(rate)) {
        return Err(QueueError::invalid_parameter(
            rate,
            "MaxNumberOfMessagesPerSecond",
            "Must be between 1 and 500, if provided.",
        ));
    }
    if sources == 0 {
        return invalid("Source queue must be configured as a Dead Letter Queue.");
    }
    let Some((destination, target_fifo)) = target else { return Ok(()) };
    if destination == source {
        return invalid("Source queue arn and destination queue arn cannot be the same.");
    }
    if target_fifo.ok_or_else(|| not_found("DestinationArn"))? != fifo {
        return invalid("The source queue and destination queue must be of the same queue type.");
    }
    Ok(())
}

fn fail(task: &mut MoveTask, reason: &str) {
    task.status = MoveStatus::Failed;
    task.failure_reason = Some(reason.to_owned());
}
