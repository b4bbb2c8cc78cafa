//! Message move tasks: dead letters on their way back, at a rate.
//!
//! A task stands in the file. Whichever process receives from a queue or counts one moves what is due, so that a task
//! goes on when the process that started it is gone.

use event_runtime::embedded::{MessageId, MoveStatus, MoveTask, rules};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};

use crate::limits::{MAX_LISTED_MOVE_TASKS, MOVE_STEP};

use super::session::{Fault, Session};

const COLUMNS: &str =
    "id, handle, source, destination, rate, status, failure_reason, moved, to_move, started_at";

enum Step {
    Moved,
    SourceEmpty,
    DestinationFull,
    UnknownDestination,
}

impl Session<'_> {
    pub(crate) fn start_move(
        &mut self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
        id: MessageId,
    ) -> Result<String, Fault> {
        let source_id = self.queue_id(source)?.ok_or_else(|| rules::resource_not_found("SourceArn"))?;
        let source_fifo = self.with(source_id, |_, open| Ok(open.facts.fifo))?;
        let target = match destination {
            None => None,
            Some(name) => Some((name, self.kind_of(name)?)),
        };
        let sources = self.dead_letter_sources(source)?.len();
        rules::check_move((source, source_fifo), sources, target, rate)?;
        let running = "SELECT 1 FROM move_task WHERE source = ?1 AND status = 0";
        if self.statement(running)?.exists([source])? {
            return Err(rules::move_is_running().into());
        }
        let to_move = self.with(source_id, |session, open| Ok(session.count(open)?.visible as i64))?;
        self.execute(
            "DELETE FROM move_task WHERE source = ?1 AND id NOT IN \
             (SELECT id FROM move_task WHERE source = ?1 ORDER BY id DESC LIMIT ?2)",
            params![source, MAX_LISTED_MOVE_TASKS as i64 - 1],
        )?;
        let handle = format!("{source}-{id}");
        self.execute(
            "INSERT INTO move_task (handle, source, destination, rate, status, to_move, started_at) \
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)",
            params![handle, source, destination, rate, to_move, self.now],
        )?;
        self.drive_moves()?;
        // Receives that wait have set their timers without this task.
        for name in self.queue_names("")? {
            if let Some(queue) = self.queue_id(&name)? {
                self.wake(queue);
            }
        }
        Ok(handle)
    }

    pub(crate) fn cancel_move(&mut self, handle: &str) -> Result<u64, Fault> {
        self.drive_moves()?;
        let (_, task) = self
            .statement(&format!("SELECT {COLUMNS} FROM move_task WHERE handle = ?1"))?
            .query_row([handle], read)
            .optional()?
            .ok_or_else(|| rules::resource_not_found("TaskHandle"))?;
        if task.status != MoveStatus::Running {
            return Err(rules::move_has_ended().into());
        }
        self.execute("UPDATE move_task SET status = 2 WHERE handle = ?1", [handle])?;
        Ok(task.moved)
    }

    pub(crate) fn list_moves(&mut self, source: &str, max: usize) -> Result<Vec<MoveTask>, Fault> {
        rules::listed_moves(max)?;
        self.queue_id(source)?.ok_or_else(|| rules::resource_not_found("SourceArn"))?;
        self.drive_moves()?;
        let sql = format!("SELECT {COLUMNS} FROM move_task WHERE source = ?1 ORDER BY id DESC LIMIT ?2");
        let mut statement = self.statement(&sql)?;
        let tasks = statement.query_map(params![source, max as i64], read)?;
        Ok(tasks.map(|task| task.map(|(_, task)| task)).collect::<Result<_, _>>()?)
    }

    /// Moves what is due of every running task.
    pub(super) fn drive_moves(&mut self) -> Result<(), Fault> {
        for (id, mut task) in self.running_moves()? {
            let before = (task.moved, task.status);
            self.drive_move(&mut task)?;
            if (task.moved, task.status) != before {
                self.execute(
                    "UPDATE move_task SET moved = ?2, status = ?3, failure_reason = ?4 WHERE id = ?1",
                    params![id, task.moved as i64, status_number(task.status), task.failure_reason],
                )?;
            }
        }
        Ok(())
    }

    /// When a running task has to go on; the end of time without one.
    pub(super) fn next_move(&self) -> Result<i64, Fault> {
        let next = self.running_moves()?.into_iter().map(|(_, task)| {
            let ahead = rules::move_allowance(&task, self.now) > task.moved;
            // A step is bounded: what it left is due at once.
            if ahead { self.now + 1 } else { rules::next_move(&task, self.now) }
        });
        Ok(next.min().unwrap_or(i64::MAX))
    }

    fn running_moves(&self) -> Result<Vec<(i64, MoveTask)>, Fault> {
        const RUNNING: &str = "SELECT id, handle, source, destination, rate, status, failure_reason, moved, to_move, started_at \
             FROM move_task WHERE status = 0";
        let mut statement = self.statement(RUNNING)?;
        let tasks = statement.query_map([], read)?;
        Ok(tasks.collect::<Result<_, _>>()?)
    }

    fn kind_of(&mut self, queue: &str) -> Result<Option<bool>, Fault> {
        let Some(id) = self.queue_id(queue)? else { return Ok(None) };
        self.with(id, |_, open| Ok(Some(open.facts.fifo)))
    }

    fn drive_move(&mut self, task: &mut MoveTask) -> Result<(), Fault> {
        let Some(source) = self.queue_id(&task.source)? else {
            fail(task, "AWS.SimpleQueueService.NonExistentQueue");
            return Ok(());
        };
        let allowed = rules::move_allowance(task, self.now).min(task.moved + MOVE_STEP as u64);
        while task.moved < task.to_move && task.moved < allowed {
            match self.move_one(source, task)? {
                Step::Moved => task.moved += 1,
                Step::SourceEmpty => {
                    task.status = MoveStatus::Completed;
                    return Ok(());
                }
                Step::DestinationFull => return Ok(()),
                Step::UnknownDestination => {
                    fail(task, "CouldNotDetermineMessageSource");
                    return Ok(());
                }
            }
        }
        if task.moved >= task.to_move {
            task.status = MoveStatus::Completed;
        }
        Ok(())
    }

    fn move_one(&mut self, source: i64, task: &MoveTask) -> Result<Step, Fault> {
        let id = self.new_message_id();
        self.with(source, |session, open| {
            session.settle_lines(open)?;
            let Some(candidate) = session.next_departure(open)? else { return Ok(Step::SourceEmpty) };
            let origin = candidate.stored.dead_letter_source.as_deref();
            let target = match task.destination.as_deref().or(origin) {
                Some(name) => session.queue_id(name)?.filter(|target| *target != source),
                None => None,
            };
            let Some(target) = target else { return Ok(Step::UnknownDestination) };
            let moved = session.move_as_new(open, target, &candidate, id)?;
            Ok(if moved { Step::Moved } else { Step::DestinationFull })
        })
    }
}

fn fail(task: &mut MoveTask, reason: &str) {
    task.status = MoveStatus::Failed;
    task.failure_reason = Some(reason.to_owned());
}

fn status_number(status: MoveStatus) -> i64 {
    match status {
        MoveStatus::Running => 0,
        MoveStatus::Completed => 1,
        MoveStatus::Cancelled => 2,
        _ => 3,
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, MoveTask)> {
    let started_at = Timestamp::from_microsecond(row.get(9)?).unwrap_or(Timestamp::MAX);
    let mut task = rules::move_task(row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, started_at);
    task.status = match row.get(5)? {
        0 => MoveStatus::Running,
        1 => MoveStatus::Completed,
        2 => MoveStatus::Cancelled,
        _ => MoveStatus::Failed,
    };
    task.failure_reason = row.get(6)?;
    task.moved = row.get::<_, i64>(7)?.unsigned_abs();
    task.to_move = row.get::<_, i64>(8)?.unsigned_abs();
    Ok((row.get(0)?, task))
}
