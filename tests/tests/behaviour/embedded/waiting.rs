//! Long polls: what wakes them, and what a cancelled one leaves behind.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use event_runtime::embedded::{QueueErrorKind, QueueSettings};

#[tokio::test]
async fn a_long_poll_ends_empty_at_its_time() {
    let (broker, clock) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let poll = tokio::spawn(async move { queue.receive(&long_poll()).await });
    settle().await;
    clock.advance(seconds(19));
    settle().await;
    assert!(!poll.is_finished());
    clock.advance(seconds(1));
    assert!(poll.await.unwrap().unwrap().is_empty());
}

#[tokio::test]
async fn a_long_poll_wakes_for_whatever_becomes_visible() {
    let (broker, clock) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let poll = || {
        let queue = queue.clone();
        tokio::spawn(async move { queue.receive(&long_poll()).await.unwrap() })
    };
    queue.try_send(message("m").with_delay(seconds(5))).unwrap();
    let waiting = poll();
    settle().await;
    clock.advance(seconds(5));
    let received = waiting.await.unwrap();
    assert_eq!(bodies(&received), ["m"], "a delay that ends");

    queue.change_visibility(received[0].receipt(), seconds(10)).unwrap();
    let waiting = poll();
    settle().await;
    clock.advance(seconds(10));
    let received = waiting.await.unwrap();
    assert_eq!(bodies(&received), ["m"], "a visibility timeout that ends");

    let waiting = poll();
    settle().await;
    queue.change_visibility(received[0].receipt(), seconds(2)).unwrap();
    settle().await;
    clock.advance(seconds(2));
    let received = waiting.await.unwrap();
    assert_eq!(bodies(&received), ["m"], "a visibility timeout that was shortened meanwhile");

    let waiting = poll();
    settle().await;
    queue.hand_back(received[0].receipt(), Duration::ZERO).unwrap();
    assert_eq!(bodies(&waiting.await.unwrap()), ["m"], "a hand-back");
}

#[tokio::test]
async fn a_long_poll_wakes_for_a_message_that_another_receive_hid_meanwhile() {
    let (broker, clock) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.receive(&long_poll()).await.unwrap() }
    });
    settle().await;
    // Taken before the long poll, which the send woke, has its turn.
    queue.try_send(message("m")).unwrap();
    let request = ReceiveRequest::new().visibility_timeout(seconds(2));
    assert_eq!(queue.try_receive(&request).unwrap().len(), 1);
    settle().await;
    clock.advance(seconds(2));
    assert_eq!(bodies(&waiting.await.unwrap()), ["m"]);
}

#[tokio::test]
async fn a_deleted_queue_sends_away_whoever_waits() {
    let (broker, _) = broker();
    let settings = QueueSettings::new().capacity(Capacity::default().messages(1));
    let queue = broker.create_queue("q", settings).unwrap();
    queue.try_send(message("m")).unwrap();
    let received = take(&queue, 1);
    let poll = tokio::spawn({
        let queue = queue.clone();
        async move { queue.receive(&long_poll()).await }
    });
    let send = tokio::spawn({
        let queue = queue.clone();
        async move { queue.send(message("n")).await }
    });
    settle().await;
    broker.delete_queue("q").unwrap();
    assert_eq!(poll.await.unwrap().unwrap_err().kind(), QueueErrorKind::QueueDoesNotExist);
    assert_eq!(send.await.unwrap().unwrap_err().kind(), QueueErrorKind::QueueDoesNotExist);
    assert_eq!(queue.delete(received[0].receipt()).unwrap_err().kind(), QueueErrorKind::QueueDoesNotExist);
}

#[tokio::test]
async fn a_wake_up_that_met_a_cancelled_receive_goes_to_another() {
    let (broker, _) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let other = queue.clone();
    let mut context = Context::from_waker(Waker::noop());
    {
        let request = long_poll();
        let mut cancelled = pin!(queue.receive(&request));
        assert!(cancelled.as_mut().poll(&mut context).is_pending());
        let waiting = tokio::spawn(async move { other.receive(&long_poll()).await.unwrap() });
        settle().await;
        // Whom the send wakes is the first that waits: the one that is dropped without looking.
        queue.try_send(message("m")).unwrap();
        cancelled.set(queue.receive(&request));
        assert_eq!(bodies(&waiting.await.unwrap()), ["m"]);
    }
}

#[tokio::test]
async fn the_receive_that_watched_the_clock_may_be_cancelled() {
    let (broker, clock) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let poll = || {
        let queue = queue.clone();
        tokio::spawn(async move { queue.receive(&long_poll()).await.unwrap() })
    };
    let (first, second) = (poll(), poll());
    settle().await;
    // Wakes one of them, so that it sets its timer; then that one goes away.
    queue.try_send(message("m").with_delay(seconds(3))).unwrap();
    settle().await;
    first.abort();
    settle().await;
    clock.advance(seconds(3));
    assert_eq!(bodies(&second.await.unwrap()), ["m"]);
}

#[test]
fn a_cancelled_receive_has_received_nothing() {
    let (broker, _) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let request = long_poll();
    for n in 0..100 {
        {
            let mut receive = pin!(queue.receive(&request));
            assert!(receive.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            queue.try_send(message(n.to_string())).unwrap();
        }
        let received = take(&queue, 10);
        assert_eq!((received.len(), received[0].receive_count()), (1, 1));
        queue.delete(received[0].receipt()).unwrap();
    }
}

#[test]
fn a_send_that_is_cancelled_while_it_waits_has_sent_nothing() {
    let (broker, _) = broker_with(Capacity::default().messages(1));
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    queue.try_send(message("m")).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut granted = pin!(queue.send(message("cancelled with room set aside")));
        assert!(granted.as_mut().poll(&mut context).is_pending());
        let received = take(&queue, 1);
        queue.delete(received[0].receipt()).unwrap();
        assert_eq!(queue.try_send(message("n")).unwrap_err().kind(), QueueErrorKind::QueueFull);
    }
    assert_eq!(queue.counts().unwrap().visible, 0);
    let mut second = pin!(queue.send(message("second")));
    assert!(matches!(second.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
}
