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
        self.cache.no_moves = false;
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
        if self.cache.no_moves {
            return Ok(());
        }
        let running = self.running_moves()?;
        self.cache.no_moves = running.is_empty();
        for (id, mut task) in running {
            let before = (task.moved, task.status);
            if self.drive_move(&mut task)? {
                self.stuck_moves.remove(&id);
            } else {
                self.stuck_moves.insert(id);
            }
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
        if self.cache.no_moves {
            return Ok(i64::MAX);
        }
        let next = self.running_moves()?.into_iter().map(|(id, task)| {
            let allowed = rules::move_allowance(&task, self.now) > task.moved;
            // A step is bounded: what it left is due at once, unless there is no room for it.
            let ahead = allowed && !self.stuck_moves.contains(&id);
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

    /// Moves what is due of a task; `false` where its destination has no room.
    fn drive_move(&mut self, task: &mut MoveTask) -> Result<bool, Fault> {
        let Some(source) = self.queue_id(&task.source)? else {
            fail(task, "AWS.SimpleQueueService.NonExistentQueue");
            return Ok(true);
        };
        let allowed = rules::move_allowance(task, self.now).min(task.moved + MOVE_STEP as u64);
        while task.moved < task.to_move && task.moved < allowed {
            match self.move_one(source, task)? {
                Step::Moved => task.moved += 1,
                Step::SourceEmpty => {
                    task.status = MoveStatus::Completed;
                    return Ok(true);
                }
                Step::DestinationFull => return Ok(false),
                Step::UnknownDestination => {
                    fail(task, "CouldNotDetermineMessageSource");
                    return Ok(true);
                }
            }
        }
        if task.moved >= task.to_move {
            task.status = MoveStatus::Completed;
        }
        Ok(true)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use event_runtime::ManualClock;
    use event_runtime::embedded::{Capacity, OutgoingMessage, QueueSettings, ReceiveRequest, RedrivePolicy};

    use super::*;
    use crate::{SqliteBroker, Synchronous};

    /// A queue that holds so many messages, and gives each up to `dead` after one receive.
    async fn queue(broker: &SqliteBroker, name: &str, messages: usize) -> crate::SqliteQueue {
        let settings = QueueSettings::new()
            .capacity(Capacity::default().messages(messages))
            .redrive(RedrivePolicy::new("dead", 1));
        broker.create_queue(name, settings).await.unwrap()
    }

    async fn next_event(broker: &SqliteBroker) -> i64 {
        let work = |session: &mut Session<'_>| {
            let idle = session.queue_id("idle")?.ok_or_else(rules::does_not_exist)?;
            Ok(session.receive(idle, &rules::wanted(&ReceiveRequest::new())?)?.next_event)
        };
        broker.inner.writer.call(work).await.unwrap()
    }

    #[tokio::test]
    async fn a_task_whose_destination_is_full_is_looked_at_each_second_and_not_at_once() {
        let folder = std::env::temp_dir().join(format!("event-sqlite-moves-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        let builder = SqliteBroker::builder(folder.join("queues.db")).synchronous(Synchronous::Off);
        let broker = builder.clock(clock.clock()).open().unwrap();
        let dead = broker.create_queue("dead", QueueSettings::new()).await.unwrap();
        broker.create_queue("idle", QueueSettings::new()).await.unwrap();
        let source = queue(&broker, "q", 10).await;
        let full = queue(&broker, "full", 1).await;
        source.send_all(vec![OutgoingMessage::new("1"), OutgoingMessage::new("2")]).await.unwrap();
        let request = ReceiveRequest::new().max(10).visibility_timeout(Duration::ZERO);
        for _ in 0..2 {
            source.try_receive(&request).await.unwrap();
        }
        broker.start_message_move_task("dead", Some("full"), None).await.unwrap();
        assert_eq!((dead.counts().await.unwrap().visible, full.counts().await.unwrap().visible), (1, 1));

        let second = clock.now().as_microsecond() + 1_000_000;
        assert_eq!(next_event(&broker).await, second);
        full.purge().await.unwrap();
        clock.advance(Duration::from_secs(1));
        assert_eq!(next_event(&broker).await, i64::MAX);
        assert_eq!((dead.counts().await.unwrap().visible, full.counts().await.unwrap().visible), (0, 1));
        drop((broker, dead, source, full));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
