//! Receives and sends that wait, and what a dropped one leaves behind.

use event_runtime::embedded::{Capacity, QueueSettings};
use futures_util::FutureExt as _;

use super::fixture::{Folder, bodies, broker, builder, message, ordered, seconds, take, ten};

#[tokio::test]
async fn a_receive_wakes_when_a_lease_ends_and_for_what_another_sends() {
    let folder = Folder::new();
    let (broker, clock) = broker(&folder);
    let queue = broker.create_queue("q", QueueSettings::new()).await.unwrap();
    queue.send(message("m")).await.unwrap();
    take(&queue).await;
    let request = ten().wait(seconds(20));
    let waiter = tokio::spawn({
        let queue = queue.clone();
        let request = request.clone().visibility_timeout(seconds(5));
        async move { queue.receive(&request).await.unwrap() }
    });
    // It sleeps until the lease ends or its wait is over: nothing else moves the clock.
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!waiter.is_finished());
    queue.send(message("n")).await.unwrap();
    assert_eq!(bodies(&waiter.await.unwrap()), ["n"]);
    let waiter = tokio::spawn(async move { queue.receive(&request).await.unwrap() });
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(clock.advance_to_next().unwrap().to_string(), "2026-01-01T00:00:05Z");
    assert_eq!(bodies(&waiter.await.unwrap()), ["n"]);
}

#[tokio::test]
async fn a_dropped_receive_gives_back_what_it_got() {
    let folder = Folder::new();
    let (broker, _clock) = broker(&folder);
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).await.unwrap();
    let mut received = 0;
    for n in 0..20 {
        queue.send(ordered("g", &n.to_string())).await.unwrap();
        // Asked for, and dropped before or after the writer answered: both happen.
        let request = ten();
        let mut receive = Box::pin(queue.receive(&request));
        let answer = (&mut receive).now_or_never();
        if n % 2 == 0 {
            queue.attributes().await.unwrap();
        }
        drop(receive);
        // The writer is another thread: now and then it has answered before the first poll ends.
        if let Some(messages) = answer {
            received += 1;
            for message in messages.unwrap() {
                queue.change_visibility(message.receipt(), seconds(0)).await.unwrap();
            }
        }
        // Twice: the first may be in one transaction with the receive, before its messages were handed back.
        queue.counts().await.unwrap();
        let counts = queue.counts().await.unwrap();
        assert_eq!((counts.visible, counts.in_flight), (n + 1, 0));
    }
    assert!(received < 20, "no receive was dropped");
    assert_eq!(take(&queue).await[0].receive_count(), received + 1, "hand-backs are not counted");
}

#[tokio::test]
async fn a_send_waits_for_room_that_another_broker_makes() {
    let folder = Folder::new();
    let (broker, clock) = broker(&folder);
    let settings = QueueSettings::new().capacity(Capacity::default().messages(2));
    let queue = broker.create_queue("q", settings).await.unwrap();
    queue.send_all(vec![message("1"), message("2")]).await.unwrap();
    assert!(queue.try_send(message("3")).await.is_err());
    let waiter = tokio::spawn({
        let queue = queue.clone();
        async move { queue.send(message("3")).await.unwrap() }
    });
    let other = builder(&folder.file()).clock(clock.clock()).open().unwrap().queue("q").await.unwrap();
    let received = take(&other).await;
    assert_eq!(bodies(&received), ["1", "2"]);
    other.delete(received[0].receipt()).await.unwrap();
    waiter.await.unwrap();
    assert_eq!(queue.counts().await.unwrap().visible, 1);
}
