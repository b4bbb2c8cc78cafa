//! Clocks that are set back, and very many messages that are too old at once.

use event_runtime::ManualClock;
use event_runtime::embedded::{QueueErrorKind, QueueSettings};
use event_transport_sqlite::{SqliteBroker, SqliteErrorKind, SqliteQueue};

use super::fixture::{Folder, bodies, broker, builder, message, ordered, seconds, take, ten};

const HOUR: u64 = 3_600;

/// A broker whose clock is so many seconds past midnight.
fn at(folder: &Folder, past: u64) -> (SqliteBroker, ManualClock) {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    clock.advance(seconds(past));
    (builder(&folder.file()).clock(clock.clock()).open().unwrap(), clock)
}

async fn counts(queue: &SqliteQueue) -> (usize, usize, usize) {
    let counts = queue.counts().await.unwrap();
    (counts.visible, counts.in_flight, counts.delayed)
}

#[tokio::test]
async fn a_clock_that_is_set_back_moves_leases_and_delays_with_it() {
    let folder = Folder::new();
    let receipt = {
        let (broker, _) = at(&folder, 24 * HOUR);
        let queue = broker.create_queue("q", QueueSettings::new()).await.unwrap();
        for body in ["leased", "there"] {
            queue.send(message(body)).await.unwrap();
        }
        queue.send(message("delayed").with_delay(seconds(60))).await.unwrap();
        let leased = queue.try_receive(&ten().max(1).visibility_timeout(seconds(30))).await.unwrap();
        assert_eq!(bodies(&leased), ["leased"]);
        leased[0].receipt()
    };
    // The day was wrong.
    let (broker, clock) = at(&folder, HOUR);
    let queue = broker.queue("q").await.unwrap();
    assert_eq!(counts(&queue).await, (1, 1, 1));
    queue.change_visibility(receipt, seconds(30)).await.unwrap();
    clock.advance(seconds(29));
    assert_eq!(bodies(&take(&queue).await), ["there"], "the lease goes on");
    clock.advance(seconds(1));
    let again = take(&queue).await;
    assert_eq!(bodies(&again), ["leased"], "and ends when it has lasted as long as it should");
    queue.delete(again[0].receipt()).await.unwrap();
    clock.advance(seconds(30));
    assert_eq!(bodies(&take(&queue).await), ["there", "delayed"]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_ends_what_is_remembered_in_time() {
    let folder = Folder::new();
    {
        let (broker, _) = at(&folder, 24 * HOUR);
        let fifo = broker.create_queue("q.fifo", QueueSettings::fifo()).await.unwrap();
        fifo.send(ordered("g", "1")).await.unwrap();
        fifo.purge().await.unwrap();
        fifo.send(ordered("g", "1")).await.unwrap();
        broker.create_queue("gone", QueueSettings::new()).await.unwrap();
        broker.delete_queue("gone").await.unwrap();
    }
    let (broker, clock) = at(&folder, HOUR);
    let fifo = broker.queue("q.fifo").await.unwrap();
    assert!(fifo.send(ordered("g", "1")).await.unwrap().duplicate, "still the same five minutes");
    let early = fifo.purge().await.unwrap_err().kind();
    assert_eq!(early, SqliteErrorKind::Refused(QueueErrorKind::PurgeQueueInProgress));
    clock.advance(seconds(300));
    assert!(!fifo.send(ordered("g", "1")).await.unwrap().duplicate);
    fifo.purge().await.unwrap();
    broker.create_queue("gone", QueueSettings::new()).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_goes_on_moves_nothing() {
    let folder = Folder::new();
    let (first, clock) = broker(&folder);
    let queue = first.create_queue("q", QueueSettings::new()).await.unwrap();
    queue.send(message("m")).await.unwrap();
    queue.try_receive(&ten().visibility_timeout(seconds(100))).await.unwrap();
    clock.advance(seconds(50));
    // Another process, whose clock is half a second behind.
    let (second, others) = at(&folder, 49);
    others.advance(std::time::Duration::from_millis(500));
    let same = second.queue("q").await.unwrap();
    assert!(take(&same).await.is_empty());
    others.advance(seconds(50));
    assert!(take(&same).await.is_empty(), "99.5 s");
    others.advance(std::time::Duration::from_millis(500));
    assert_eq!(take(&same).await.len(), 1);
}

#[tokio::test]
async fn very_many_old_messages_go_in_steps() {
    let folder = Folder::new();
    let (broker, clock) = broker(&folder);
    let settings = QueueSettings::new().retention(seconds(60));
    let queue = broker.create_queue("q", settings).await.unwrap();
    queue.send_all((0..2_500).map(|n| message(n.to_string())).collect()).await.unwrap();
    clock.advance(seconds(60));
    queue.send(message("new")).await.unwrap();
    let mut left = Vec::new();
    while left.last() != Some(&1) && left.len() < 10 {
        left.push(queue.counts().await.unwrap().visible);
    }
    assert_eq!(left, [501, 1], "the send has taken the first thousand");
    assert_eq!(bodies(&take(&queue).await), ["new"]);
}

#[tokio::test]
async fn a_receive_that_waits_gets_what_stands_behind_very_many_old_messages() {
    let folder = Folder::new();
    let (broker, clock) = broker(&folder);
    let queue = broker.create_queue("q", QueueSettings::new().retention(seconds(60))).await.unwrap();
    queue.send_all((0..2_500).map(|n| message(n.to_string())).collect()).await.unwrap();
    clock.advance(seconds(59));
    queue.send(message("younger")).await.unwrap();
    clock.advance(seconds(1));
    assert_eq!(bodies(&queue.receive(&ten().wait(seconds(20))).await.unwrap()), ["younger"]);
}
