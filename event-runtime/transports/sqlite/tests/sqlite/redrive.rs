//! Dead letters on their way back: by move tasks, and by the runtime's repair.

use event_runtime::consumer::repair::DeadLetters;
use event_runtime::embedded::{MoveStatus, QueueErrorKind, QueueSettings, RedrivePolicy};
use event_runtime::transport::Source as _;
use event_transport_sqlite::{SqliteBroker, SqliteDeadLetters, SqliteErrorKind, SqliteQueue, SqliteSource};

use super::fixture::{Folder, bodies, broker, message, ordered, seconds, take, ten};

/// A queue that gives a message up after one receive, and its dead-letter queue.
async fn pair(broker: &SqliteBroker, fifo: bool) -> (SqliteQueue, SqliteQueue) {
    let suffix = if fifo { ".fifo" } else { "" };
    let settings = || if fifo { QueueSettings::fifo() } else { QueueSettings::new() };
    let dead = broker.create_queue(&format!("dead{suffix}"), settings()).await.unwrap();
    let policy = RedrivePolicy::new(dead.name(), 1);
    let queue = broker.create_queue(&format!("q{suffix}"), settings().redrive(policy)).await.unwrap();
    (queue, dead)
}

async fn give_up(queue: &SqliteQueue) {
    for _ in 0..2 {
        queue.try_receive(&ten().visibility_timeout(seconds(0))).await.unwrap();
    }
}

#[tokio::test]
async fn a_move_task_brings_dead_letters_back_at_its_rate_whoever_started_it() {
    let folder = Folder::new();
    let (broker, clock) = broker(&folder);
    let (queue, dead) = pair(&broker, false).await;
    queue.send_all((0..5).map(|n| message(n.to_string())).collect()).await.unwrap();
    give_up(&queue).await;
    assert_eq!(dead.counts().await.unwrap().visible, 5);
    let handle = broker.start_message_move_task("dead", None, Some(2)).await.unwrap();
    assert_eq!(queue.counts().await.unwrap().visible, 2);
    let again = broker.start_message_move_task("dead", None, None).await.unwrap_err();
    assert_eq!(again.kind(), SqliteErrorKind::Refused(QueueErrorKind::UnsupportedOperation));
    drop((broker, queue, dead));

    let broker = super::fixture::builder(&folder.file()).clock(clock.clock()).open().unwrap();
    let (queue, dead) = (broker.queue("q").await.unwrap(), broker.queue("dead").await.unwrap());
    clock.advance(seconds(2));
    assert_eq!(queue.counts().await.unwrap().visible, 5);
    let tasks = broker.list_message_move_tasks("dead", 10).await.unwrap();
    assert_eq!((tasks[0].status, tasks[0].moved, &tasks[0].handle), (MoveStatus::Completed, 5, &handle));
    assert!(broker.cancel_message_move_task(&handle).await.is_err());
    let mut back = take(&queue).await;
    back.sort_by_key(|message| message.body().clone());
    assert_eq!(bodies(&back), ["0", "1", "2", "3", "4"]);
    assert!(back.iter().all(|message| message.receive_count() == 1));
    assert_eq!(dead.counts().await.unwrap().visible, 0);
}

#[tokio::test]
async fn repair_lists_redrives_and_discards_letters_of_a_file() {
    let folder = Folder::new();
    let (broker, clock) = broker(&folder);
    let (queue, dead) = pair(&broker, true).await;
    queue.send_all((0..3).map(|n| ordered("g", &n.to_string())).collect()).await.unwrap();
    for _ in 0..4 {
        queue.try_receive(&ten().visibility_timeout(seconds(0))).await.unwrap();
    }
    let letters = || DeadLetters::new(SqliteSource::new(dead.clone())).with_clock(clock.clock());
    let (listed, _) = letters().list().await.unwrap();
    assert_eq!(listed.len(), 3);
    let report =
        letters().at_most(2).redrive(&SqliteDeadLetters::new(queue.clone()).await.unwrap()).await.unwrap();
    assert_eq!((report.moved, report.failures.len()), (2, 0));
    assert_eq!(bodies(&take(&queue).await), ["0", "1"]);
    assert_eq!(letters().discard().await.unwrap().moved, 1);
    assert_eq!(dead.counts().await.unwrap().visible, 0);
}

#[tokio::test]
async fn a_source_tells_of_its_queue_and_of_where_the_policy_leads() {
    let folder = Folder::new();
    let (broker, _clock) = broker(&folder);
    let (queue, _) = pair(&broker, true).await;
    let info = SqliteSource::new(queue).with_visibility_timeout(seconds(90)).describe().await.unwrap();
    assert!(info.ordered && info.lease == Some(seconds(90)));
    let redrive = info.redrive.unwrap();
    assert_eq!((redrive.max_receive_count, redrive.destination.name()), (1, "dead.fifo"));
}
