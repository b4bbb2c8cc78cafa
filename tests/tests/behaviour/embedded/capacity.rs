//! What a queue holds is bounded, and whoever sends too much waits.

use super::*;
use event_runtime::embedded::{BatchEntry, QueueErrorKind, QueueSettings};

#[tokio::test]
async fn sends_wait_for_room_in_their_order() {
    let (broker, _) = broker_with(Capacity::default().messages(2));
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    queue.try_send(message("0")).unwrap();
    queue.try_send(message("1")).unwrap();
    assert_eq!(queue.try_send(message("x")).unwrap_err().kind(), QueueErrorKind::QueueFull);
    let sends: Vec<_> = (2..6)
        .map(|n| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.send(message(n.to_string())).await.unwrap() })
        })
        .collect();
    for n in 0..6 {
        settle().await;
        assert!(queue.counts().unwrap().visible <= 2);
        let received = take(&queue, 1);
        assert_eq!(bodies(&received), [n.to_string()]);
        queue.delete(received[0].receipt()).unwrap();
    }
    for send in sends {
        send.await.unwrap();
    }
}

#[tokio::test]
async fn a_batch_waits_with_its_rest() {
    let (broker, _) = broker_with(Capacity::default().messages(2));
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let entries = (0..5).map(|n| BatchEntry::new(n.to_string(), message(n.to_string()))).collect();
    let batch = tokio::spawn({
        let queue = queue.clone();
        async move { queue.send_batch(entries).await.unwrap() }
    });
    for n in 0..5 {
        settle().await;
        assert_eq!(batch.is_finished(), n >= 3);
        let received = take(&queue, 1);
        assert_eq!(bodies(&received), [n.to_string()]);
        queue.delete(received[0].receipt()).unwrap();
    }
    assert!(batch.await.unwrap().iter().all(|entry| entry.result.is_ok()));
}

#[tokio::test]
async fn bytes_are_bounded_too_and_expiry_makes_room() {
    let (broker, clock) = broker_with(Capacity::default().bytes(100));
    let settings = QueueSettings::new().retention(seconds(60));
    let queue = broker.create_queue("q", settings).unwrap();
    queue.try_send(message("m".repeat(1000))).expect("an empty queue takes one request of any size");
    let send = tokio::spawn({
        let queue = queue.clone();
        async move { queue.send(message("m".repeat(60))).await.unwrap() }
    });
    settle().await;
    assert!(!send.is_finished());
    // Nobody touches the queue: the waiting send itself looks when the large message expires.
    clock.advance(seconds(60));
    send.await.unwrap();
    assert_eq!(queue.counts().unwrap().bytes, 60);
    assert_eq!(queue.try_send(message("m".repeat(41))).unwrap_err().kind(), QueueErrorKind::QueueFull);
    queue.try_send(message("m".repeat(40))).unwrap();
    queue.purge().unwrap();
    assert_eq!(queue.counts().unwrap().bytes, 0);
}

#[tokio::test]
async fn deduplication_ids_are_bounded_and_wait_for_the_oldest_to_be_forgotten() {
    let (broker, clock) = broker_with(Capacity::default().deduplication_ids(2));
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).unwrap();
    for body in ["1", "2"] {
        queue.try_send(ordered("g", body)).unwrap();
        clock.advance(seconds(100));
    }
    assert!(queue.try_send(ordered("g", "1")).unwrap().duplicate, "a duplicate needs no room");
    assert_eq!(queue.try_send(ordered("g", "3")).unwrap_err().kind(), QueueErrorKind::QueueFull);
    let send = tokio::spawn({
        let queue = queue.clone();
        async move { queue.send(ordered("g", "3")).await.unwrap() }
    });
    settle().await;
    assert!(!send.is_finished());
    clock.advance(seconds(100));
    assert!(!send.await.unwrap().duplicate);
    assert_eq!(bodies(&take(&queue, 10)), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_duplicate_that_waited_for_room_gives_it_back() {
    let (broker, _) = broker_with(Capacity::default().messages(1));
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).unwrap();
    queue.try_send(ordered("g", "1")).unwrap();
    let send = || {
        let queue = queue.clone();
        tokio::spawn(async move { queue.send(ordered("g", "2")).await.unwrap() })
    };
    let (first, second) = (send(), send());
    for body in ["1", "2"] {
        settle().await;
        let received = take(&queue, 1);
        assert_eq!(bodies(&received), [body]);
        queue.delete(received[0].receipt()).unwrap();
    }
    let results = [first.await.unwrap(), second.await.unwrap()];
    assert_eq!(results.map(|sent| sent.duplicate), [false, true]);
    queue.try_send(ordered("g", "3")).expect("nobody holds the room");
}

#[test]
fn a_receive_that_is_acknowledged_leaves_nothing_behind() {
    let (broker, _) = broker_with(Capacity::default().messages(3).bytes(30));
    let fifo = broker.create_queue("q.fifo", QueueSettings::fifo()).unwrap();
    let standard = broker.create_queue("q", QueueSettings::new()).unwrap();
    for n in 0..10_000 {
        standard.try_send(message("0123456789").with_group(format!("tenant-{n}"))).unwrap();
        fifo.try_send(ordered(&format!("group-{n}"), &n.to_string())).unwrap();
        for queue in [&standard, &fifo] {
            let received = take(queue, 1);
            queue.delete(received[0].receipt()).unwrap();
        }
    }
    let counts = standard.counts().unwrap();
    assert_eq!((counts.visible, counts.in_flight, counts.delayed, counts.bytes), (0, 0, 0, 0));
}
