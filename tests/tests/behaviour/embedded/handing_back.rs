//! Taking a receive back, receive attempt ids, and what receipts can still do.

use super::*;
use event_runtime::embedded::{Deletion, QueueErrorKind, QueueSettings};

#[test]
fn a_handed_back_receive_does_not_count() {
    let (broker, clock) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    queue.try_send(message("a")).unwrap();
    queue.try_send(message("b")).unwrap();
    for _ in 0..5 {
        let received = take(&queue, 1);
        assert_eq!((bodies(&received), received[0].receive_count()), (vec!["a"], 1));
        queue.hand_back(received[0].receipt(), Duration::ZERO).unwrap();
        let again = queue.hand_back(received[0].receipt(), Duration::ZERO).unwrap_err();
        assert_eq!(again.kind(), QueueErrorKind::LeaseLost);
        assert_eq!(queue.delete(received[0].receipt()), Ok(Deletion::ReceivedAgain), "the receipt has ended");
    }
    let received = take(&queue, 1);
    queue.hand_back(received[0].receipt(), seconds(10)).unwrap();
    assert_eq!(bodies(&take(&queue, 10)), ["b"]);
    clock.advance(seconds(10));
    assert_eq!(take(&queue, 10)[0].receive_count(), 1);
}

#[test]
fn a_handed_back_message_keeps_its_place_in_its_group() {
    let (broker, _) = broker();
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).unwrap();
    for body in ["1", "2", "3"] {
        queue.try_send(ordered("g", body)).unwrap();
    }
    let received = take(&queue, 2);
    queue.hand_back(received[1].receipt(), Duration::ZERO).unwrap();
    assert!(take(&queue, 10).is_empty(), "the first is still in flight");
    queue.hand_back(received[0].receipt(), Duration::ZERO).unwrap();
    assert_eq!(bodies(&take(&queue, 10)), ["1", "2", "3"]);
}

#[test]
fn a_redrive_policy_does_not_count_what_was_handed_back() {
    let (broker, _) = broker();
    let (source, dead_letters) = super::redrive::pair(&broker, false, 1);
    source.try_send(message("m")).unwrap();
    for _ in 0..3 {
        let received = take(&source, 1);
        source.hand_back(received[0].receipt(), Duration::ZERO).unwrap();
    }
    assert_eq!(look(&source).len(), 1);
    assert!(look(&source).is_empty());
    assert_eq!(take(&dead_letters, 1).len(), 1);
}

#[test]
fn an_older_receipt_neither_deletes_nor_hides_what_somebody_else_holds() {
    let (broker, clock) = broker();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    queue.try_send(message("m")).unwrap();
    let old = take(&queue, 1)[0].receipt();
    clock.advance(seconds(30));
    let new = take(&queue, 1)[0].receipt();
    assert_eq!(queue.delete(old), Ok(Deletion::ReceivedAgain));
    let error = queue.change_visibility(old, seconds(60)).unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::LeaseLost);
    assert_eq!(queue.delete(new), Ok(Deletion::Removed));
    assert_eq!(queue.delete(new), Ok(Deletion::AlreadyGone));
}

#[test]
fn a_receipt_of_another_queue_is_refused() {
    let (broker, _) = broker();
    let queues = ["a", "b"].map(|name| broker.create_queue(name, QueueSettings::new()).unwrap());
    queues[0].try_send(message("m")).unwrap();
    let receipt = take(&queues[0], 1)[0].receipt();
    assert_eq!(queues[1].delete(receipt).unwrap_err().kind(), QueueErrorKind::ReceiptHandleIsInvalid);
    assert_eq!(queues[0].delete(receipt), Ok(Deletion::Removed));
}

#[test]
fn a_repeated_attempt_returns_the_same_messages_until_one_was_touched() {
    let (broker, clock) = broker();
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).unwrap();
    for body in ["1", "2"] {
        queue.try_send(ordered("g", body)).unwrap();
    }
    let attempt = || queue.try_receive(&ReceiveRequest::new().max(10).attempt_id("a")).unwrap();
    let first = attempt();
    clock.advance(seconds(20));
    let second = attempt();
    assert_eq!(bodies(&second), ["1", "2"]);
    assert_eq!(second[0].receipt(), first[0].receipt());
    assert_eq!(second[0].receive_count(), 1);
    clock.advance(seconds(20));
    assert!(take(&queue, 10).is_empty(), "the repeated attempt hid them anew");
    queue.delete(first[0].receipt()).unwrap();
    assert!(attempt().is_empty(), "one of them was deleted, the other is in flight");
}

#[test]
fn a_changed_delay_of_a_fifo_queue_holds_for_what_is_delayed_now() {
    let (broker, clock) = broker();
    let settings = QueueSettings::fifo().delay(seconds(600));
    let queue = broker.create_queue("q.fifo", settings).unwrap();
    queue.try_send(ordered("g", "1")).unwrap();
    queue.set_attributes(QueueSettings::new().delay(seconds(5))).unwrap();
    clock.advance(seconds(5));
    assert_eq!(bodies(&take(&queue, 1)), ["1"]);
}
